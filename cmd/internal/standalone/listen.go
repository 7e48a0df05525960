package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"
)

// A Misuse is a service manager's mistake, or its administrator's.
type Misuse struct{ error }

// errConnection is how a unit that starts a server for each connection shows.
var errConnection = Misuse{errors.New("socket activation: a socket is a connection, as with Accept=yes, and does not " +
	"listen: use Accept=no, or, with a program that has it, --inetd and StandardInput=socket")}

// takenTime is ours: how long something is tried again that fails because of another process. One that was killed may
// not have ended yet; one that locks what it may read does so for ever, perhaps.
const takenTime = time.Second

// Patiently tries until another error comes than that one.
func Patiently(try func() error, passing error) (err error) {
	for end := time.Now().Add(takenTime); ; time.Sleep(5 * time.Millisecond) {
		if err = try(); !errors.Is(err, passing) || time.Now().After(end) {
			return err
		}
	}
}

// Listeners opens the sockets: systemd's, if it passed some, and those asked for; if neither, those that otherwise
// names. An error may be a [Misuse].
func Listeners(addresses []string, otherwise ...string) (listeners []net.Listener, err error) {
	if listeners, err = passed(); err != nil {
		return nil, err
	}
	if len(addresses) == 0 && len(listeners) == 0 {
		addresses = otherwise
	}
	for _, address := range addresses {
		// A port may be another's for a moment, and a free one is not always free at a name's other addresses.
		var more []net.Listener
		err := Patiently(func() (err error) {
			more, err = listen(address)
			return err
		}, unix.EADDRINUSE)
		if err != nil {
			closeAll(listeners)
			return nil, err
		}
		listeners = append(listeners, more...)
	}
	return listeners, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		l.Close()
	}
}

// passed makes listeners of a service manager's sockets.
func passed() (listeners []net.Listener, err error) {
	files, err := Inherited()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		l, err := net.FileListener(f)
		listens, _ := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		f.Close()
		if err != nil || listens == 0 {
			return nil, errors.New("socket activation: a socket is not a listening stream socket")
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// Inherited gives what a service manager passed to this process.
func Inherited() ([]*os.File, error) {
	const first = 3 // descriptor
	n, _ := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		n = 0
	}
	for fd := first; fd < first+n; fd++ { // before anything takes room for all of them
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 { // or one that this process has opened
			return nil, Misuse{fmt.Errorf("socket activation: LISTEN_FDS is %d, and descriptor %d was not passed",
				n, fd)}
		}
		kind, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		if _, err := unix.Getpeername(fd); err == nil && kind == unix.SOCK_STREAM {
			return nil, errConnection
		}
	}
	return activation.Files(true), nil
}

// listen opens a socket for each address that the host has.
func listen(address string) (listeners []net.Listener, err error) {
	host, port, err := net.SplitHostPort(address)
	ip, isName := netip.ParseAddr(host)
	if zone := ip.Zone(); zone != "" { // Go ignores a zone that does not exist
		if _, err := net.InterfaceByName(zone); err != nil {
			return nil, fmt.Errorf("listen tcp %s: %w", address, err)
		}
	}
	if err != nil || host == "" || isName == nil {
		l, err := net.Listen("tcp", address)
		return []net.Listener{l}, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip", host)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: err}
	}
	for i, ip := range ips {
		ips[i] = ip.Unmap()
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return listenAll(slices.Compact(ips), port)
}

// listenAll listens with one port on all of the addresses that this machine has.
func listenAll(ips []netip.Addr, port string) (listeners []net.Listener, err error) {
	var missing error
	for _, ip := range ips {
		l, err := net.Listen("tcp", net.JoinHostPort(ip.String(), port))
		switch {
		case errors.Is(err, unix.EADDRNOTAVAIL), errors.Is(err, unix.EAFNOSUPPORT):
			missing = err
			continue
		case err != nil:
			closeAll(listeners)
			return nil, err
		}
		listeners = append(listeners, l)
		_, port, _ = net.SplitHostPort(l.Addr().String())
	}
	if len(listeners) == 0 {
		return nil, missing
	}
	return listeners, nil
}
