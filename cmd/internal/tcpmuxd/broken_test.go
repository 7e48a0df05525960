package tcpmuxd_test

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// A reset at one end of a forwarded session reaches the other, also after the end of that direction, and while the
// other takes nothing.
func TestBrokenForward(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(a, b *progtest.Conn) error{
		"idle": func(a, b *progtest.Conn) error { return nil },
		"after the end": func(a, b *progtest.Conn) error {
			return errors.Join(a.CloseWrite(), b.Ended())
		},
		"stalled": func(a, b *progtest.Conn) error {
			a.Stall()
			return nil
		},
		"stalled the other way": func(a, b *progtest.Conn) error {
			b.Stall()
			return nil
		},
	} {
		for _, end := range []string{"client", "backend"} {
			t.Run(name+", "+end, func(t *testing.T) {
				t.Parallel()
				l := progtest.Listen(t, "tcp", "127.0.0.1:0")
				s := progtest.Serve(t, "--service=f=tcp:"+l.Addr().String())
				a := s.Dial(t)
				progtest.Must(t, a.Send("f\r\n"))
				progtest.Must(t, a.Receive("+Go\r\n"))
				c, err := l.Accept()
				progtest.Must(t, err)
				defer c.Close()
				b := &progtest.Conn{TCPConn: c.(*net.TCPConn)}
				if end == "backend" {
					a, b = b, a
				}
				progtest.Must(t, breaks(a, b))
				a.Reset()
				progtest.Must(t, b.Broken())
			})
		}
	}
}

// A program that does not look at its connection ends some time after that was reset.
func TestBrokenProgram(t *testing.T) {
	progtest.OnlyLinux(t, "a way to see it")
	t.Parallel()
	s := progtest.Serve(t, "--service=sleep=exec:/bin/sleep 1000")
	for range 5 {
		c := s.Dial(t)
		progtest.Must(t, c.Send("sleep\r\n"))
		progtest.Must(t, c.Receive("+Go\r\n"))
		progtest.Must(t, c.CloseWrite())
		c.Reset()
	}
	progtest.Must(t, progtest.Poll(func() error {
		if left := s.Children(t); len(left) > 0 {
			return fmt.Errorf("processes are left: %q", left)
		}
		return nil
	}))
}
