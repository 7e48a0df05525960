package progtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Conn is a client's connection, whose every operation ends after patience.
type Conn struct{ *net.TCPConn }

// Dial connects to address, from the address source if that is not empty.
func Dial(address, source string) (*Conn, error) {
	dialer := net.Dialer{Timeout: Patience}
	if source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &Conn{c.(*net.TCPConn)}, nil
}

func (c *Conn) Send(text string) error {
	c.SetDeadline(time.Now().Add(Patience))
	_, err := io.WriteString(c, text)
	return err
}

// Receive reads as many bytes as text has, which must be text.
func (c *Conn) Receive(text string) error {
	c.SetDeadline(time.Now().Add(Patience))
	b := make([]byte, len(text))
	n, err := io.ReadFull(c, b)
	if got := string(b[:n]); got != text {
		return fmt.Errorf("received %.200q (%v), not %.200q", got, err, text)
	}
	return nil
}

// drip sends text byte by byte, with pauses, and must not come to its end before the connection has ended.
func (c *Conn) drip(text string) error {
	for _, b := range []byte(text) {
		if _, err := c.Write([]byte{b}); err != nil {
			return nil
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
	}
	return errors.New("the connection is still there")
}

// Ended waits for the clean end of the connection, before which nothing more may come.
func (c *Conn) Ended() error {
	c.SetDeadline(time.Now().Add(Patience))
	b, err := io.ReadAll(c)
	if len(b) > 0 || err != nil {
		return fmt.Errorf("received %.200q (%v), not the end", b, err)
	}
	return nil
}

// Dropped waits for a reset.
func (c *Conn) Dropped() error {
	c.SetDeadline(time.Now().Add(Patience))
	b, err := io.ReadAll(c)
	if len(b) > 0 || !errors.Is(err, unix.ECONNRESET) {
		return fmt.Errorf("received %.200q (%v), not a reset", b, err)
	}
	return nil
}

// TurnsAway demands that a connection to address is reset; where that is fast, dial sees it.
func TurnsAway(address string) error {
	c, err := Dial(address, "")
	if errors.Is(err, unix.ECONNRESET) {
		return nil
	} else if err != nil {
		return err
	}
	defer c.Close()
	return c.Dropped()
}

// Rest reads until the connection ends.
func (c *Conn) Rest() (string, error) {
	c.SetDeadline(time.Now().Add(Patience))
	b, err := io.ReadAll(c)
	return string(b), err
}

// DeadAddress returns an address where nobody listens, and nobody will until release is called: a client's connection
// has it.
func DeadAddress() (address string, release func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	c, err := Dial(l.Addr().String(), "")
	if err != nil {
		l.Close()
		return "", nil, err
	}
	return c.LocalAddr().String(), func() { c.Close(); l.Close() }, nil
}

// HasIPv6 says whether ::1 can be listened on.
func HasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		l.Close()
	}
	return err == nil
}

// Passes sends text, which is what the backend must get.
func (c *Conn) Passes(t *testing.T, b io.Reader, text string) {
	t.Helper()
	Must(t, c.Send(text))
	got := make([]byte, len(text))
	if _, err := io.ReadFull(b, got); err != nil || string(got) != text {
		t.Fatalf("the backend got %q (%v), not %q", got, err, text)
	}
}

// Broken waits until the system knows that the connection was reset. Nothing is read or sent for that.
func (c *Conn) Broken() error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return Poll(func() error {
		why := 0
		err := raw.Control(func(fd uintptr) { why, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR) })
		if err == nil && why == 0 {
			err = errors.New("the connection is still there")
		}
		return err
	})
}

// Stall sends until no more is taken for a while.
func (c *Conn) Stall() {
	for err := error(nil); err == nil; _, err = c.Write(make([]byte, 1<<16)) {
		c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	}
}

// Reset ends the connection with a reset.
func (c *Conn) Reset() {
	c.SetLinger(0)
	c.Close()
}
