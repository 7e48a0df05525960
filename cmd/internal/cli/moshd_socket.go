package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// open returns the sockets: the service manager's and others.
func (c *moshdConfig) open(receiveBuffer int, log *slog.Logger) (external []*udpmux.Socket, agents *net.UnixListener, err error) {
	if external, agents, err = inheritMoshd(receiveBuffer); err != nil {
		return nil, nil, fmt.Errorf("socket activation: %w", err)
	}
	if external, err = c.openUDP(external, receiveBuffer, log); err != nil {
		return nil, nil, err
	}
	if agents == nil {
		agents, err = c.listenAgents()
	}
	return external, agents, err
}

// inheritMoshd returns the sockets that a service manager passed: UDP sockets and at most one Unix listener.
func inheritMoshd(receiveBuffer int) (external []*udpmux.Socket, agents *net.UnixListener, err error) {
	for _, f := range activation.Files(true) {
		kind, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE)
		if err != nil || kind != unix.SOCK_STREAM {
			socket, err := udpmux.InheritUDP(f, receiveBuffer)
			if err != nil {
				return nil, nil, err
			}
			external = append(external, socket)
			continue
		}
		l, _ := net.FileListener(f)
		f.Close()
		unixListener, ok := l.(*net.UnixListener)
		if !ok || agents != nil {
			return nil, nil, errors.New("a stream socket that is not the only Unix listener")
		}
		unixListener.SetUnlinkOnClose(false)
		if path := unixListener.Addr().String(); filepath.IsAbs(path) {
			dir, err := lockDirectory(filepath.Dir(path))
			if err != nil {
				return nil, nil, fmt.Errorf("socket %q: %w", path, err)
			}
			dir.Close()
		}
		agents = unixListener
	}
	return external, agents, nil
}

// openUDP adds the sockets of --listen to the inherited ones, or where neither are there the default ones. All have one port.
func (c *moshdConfig) openUDP(external []*udpmux.Socket, receiveBuffer int, log *slog.Logger) ([]*udpmux.Socket, error) {
	addresses, byDefault := c.addresses, false
	if len(addresses)+len(external) == 0 {
		addresses, byDefault = defaultAddresses, true
	}
	for i, address := range addresses {
		if address.Port() == 0 && len(external) > 0 {
			address = netip.AddrPortFrom(address.Addr(), external[0].Addr().Port())
		}
		socket, err := udpmux.ListenUDP(address, receiveBuffer)
		if err != nil && byDefault && i > 0 && (errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)) {
			log.Warn("there is no IPv6 here", "error", err)
			continue
		}
		if errors.Is(err, unix.EACCES) {
			err = fmt.Errorf("%w: a port below 1024 needs root or CAP_NET_BIND_SERVICE", err)
		}
		if err != nil {
			return nil, err
		}
		external = append(external, socket)
	}
	for _, socket := range external {
		if port := external[0].Addr().Port(); socket.Addr().Port() != port {
			return nil, fmt.Errorf("listeners %v and %v have different ports, and clients are told one", external[0].Addr(), socket.Addr())
		}
	}
	return external, nil
}

// listenersOf lets [writeAddresses] write UDP sockets' addresses.
func listenersOf(sockets []*udpmux.Socket) (listeners []net.Listener) {
	for _, socket := range sockets {
		listeners = append(listeners, udpListener{address: socket.Addr()})
	}
	return listeners
}

type udpListener struct {
	net.Listener
	address netip.AddrPort
}

func (l udpListener) Addr() net.Addr { return net.UDPAddrFromAddrPort(l.address) }

// socketPath is where agents find the daemon (docs/udpmux.md, section 2.6).
func (c *moshdConfig) socketPath() (string, error) {
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	switch env := os.Getenv("MOSHD_SOCKET"); {
	case c.Socket != "":
		return c.Socket, nil
	case env != "":
		return env, nil
	case c.MultiUser:
		return "/run/moshd/moshd.sock", nil
	case runtime != "":
		return filepath.Join(runtime, "moshd.sock"), nil
	}
	return "", misuse{errors.New("where is the Unix socket to be? Neither --socket, MOSHD_SOCKET, --multi-user nor XDG_RUNTIME_DIR says it")}
}

// listenAgents opens the Unix socket. A file that nobody listens on is replaced, a daemon is not.
func (c *moshdConfig) listenAgents() (*net.UnixListener, error) {
	path, err := c.socketPath()
	if err != nil {
		return nil, err
	}
	group := -1
	if c.SocketGroup != "" {
		if group, err = groupID(c.SocketGroup); err != nil {
			return nil, err
		}
	}
	if most := len(unix.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		return nil, fmt.Errorf("socket %q: the path is longer than %d bytes", path, most)
	}
	dir, err := lockDirectory(filepath.Dir(path)) // of two daemons that start at once each might replace the other's socket
	if err != nil {
		return nil, fmt.Errorf("socket %q: %w", path, err)
	}
	defer dir.Close()
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("socket %q: %w", path, err)
	}
	old := unix.Umask(0o777) // nobody connects before the mode is right
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(old)
	if err != nil {
		return nil, err
	}
	if group >= 0 {
		err = os.Chown(path, -1, group)
	}
	if err := errors.Join(err, os.Chmod(path, c.mode)); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func groupID(name string) (int, error) {
	if id, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(id), nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, misuse{fmt.Errorf("socket-group %q: there is no such group", name)}
	}
	return strconv.Atoi(g.Gid)
}

// lockDirectory checks that nobody else can replace what is in the directory, and locks it for as long as it is open.
func lockDirectory(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(dir.Fd()), &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		err = errors.New("its directory is none")
	case st.Mode&0o022 != 0:
		err = fmt.Errorf("others can write to its directory (mode %04o)", st.Mode&0o7777)
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		err = fmt.Errorf("its directory belongs to another user (uid %d)", st.Uid)
	default:
		err = unix.Flock(int(dir.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// removeStale removes a socket file that nobody listens on.
func removeStale(path string) error {
	c, err := net.Dial("unix", path)
	switch {
	case err == nil:
		c.Close()
		return errors.New("another daemon listens on it")
	case errors.Is(err, unix.ENOENT):
		return nil
	case !errors.Is(err, unix.ECONNREFUSED):
		return err
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() != os.ModeSocket {
		return errors.New("there is a file that is not a socket")
	}
	return errors.Join(err, os.Remove(path))
}
