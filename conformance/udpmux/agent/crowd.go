package agent

import (
	"net"
	"os"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	"golang.org/x/sys/unix"
)

// A crowd is what fills a Unix socket's backlog, and the listener that nobody accepts from.
type crowd struct {
	listener *net.UnixListener
	fds      []int
}

// nobody is a user that nobody else shares.
const nobody = 65534

// listen makes another listener with that backlog at the daemon's path, by listening in do.
func (d *playedDaemon) listen(backlog int, do func(func() error) error) (*net.UnixListener, error) {
	d.away(false)
	os.Remove(d.path)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	unix.CloseOnExec(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: d.path}); err != nil {
		return nil, err
	}
	if err := do(func() error { return unix.Listen(fd, backlog) }); err != nil {
		return nil, err
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.UnixListener), nil
}

// crowded has others take all places in the backlog.
func (d *playedDaemon) crowded() error {
	l, err := d.listen(1, func(listen func() error) error { return listen() })
	if err != nil {
		return err
	}
	c := &crowd{listener: l}
	for d.crowd = c; err == nil; {
		fd, errSocket := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if errSocket != nil {
			return errSocket
		}
		unix.CloseOnExec(fd)
		unix.SetNonblock(fd, true)
		c.fds = append(c.fds, fd)
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: d.path})
	}
	if err != unix.EAGAIN {
		return engine.Unsupported("only Linux tells when a backlog is full: %v", err)
	}
	return nil
}

// crowdTime is for how long an agent has to find no room.
const crowdTime = time.Second

// roomy lets the others go after the agent has tried in vain for a while.
func roomy(s *engine.Session) error {
	d := of(s).daemon
	if d.crowd == nil || d.crowd.listener == nil {
		return engine.ErrUsage
	}
	select {
	case <-of(s).process.Gone:
	case <-time.After(crowdTime):
	}
	for range len(d.crowd.fds) - 1 { // the last one found no room
		if c, err := d.crowd.listener.Accept(); err == nil {
			c.Close()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener, d.crowd.listener = d.crowd.listener, nil
	d.crowd.end()
	go d.serve(d.listener)
	return nil
}

// end closes whatever is open.
func (c *crowd) end() {
	if c == nil {
		return
	}
	if c.listener != nil {
		c.listener.Close()
	}
	for _, fd := range c.fds {
		unix.Close(fd)
	}
	c.listener, c.fds = nil, nil
}

// foreign has another user's process listen.
func (d *playedDaemon) foreign() error {
	l, err := d.listen(16, func(listen func() error) error { return sockets.AsUser(nobody, listen) })
	if err != nil {
		return engine.Unsupported("needs another user: %v", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener = l
	go d.serve(l)
	return nil
}
