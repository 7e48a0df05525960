package hmacsocket

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net"
	"sync"
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

// Open exchanges the Inits over c. If that fails, c is reset (HMACSOCKET-91), and only our Init was sent
// (HMACSOCKET-11). The error is [ErrHashLength], [ErrZeroLimit], [ErrKnownNonce], [ErrCutShort], or what went wrong
// below.
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
	for came := make([]byte, 0, n); err == ErrIncomplete; peer, _, err = ParseInit(came, e.Key.LH) {
		got, err := c.Conn.Read(came[len(came):n])
		if came = came[:len(came)+got]; got > 0 {
			continue // an error that came with it comes again
		} else if err == io.EOF {
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
	return c.SetDeadline(time.Time{})
}

// An Init is the first thing that either side sends (section 1.2).
//
//	LH u16 | ML u32 | N, LH bytes
type Init struct {
	ML uint32 // the most data that the Init's sender takes in a Chunk, in bytes
	N  []byte // random, and new for every connection
}

// AppendInit appends an Init. It fails with [ErrHashLength] or [ErrZeroLimit].
func AppendInit(b []byte, in Init, LH int) ([]byte, error) {
	switch {
	case len(in.N) != LH:
		return b, ErrHashLength
	case in.ML == 0:
		return b, ErrZeroLimit
	}
	b = binary.BigEndian.AppendUint16(b, uint16(LH))
	b = binary.BigEndian.AppendUint32(b, in.ML)
	return append(b, in.N...), nil
}

// ParseInit reads an Init from the beginning of b; n is its length, and N a part of b. It fails with [ErrIncomplete],
// [ErrHashLength] or [ErrZeroLimit]. With [ErrIncomplete], n is the least length needed.
func ParseInit(b []byte, LH int) (in Init, n int, err error) {
	n = 2 + 4 + LH
	if len(b) >= 2 && int(binary.BigEndian.Uint16(b)) != LH {
		return Init{}, 0, ErrHashLength
	}
	if len(b) >= 6 && binary.BigEndian.Uint32(b[2:]) == 0 {
		return Init{}, 0, ErrZeroLimit
	}
	if len(b) < n {
		return Init{}, n, ErrIncomplete
	}
	return Init{binary.BigEndian.Uint32(b[2:]), b[6:n]}, n, nil
}

// Sequence begins a direction whose receiver sent N in its Init.
func (k *Key) Sequence(N []byte) *Sequence {
	h := k.hash()
	h.Write(N)
	h.Write(k.k)
	return &Sequence{key: k, head: 4 + k.LH, cn: h.Sum(nil)}
}

// A nonces remembers the N's of an endpoint's connections. An endpoint signs for whatever N the peer's Init holds. It
// refuses the N's that it knows so that nobody can have messages signed that pass for somebody else's (section 4.1).
type nonces struct {
	mu   sync.Mutex
	sent map[string]bool // on living connections
	// received are kept when the connection is over, in two generations: when the younger is full, the older is
	// forgotten.
	received, older map[string]bool
}

// issue notes an N, which then may be sent.
func (m *nonces) issue(N string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == nil {
		m.sent, m.received = make(map[string]bool), make(map[string]bool)
	}
	m.sent[N] = true
}

// retire forgets an N that was sent: its connection is over.
func (m *nonces) retire(N string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sent, N)
}

// accept notes a received N, or says that it is known. It does so in one step: of two connections that bring the same
// N at once, one is refused (HMACSOCKET-77 to -80).
func (m *nonces) accept(N string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent[N] || m.received[N] || m.older[N] {
		return ErrKnownNonce
	}
	if len(m.received) >= nonceMemory {
		m.older, m.received = m.received, make(map[string]bool)
	}
	m.received[N] = true
	return nil
}
