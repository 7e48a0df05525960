package moshd

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

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/standalone"
	"github.com/muxspec/muxspec/ref/udpmux/daemon"
)

// defaultAddresses are listened on where nothing else is said or inherited.
var defaultAddresses = []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:60000"), netip.MustParseAddrPort("[::]:60000")}

// A misuse is an error of what the daemon was told that shows only when it is used.
type misuse struct{ error }

// open opens the sockets. inherited are a service manager's, UDP sockets and at most one Unix listener, which takes the
// place of the other; UDP sockets are added to them. An error may be a [misuse].
func (c *config) open(inherited []*os.File,
	log *slog.Logger) (external []*daemon.Socket, agents *net.UnixListener, err error) {
	if external, agents, err = c.inherit(inherited); err != nil {
		return nil, nil, fmt.Errorf("socket activation: %w", err)
	}
	if external, err = c.openUDP(external, log); err != nil {
		return nil, nil, err
	}
	if agents == nil {
		agents, err = c.listenAgents()
	}
	return external, agents, err
}

// inherit makes sockets of files.
func (c *config) inherit(files []*os.File) (external []*daemon.Socket, agents *net.UnixListener, err error) {
	for _, f := range files {
		kind, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE)
		if err != nil || kind != unix.SOCK_STREAM {
			socket, err := daemon.InheritUDP(f, c.ReceiveBuffer)
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

// openUDP adds sockets to the inherited ones, or where neither are there the default ones. All have one port.
func (c *config) openUDP(external []*daemon.Socket, log *slog.Logger) ([]*daemon.Socket, error) {
	addresses := c.addresses
	if len(addresses)+len(external) == 0 {
		addresses = defaultAddresses
	}
	var noIPv6 error
	for _, address := range addresses {
		if address.Port() == 0 && len(external) > 0 {
			address = netip.AddrPortFrom(address.Addr(), external[0].Addr().Port())
		}
		var socket *daemon.Socket
		err := standalone.Patiently(func() (err error) {
			socket, err = daemon.ListenUDP(address, c.ReceiveBuffer)
			return err
		}, unix.EADDRINUSE)
		if address.Addr() == netip.IPv6Unspecified() &&
			(errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)) {
			log.Warn("there is no IPv6 here", "error", err)
			noIPv6 = err
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
	if len(external) == 0 {
		return nil, noIPv6
	}
	for _, socket := range external {
		if port := external[0].Addr().Port(); socket.Addr().Port() != port {
			return nil, fmt.Errorf("listeners %v and %v have different ports, and clients are told one",
				external[0].Addr(), socket.Addr())
		}
	}
	return external, nil
}

// socketPath is where agents find the daemon (docs/udpmux.md, section 2.6).
func (c *config) socketPath() (string, error) {
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
	const nowhere = "where is the Unix socket to be? Neither --socket, MOSHD_SOCKET, " +
		"--multi-user nor XDG_RUNTIME_DIR says it"
	return "", misuse{errors.New(nowhere)}
}

// listenAgents opens the Unix socket. A file that nobody listens on is replaced, a daemon is not.
func (c *config) listenAgents() (*net.UnixListener, error) {
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
	dir, err := lockDirectory(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("socket %q: %w", path, err)
	}
	defer dir.Close()
	if err := standalone.Patiently(func() error { return removeStale(path) }, errListened); err != nil {
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

var errListened = errors.New("another daemon listens on it")

// removeStale removes a socket file that nobody listens on.
func removeStale(path string) error {
	c, err := net.Dial("unix", path)
	switch {
	case err == nil:
		c.Close()
		return errListened
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
