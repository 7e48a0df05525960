package tcpmuxd_test

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// backend is a connection that tcpmuxd has opened to what it forwards to.
type backend interface {
	net.Conn
	CloseWrite() error
}

// forEachForward calls test once for each kind of forwarding, with a server, a client's connection that has got its
// positive reply, and the backend's end of it.
func forEachForward(t *testing.T, test func(t *testing.T, s *progtest.Server, c *progtest.Conn, b backend)) {
	for _, kind := range []string{"tcp", "unix"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			address := "127.0.0.1:0"
			if kind == "unix" {
				address = filepath.Join(t.TempDir(), "socket")
			}
			l, err := net.Listen(kind, address)
			progtest.Must(t, err)
			defer l.Close()
			s := progtest.Serve(t, "--grace=1ms", "--service=f="+kind+":"+l.Addr().String())
			c := s.Dial(t)
			progtest.Must(t, c.Send("f\r\n"))
			b, err := l.Accept()
			progtest.Must(t, err)
			t.Cleanup(func() { b.Close() })
			b.SetDeadline(time.Now().Add(progtest.Patience))
			progtest.Must(t, c.Receive("+Go\r\n"))
			test(t, s, c, b.(backend))
		})
	}
}

func TestForwardClientEndsFirst(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *progtest.Server, c *progtest.Conn, b backend) {
		c.Passes(t, b, "question")
		progtest.Must(t, c.CloseWrite())
		if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
			t.Fatalf("the backend got %q (%v), not the end", rest, err)
		}
		io.WriteString(b, "late answer")
		progtest.Must(t, b.CloseWrite())
		progtest.Must(t, c.Receive("late answer"))
		progtest.Must(t, c.Ended())
	})
}

func TestForwardBackendEndsFirst(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *progtest.Server, c *progtest.Conn, b backend) {
		io.WriteString(b, "bye")
		progtest.Must(t, b.CloseWrite())
		progtest.Must(t, c.Receive("bye"))
		progtest.Must(t, c.Ended())
		c.Passes(t, b, "late word")
		progtest.Must(t, c.CloseWrite())
		if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
			t.Fatalf("the backend got %q (%v), not the end", rest, err)
		}
	})
}

// A backend that fails must not look like one that has ended.
func TestForwardBackendFails(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *progtest.Server, c *progtest.Conn, b backend) {
		if tcp, ok := b.(*net.TCPConn); ok {
			progtest.Must(t, tcp.SetLinger(0))
		} else { // a Unix socket is reset when something is left unread in it
			progtest.Must(t, c.Send("unread"))
			progtest.Must(t, progtest.Poll(func() error { return unread(b.(*net.UnixConn)) }))
		}
		b.Close()
		progtest.Must(t, c.Dropped())
	})
}

// unread looks whether anything has come, without taking it.
func unread(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	peek := func(fd uintptr) {
		_, _, err = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
	}
	return errors.Join(raw.Control(peek), err)
}

// Nor must a client that fails; only a Unix socket cannot tell the two apart.
func TestForwardClientFails(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *progtest.Server, c *progtest.Conn, b backend) {
		progtest.Must(t, c.SetLinger(0))
		c.Close()
		var want error
		if b.LocalAddr().Network() == "tcp" {
			want = unix.ECONNRESET
		}
		if rest, err := io.ReadAll(b); len(rest) > 0 || !errors.Is(err, want) {
			t.Fatalf("the backend got %q (%v), not %v", rest, err, want)
		}
	})
}

// A backend that says nothing does not keep the server from ending, nor does a client that has ended its direction.
func TestForwardEndsWithTheServer(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *progtest.Server, c *progtest.Conn, b backend) {
		progtest.Must(t, c.CloseWrite())
		if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
			t.Fatalf("the backend got %q (%v), not the end", rest, err)
		}
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		s.EndsWell(t)
	})
}

func TestForwardToNobody(t *testing.T) {
	address, release, err := progtest.DeadAddress()
	progtest.Must(t, err)
	defer release()
	s := progtest.Serve(t, "--service=tcp=tcp:"+address, "--service=unix=unix:/none")
	for _, name := range []string{"tcp", "unix"} {
		c := s.Dial(t)
		progtest.Must(t, c.Send(name+"\r\n"))
		progtest.Must(t, c.Receive("-Service cannot be reached\r\n"))
		progtest.Must(t, c.Ended())
	}
}
