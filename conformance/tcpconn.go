package conformance

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A tcpConn is a connection to the target that records what passes. Its methods return errors; what an error means for
// the target is the verbs' to say.
type tcpConn struct {
	*net.TCPConn
	name string // as the script calls it; empty for the only one
	rec  *record

	in  []byte // received, and not yet taken by a verb
	end error  // io.EOF or a reset, once no more will come
}

// readBytes is how much is read at once, readBuffers where to.
const readBytes = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readBytes]byte) }}

// errLimit: nothing came although there was time.
var errLimit = errors.New("time is up")

// fill waits for more input, at most as long as w, and puts it behind what is there.
func (c *tcpConn) fill(w wait) error {
	if c.end != nil {
		return c.end
	}
	b := readBuffers.Get().(*[readBytes]byte)[:]
	defer func() { readBuffers.Put((*[readBytes]byte)(b)) }()
	var n int
	var err error
	for {
		c.SetReadDeadline(w.end())
		if n, err = c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || w.over() {
			break // else the end has moved in the meantime
		}
	}
	if n > 0 {
		c.rec.bytes("<", c.name, b[:n])
		c.in = append(c.in, b[:n]...)
		return nil
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errLimit
	case err == io.EOF:
		c.rec.note("%s. end of the connection's input", prefix(c.name))
	default:
		c.rec.note("%s. %v", prefix(c.name), errors.Unwrap(err))
	}
	c.end = err
	return err
}

func prefix(conn string) string {
	if conn == "" {
		return ""
	}
	return conn + " "
}

// upTo reads until the input holds mark, and takes all through it.
func (c *tcpConn) upTo(mark []byte, most int, w wait) ([]byte, error) {
	for from := 0; ; {
		if i := bytes.Index(c.in[from:], mark); i >= 0 {
			return c.take(from + i + len(mark)), nil
		}
		if len(c.in) > most {
			return nil, errTooMuch
		}
		from = max(0, len(c.in)-len(mark)+1)
		if err := c.fill(w); err != nil {
			return nil, err
		}
	}
}

// errTooMuch: the input goes on and on without what was waited for.
var errTooMuch = errors.New("too much input")

// exactly reads n bytes and takes them.
func (c *tcpConn) exactly(n int, w wait) ([]byte, error) {
	for len(c.in) < n {
		if err := c.fill(w); err != nil {
			return nil, err
		}
	}
	return c.take(n), nil
}

// all reads until the end of input and takes it, at most most bytes.
func (c *tcpConn) all(most int, w wait) ([]byte, error) {
	for {
		switch err := c.fill(w); {
		case err == io.EOF:
			return c.take(len(c.in)), nil
		case err != nil:
			return c.in, err
		case len(c.in) > most:
			return c.in, errTooMuch
		}
	}
}

func (c *tcpConn) take(n int) []byte {
	b := c.in[:n:n]
	c.in = c.in[n:]
	return b
}

// send sends b. An error says that the target takes no more.
func (c *tcpConn) send(b []byte, w wait) error {
	c.rec.bytes(">", c.name, b)
	c.SetWriteDeadline(w.end())
	_, err := c.Write(b)
	if err != nil {
		c.rec.note("%s. sending: %v", prefix(c.name), errors.Unwrap(err))
	}
	return err
}

// apart waits, at most for some time, until the target has read all that was sent, so that what is sent next is not read
// together with it. Where that can't be seen, or does not happen, it waits a moment and marks the evidence.
func (c *tcpConn) apart(most time.Duration) {
	for w := window(most); !w.over(); {
		yes, known := received(c)
		if yes {
			return
		}
		if !known {
			break
		}
		time.Sleep(50 * time.Microsecond)
	}
	c.rec.mu.Lock()
	c.rec.unproven = true
	c.rec.mu.Unlock()
	time.Sleep(5 * time.Millisecond)
}

// abort resets the connection.
func (c *tcpConn) abort() {
	c.SetLinger(0)
	c.Close()
	c.rec.note("%s. reset by the suite", prefix(c.name))
}
