package cli_test

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// backend is a connection that tcpmuxd has opened to what it forwards to.
type backend interface {
	net.Conn
	CloseWrite() error
}

// forEachForward calls test once for each kind of forwarding, with a server, a client's connection that has got its positive
// reply, and the backend's end of it.
func forEachForward(t *testing.T, test func(t *testing.T, s *server, c *conn, b backend)) {
	for _, kind := range []string{"tcp", "unix"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			address := "127.0.0.1:0"
			if kind == "unix" {
				address = filepath.Join(t.TempDir(), "socket")
			}
			l, err := net.Listen(kind, address)
			must(t, err)
			defer l.Close()
			s := serve(t, "--grace=1ms", "--service=f="+kind+":"+l.Addr().String())
			c := s.dial(t)
			must(t, c.send("f\r\n"))
			b, err := l.Accept()
			must(t, err)
			t.Cleanup(func() { b.Close() })
			b.SetDeadline(time.Now().Add(patience))
			must(t, c.receive("+Go\r\n"))
			test(t, s, c, b.(backend))
		})
	}
}

// passes sends text, which is what the backend must get.
func (c *conn) passes(t *testing.T, b backend, text string) {
	t.Helper()
	must(t, c.send(text))
	got := make([]byte, len(text))
	if _, err := io.ReadFull(b, got); err != nil || string(got) != text {
		t.Fatalf("the backend got %q (%v), not %q", got, err, text)
	}
}

func TestForwardClientEndsFirst(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *server, c *conn, b backend) {
		c.passes(t, b, "question")
		must(t, c.CloseWrite())
		if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
			t.Fatalf("the backend got %q (%v), not the end", rest, err)
		}
		io.WriteString(b, "late answer")
		must(t, b.CloseWrite())
		must(t, c.receive("late answer"))
		must(t, c.ended())
	})
}

func TestForwardBackendEndsFirst(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *server, c *conn, b backend) {
		io.WriteString(b, "bye")
		must(t, b.CloseWrite())
		must(t, c.receive("bye"))
		must(t, c.ended())
		c.passes(t, b, "late word")
		must(t, c.CloseWrite())
		if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
			t.Fatalf("the backend got %q (%v), not the end", rest, err)
		}
	})
}

// A backend that fails must not look like one that has ended.
func TestForwardBackendFails(t *testing.T) {
	forEachForward(t, func(t *testing.T, s *server, c *conn, b backend) {
		if tcp, ok := b.(*net.TCPConn); ok {
			must(t, tcp.SetLinger(0))
		} else { // a Unix socket is reset when something is left unread in it
			must(t, c.send("unread"))
			must(t, poll(func() error { return unread(b.(*net.UnixConn)) }))
		}
		b.Close()
		must(t, c.dropped())
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
	forEachForward(t, func(t *testing.T, s *server, c *conn, b backend) {
		must(t, c.SetLinger(0))
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
	forEachForward(t, func(t *testing.T, s *server, c *conn, b backend) {
		must(t, c.CloseWrite())
		if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
			t.Fatalf("the backend got %q (%v), not the end", rest, err)
		}
		must(t, s.cmd.Process.Signal(unix.SIGTERM))
		s.endsWell(t)
	})
}

func TestForwardToNobody(t *testing.T) {
	address, release, err := deadAddress()
	must(t, err)
	defer release()
	s := serve(t, "--service=tcp=tcp:"+address, "--service=unix=unix:/none")
	for _, name := range []string{"tcp", "unix"} {
		c := s.dial(t)
		must(t, c.send(name+"\r\n"))
		must(t, c.receive("-Service cannot be reached\r\n"))
		must(t, c.ended())
	}
}
