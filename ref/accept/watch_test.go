package accept_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
)

// connected returns both ends of a connection.
func connected(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	a = dial(t, l).(*net.TCPConn)
	c, err := l.Accept()
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return a, c.(*net.TCPConn)
}

func reset(t *testing.T, c *net.TCPConn) {
	t.Helper()
	must(t, c.SetLinger(0))
	must(t, c.Close())
}

func called(t *testing.T, c chan bool) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Error("it is not seen")
	}
}

// A reset is seen after the end of the peer's direction, while nobody reads or writes, and on a connection that broke
// earlier. A mere end is no reset, and nothing is reported after stop.
func TestWatch(t *testing.T) {
	watch := func(c net.Conn) (broken chan bool, stop func()) {
		broken = make(chan bool, 1)
		return broken, accept.Watch(c, func() { broken <- true })
	}
	end := func(a, b *net.TCPConn) {
		must(t, a.CloseWrite())
		_, err := io.ReadAll(b)
		must(t, err)
	}
	clean, other := connected(t)
	ended, _ := watch(clean)
	end(other, clean)
	end(clean, other)
	other.Close()

	stopped, other := connected(t)
	untold, stop := watch(stopped)
	reset(t, other)
	stop()

	idle, other := connected(t)
	unread, _ := watch(idle)
	_, err := io.WriteString(other, "not read")
	must(t, err)
	reset(t, other)

	half, other := connected(t)
	behindEnd, _ := watch(half)
	end(other, half)
	reset(t, other)

	late, other := connected(t)
	reset(t, other)
	before, _ := watch(late)

	called(t, unread)
	called(t, behindEnd)
	called(t, before)
	if len(ended) > 0 {
		t.Error("an end is taken for a break")
	}
	if len(untold) > 0 {
		t.Error("it is told after stop")
	}
}
