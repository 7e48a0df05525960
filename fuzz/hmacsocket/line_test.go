package hmacsocket

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

var errReset = errors.New("connection reset")

// A line is the connection below a Conn, whose other end is the middle: it has no size, and what is written to it only
// stays there. It can be waited for in a bubble of testing/synctest.
type line struct {
	mu       sync.Mutex
	changed  *sync.Cond
	in       []byte // not read yet
	inEnd    error  // after it: io.EOF or errReset
	out      []byte // all that was written
	outEnded bool
	closed   bool
	abrupt   bool      // it is closed by a reset
	deadline time.Time // for reading
}

func newLine() *line {
	l := new(line)
	l.changed = sync.NewCond(&l.mu)
	return l
}

// do does something to the line, and wakes who waits for it.
func (l *line) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.changed.Broadcast()
}

// feed is what arrives; end is what arrives after it.
func (l *line) feed(b []byte)  { l.do(func() { l.in = append(l.in, b...) }) }
func (l *line) end(with error) { l.do(func() { l.inEnd = with }) }

// sent is what has come out, and whether it has ended.
func (l *line) sent() (out []byte, ended, closed bool) {
	l.do(func() { out, ended, closed = l.out, l.outEnded, l.closed })
	return out, ended, closed
}

func (l *line) Read(b []byte) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return 0, net.ErrClosed
		case !l.deadline.IsZero() && !time.Now().Before(l.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(l.in) > 0:
			n = copy(b, l.in)
			l.in = l.in[n:]
			return n, nil
		case l.inEnd != nil:
			return 0, l.inEnd
		}
		l.changed.Wait()
	}
}

func (l *line) Write(b []byte) (n int, err error) {
	l.do(func() {
		if l.closed || l.outEnded {
			err = net.ErrClosed
			return
		}
		l.out, n = append(l.out, b...), len(b)
	})
	return n, err
}

func (l *line) Close() error { l.do(func() { l.closed, l.outEnded = true, true }); return nil }
func (l *line) SetLinger(n int) error {
	l.do(func() { l.abrupt = n == 0 })
	return nil
}
func (l *line) CloseWrite() error { l.do(func() { l.outEnded = true }); return nil }

func (l *line) SetReadDeadline(t time.Time) error {
	l.do(func() { l.deadline = t })
	if !t.IsZero() {
		time.AfterFunc(time.Until(t), func() { l.do(func() {}) })
	}
	return nil
}

func (l *line) SetDeadline(t time.Time) error      { return l.SetReadDeadline(t) }
func (l *line) SetWriteDeadline(t time.Time) error { return nil }
func (l *line) LocalAddr() net.Addr                { return nil }
func (l *line) RemoteAddr() net.Addr               { return nil }

var _ net.Conn = (*line)(nil)
var _ io.ReadWriteCloser = (*line)(nil)
