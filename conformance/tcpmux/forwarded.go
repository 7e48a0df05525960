package tcpmux

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// forwardedBytes is what a service that is forwarded to sends after the end of its input: more than the client's side
// of the target holds while the client reads nothing.
const forwardedBytes = 6 << 20

// backends are the suite's services that a target forwards sessions to.
type backends struct {
	listeners []net.Listener
	spoken    chan struct{} // closed when the first of them has sent its last byte
	once      sync.Once

	mu    sync.Mutex
	conns []net.Conn // of all sessions
	// The last session's service, once it has ended its direction, keeps what it is sent in place of echoing it.
	hushed net.Conn
	heard  []byte
}

func (b *backends) Close() error {
	for _, l := range b.listeners {
		l.Close()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.Close()
	}
	return nil
}

// meetServices offers what the target forwards to.
func meetServices(in *engine.Instance, _ engine.Scenario, values map[string]string) error {
	b := &backends{spoken: make(chan struct{})}
	in.Part = b
	for _, at := range []struct{ placeholder, network, address string }{
		{"service_tcp", "tcp", "127.0.0.1:0"},
		{"service_unix", "unix", filepath.Join(in.Dir, "s")},
	} {
		if !in.Uses(at.placeholder) {
			continue
		}
		l, err := net.Listen(at.network, at.address)
		if err != nil {
			return err
		}
		b.listeners = append(b.listeners, l)
		values[at.placeholder] = l.Addr().String()
		go b.serve(l)
	}
	return nil
}

// serve is an echo that sends much more at its input's end.
func (b *backends) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.conns = append(b.conns, c)
		b.mu.Unlock()
		go func() {
			defer c.Close()
			if _, err := io.Copy(answers{b, c}, c); err != nil || b.isHushed(c) {
				return
			}
			if _, err := c.Write(engine.Pattern(forwardedBytes)); err != nil {
				return
			}
			c.(interface{ CloseWrite() error }).CloseWrite()
			for !sent(c.(syscall.Conn)) {
				time.Sleep(time.Millisecond)
			}
			b.once.Do(func() { close(b.spoken) })
		}()
	}
}

// answers write a service's input to its output, until the service is hushed.
type answers struct {
	b *backends
	c net.Conn
}

func (a answers) Write(p []byte) (int, error) {
	if a.b.isHushed(a.c) {
		a.b.mu.Lock()
		defer a.b.mu.Unlock()
		a.b.heard = append(a.b.heard, p...)
		return len(p), nil
	}
	return a.c.Write(p)
}

func (b *backends) isHushed(c net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hushed == c
}

// backendsOf gives the services that the target forwards to; a scenario cannot go on without.
func backendsOf(s *engine.Session) *backends {
	b, ok := s.In.Part.(*backends)
	if !ok {
		engine.Must(engine.Unsupported("the target forwards nothing to the suite"))
	}
	return b
}

func hushedVerb(s *engine.Session, args []string) error {
	b := backendsOf(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.conns) == 0 {
		return engine.Inconclusive("no session was forwarded")
	}
	b.hushed, b.heard = b.conns[len(b.conns)-1], nil
	s.Rec.Note(". the service ends its direction")
	return b.hushed.(interface{ CloseWrite() error }).CloseWrite()
}

func heardVerb(s *engine.Session, args []string) error {
	b := backendsOf(s)
	want := s.Texts(args)
	for w := s.Wait(); ; time.Sleep(engine.Moment) {
		b.mu.Lock()
		heard := bytes.Contains(b.heard, want)
		b.mu.Unlock()
		if heard {
			return nil
		}
		if w.Over() {
			return s.Meaning(w, engine.Shown(want)+" at the service that has ended its direction", engine.ErrLimit)
		}
	}
}

// sent says whether all that was written to a connection has reached the other end; true if that cannot be told.
func sent(c syscall.Conn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	queued := 0
	if _, ok := c.(*net.TCPConn); ok { // a Unix socket delivers at once
		closed := raw.Control(func(fd uintptr) { queued, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
		err = cmp.Or(closed, err)
	}
	return err != nil || queued == 0
}

func spokenVerb(s *engine.Session, args []string) error {
	b := backendsOf(s)
	for w := s.WaitMuch(forwardedBytes); ; {
		select {
		case <-b.spoken:
			s.Rec.Note(". the service has ended its direction")
			return nil
		case <-time.After(engine.Moment):
		}
		if tcp.Current(s).Fill(s.Window(engine.Moment)) == nil {
			continue
		}
		if w.Over() {
			return s.Meaning(w, "the target to take what the service sends", engine.ErrLimit)
		}
	}
}
