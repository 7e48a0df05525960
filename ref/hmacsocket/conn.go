package hmacsocket

import (
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"sync/atomic"

	"github.com/muxspec/muxspec/ref/accept"
)

// A Conn is a connection after both Inits. Reading gives the data of the peer's Chunks, writing sends Chunks. Reading
// ends with [io.EOF] only if the peer ended its direction between two messages, otherwise with another error, which is
// returned again each time. One goroutine may read while another writes. Deadlines are those of the connection below;
// one that passes while a message is being written breaks the connection.
type Conn struct {
	net.Conn
	endpoint *Endpoint
	own      string // N of our Init

	in struct {
		ML   uint32
		seq  *Sequence
		buf  []byte
		r, w int    // buf[r:w] was received and not parsed yet
		last int    // length of the last message
		D    []byte // of the last Chunk: what was not taken yet, a part of buf
		err  error
	}
	refused atomic.Uint32  // EC of the Error that must be sent to the peer, if not 0
	trusted atomic.Bool    // a good Chunk has come
	proven  func()         // is called after the first
	first   *accept.Member // the memory that it takes until then
	gaveWay atomic.Bool

	out struct {
		sync.Mutex
		ML  uint32
		seq *Sequence
		buf []byte
		err error // nothing more can be sent
	}
}

var _ net.Conn = (*Conn)(nil)

// fill reads more of a message that needs n bytes, after the part already there. It reads no more than that, or than
// the last message's length, so that nothing has to be moved in a stream of equal Chunks. The buffer grows with what
// has come, not with what was announced (HMACSOCKET-43). The end of the connection is [io.EOF] before the first byte of
// a message and [ErrCutShort] after it.
func (c *Conn) fill(n int) error {
	in := &c.in
	have := in.w - in.r
	room := min(max(n, in.last, smallBuffer), max(2*have, smallBuffer, len(in.buf)))
	if in.r+room > len(in.buf) {
		buf := in.buf
		if room > len(buf) {
			if room > smallBuffer && !c.trusted.Load() {
				c.first.Take(room, max(firstMemory, int(c.in.ML)))
			}
			buf = make([]byte, room)
		}
		copy(buf, in.buf[in.r:in.w])
		in.buf, in.r, in.w = buf, 0, have
	}
	got, err := c.Conn.Read(in.buf[in.w : in.r+room])
	in.w += got
	switch {
	case got > 0: // an error that came with it comes again
		return nil
	case err == io.EOF && have > 0:
		return ErrCutShort
	}
	return err
}

// next sets in.D to the data of the next Chunk, if none is left.
func (c *Conn) next() error {
	in := &c.in
	for len(in.D) == 0 && in.err == nil {
		D, n, err := in.seq.Parse(in.buf[in.r:in.w], in.ML)
		if err == ErrIncomplete {
			err = c.fill(n)
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				return err // the one failure that need not recur
			}
		}
		switch {
		case err == ErrTooLong:
			c.refused.Store(uint32(DataTooLong))
		case err == ErrHMAC:
			c.refused.Store(uint32(HMACFailure))
		case D != nil:
			if !c.trusted.Swap(true) {
				c.first.Leave()
				c.proven()
			}
			in.r, in.last = in.r+n, n
		}
		if in.seq.i == 0 && errors.Is(err, ErrHMAC) {
			err = ErrFirstHMAC
		} else if err != nil && c.gaveWay.Load() {
			err = errFirstMemory
		}
		in.D, in.err = D, err
	}
	if len(in.D) > 0 {
		return nil
	}
	return in.err
}

// Read gives data of Chunks whose HMAC was right. A [PeerError], [ErrHMAC], [ErrTooLong], [ErrCutShort] and [io.EOF]
// end it.
func (c *Conn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if err := c.next(); err != nil {
		return 0, err
	}
	n := copy(b, c.in.D)
	c.in.D = c.in.D[n:]
	return n, nil
}

// WriteTo writes the data of all Chunks to w, without copying, until reading ends or writing fails.
func (c *Conn) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if err := c.next(); err == io.EOF {
			return total, nil
		} else if err != nil {
			return total, err
		}
		n, err := w.Write(c.in.D)
		total += int64(n)
		c.in.D = c.in.D[n:]
		if err != nil {
			return total, err
		}
	}
}

// Parse reads the next message from the beginning of b, for a receiver whose Init said ML. n is its length, and D, a
// part of b, a Chunk's data. It fails with [ErrIncomplete], n then being the least length needed, with [ErrTooLong],
// with [ErrHMAC] or, if the message is an Error, with a [PeerError], n then being the Error's length.
func (s *Sequence) Parse(b []byte, ML uint32) (D []byte, n int, err error) {
	head := s.head
	if len(b) < 4 {
		return nil, head, ErrIncomplete
	}
	LD := binary.BigEndian.Uint32(b)
	if LD == 0 {
		n, err = s.parseError(b)
		return nil, n, err
	}
	if LD > ML {
		return nil, 0, ErrTooLong
	}
	if n = int(min(uint64(head)+uint64(LD), math.MaxInt)); len(b) < n { // an int may have 32 bits
		return nil, n, ErrIncomplete
	}
	if D = b[head:n:n]; !s.verify(b[4:head], D) {
		return nil, 0, ErrHMAC
	}
	s.next()
	return D, n, nil
}

// verify says whether H is that of D in the next message, in a time that does not reveal how much of it is right
// (HMACSOCKET-82).
func (s *Sequence) verify(H, D []byte) bool {
	var sum [64]byte
	return hmac.Equal(H, s.appendHMAC(sum[:0], D))
}

// errForged: an Error with a wrong HMAC. It gets no Error in answer (HMACSOCKET-50).
var errForged = fmt.Errorf("%w of an Error", ErrHMAC)

// parseError reads an Error, whose LD was read. Its HMAC covers CN alone (section 3).
func (s *Sequence) parseError(b []byte) (n int, err error) {
	head := s.head
	n = head + 2
	if len(b) >= n {
		n += int(b[head+1])
	}
	switch {
	case len(b) < n:
		return n, ErrIncomplete
	case !s.verify(b[4:head], nil):
		return 0, errForged
	}
	s.next()
	e := &PeerError{Code: b[head]}
	if EM := string(b[head+2 : n]); isText(EM) {
		e.Text = EM
	}
	return n, e
}
