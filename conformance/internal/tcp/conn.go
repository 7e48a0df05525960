package tcp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/pcap"
	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// A Conn is a connection to the target that records what passes. Its methods return errors; the verbs say what these
// mean for the target.
type Conn struct {
	*net.TCPConn
	Name string // as the script calls it; empty for an only one
	Rec  *engine.Record

	In  []byte // received, and not yet taken by a verb
	End error  // io.EOF or a reset, once no more will come
	// Unread, if not nil, gives what a layer above has received and no verb has taken.
	Unread func() []byte

	shape shape
	tape  *pcap.Play // nil if nobody wants the packets
}

// readBytes is how much is read at once, readBuffers where to.
const readBytes = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readBytes]byte) }}

// Fill waits for more input, at most as long as w, and appends it to what is there.
func (c *Conn) Fill(w proc.Wait) error {
	if c.End != nil {
		return c.End
	}
	b := readBuffers.Get().(*[readBytes]byte)[:]
	defer func() { readBuffers.Put((*[readBytes]byte)(b)) }()
	var n int
	var err error
	for {
		c.SetReadDeadline(w.Step())
		if n, err = c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || w.Over() {
			break // otherwise the end has moved in the meantime
		}
	}
	if n > 0 {
		c.Rec.Bytes("<", c.Name, b[:n])
		c.In = append(c.In, b[:n]...)
		return nil
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return engine.ErrLimit
	case err == io.EOF:
		c.Rec.Note("%s. end of the connection's input", Prefix(c.Name))
	default:
		c.Rec.Note("%s. %v", Prefix(c.Name), errors.Unwrap(err))
	}
	c.End = err
	return err
}

func Prefix(conn string) string {
	if conn == "" {
		return ""
	}
	return conn + " "
}

// UpTo reads until the input holds mark, and takes all through it.
func (c *Conn) UpTo(mark []byte, most int, w proc.Wait) ([]byte, error) {
	for from := 0; ; {
		if i := bytes.Index(c.In[from:], mark); i >= 0 {
			return c.Take(from + i + len(mark)), nil
		}
		if len(c.In) > most {
			return nil, engine.ErrTooMuch
		}
		from = max(0, len(c.In)-len(mark)+1)
		if err := c.Fill(w); err != nil {
			return nil, err
		}
	}
}

// Exactly reads n bytes and takes them.
func (c *Conn) Exactly(n int, w proc.Wait) ([]byte, error) {
	for len(c.In) < n {
		if err := c.Fill(w); err != nil {
			return nil, err
		}
	}
	return c.Take(n), nil
}

// All reads until the end of input and takes it, most bytes at most.
func (c *Conn) All(most int, w proc.Wait) ([]byte, error) {
	for {
		switch err := c.Fill(w); {
		case err == io.EOF:
			return c.Take(len(c.In)), nil
		case err != nil:
			return c.In, err
		case len(c.In) > most:
			return c.In, engine.ErrTooMuch
		}
	}
}

func (c *Conn) Take(n int) []byte {
	b := c.In[:n:n]
	c.In = c.In[n:]
	return b
}

// Send sends b. An error says that the target takes no more.
func (c *Conn) Send(b []byte, w proc.Wait) error {
	c.Rec.Bytes(">", c.Name, b)
	defer w.Writing(c)()
	cut, err := engine.Pieces(w, c.parts(b), c.Write, c.Apart)
	if !cut {
		c.shape.cut = ""
	}
	if err != nil {
		c.Rec.Note("%s. sending: %v", Prefix(c.Name), errors.Unwrap(err))
	}
	return err
}

// Apart waits until the target has read all that was sent; see [engine.Record.Apart].
func (c *Conn) Apart(w proc.Wait) bool {
	return c.Rec.Apart(w, func() (yes, known bool) { return proc.Received(c) })
}

// Abort resets the connection.
func (c *Conn) Abort() {
	c.SetLinger(0)
	c.ended(true)
	c.TCPConn.Close()
	c.Rec.Note("%s. reset by the suite", Prefix(c.Name))
}
