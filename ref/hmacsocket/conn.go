package hmacsocket

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
)

// An Endpoint opens connections that share a key and a role. It must not change once it has opened a connection.
type Endpoint struct {
	Key         *Key
	MaxData     uint32        // ML of our Init; 0 is [MaxData]
	InitTimeout time.Duration // for the peer's Init (HMACSOCKET-13, -14); 0 is [InitTimeout]
	// ClientFirst: nothing but the Init is sent before the first good Chunk (HMACSOCKET-81).
	ClientFirst bool

	nonces nonces
	firsts accept.Crowd // of connections before the first good Chunk, which share firstMemory
}

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

// Open exchanges the Inits over c. If that fails, c is reset (HMACSOCKET-91), and only our Init was sent (HMACSOCKET-11).
// The error is [ErrHashLength], [ErrZeroLimit], [ErrKnownNonce], [ErrCutShort], or what went wrong below.
func (e *Endpoint) Open(c net.Conn) (*Conn, error) {
	conn := &Conn{Conn: c, endpoint: e, proven: func() {}}
	conn.first = e.firsts.Join(accept.Source(c), func() {
		conn.gaveWay.Store(true)
		end(c, cut)
	})
	if err := conn.exchange(); err != nil {
		conn.end(cut)
		return nil, err
	}
	return conn, nil
}

// exchange sends our Init, then reads the peer's.
func (c *Conn) exchange() error {
	e := c.endpoint
	N := make([]byte, e.Key.LH)
	rand.Read(N)
	c.own = string(N)
	e.nonces.issue(c.own)
	c.in.ML = cmp.Or(e.MaxData, MaxData)
	b, err := AppendInit(nil, Init{c.in.ML, N}, e.Key.LH)
	if err != nil {
		return err
	}
	c.SetDeadline(time.Now().Add(cmp.Or(e.InitTimeout, InitTimeout)))
	if _, err := c.Conn.Write(b); err != nil {
		return err
	}
	peer, n, err := ParseInit(nil, e.Key.LH)
	for ; err == ErrIncomplete; peer, n, err = ParseInit(c.in.buf[:c.in.w], e.Key.LH) {
		if err := c.fill(n); err == io.EOF {
			return ErrCutShort
		} else if err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if err := e.nonces.accept(string(peer.N)); err != nil {
		return err
	}
	c.out.ML, c.out.seq, c.in.seq = peer.ML, e.Key.Sequence(peer.N), e.Key.Sequence(N)
	c.in.r = n
	return c.SetDeadline(time.Time{})
}

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
