package conformance

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// A pair is a connection through an HMACSocket target: at its HMAC side the suite is the peer, at its plain side the service or
// the process. Who connects to whom depends on the role, and nobody but this file needs to know.
type pair struct {
	name  string // as the script calls it; empty for the only one
	hmac  *hmacConn
	plain *tcpConn // nil until it is there
}

// A hmacConn is the HMAC side of a pair.
type hmacConn struct {
	*tcpConn
	in, out   wire.Direction // from the target, with the N that the suite sent; to it, with the N that it sent
	ml        uint32         // of the suite's Init
	theirs    wire.Init      // of the target
	sent, got int64          // messages
	rest      []byte         // of the D of the last Chunk, what no verb has taken
	error     []byte         // text of the target's last Error
	readings  []wire.Reading // that its H follows
}

// suiteML is the ML of the suite's Inits, where a scenario does not say another.
const suiteML = 1 << 20

// nameFor gives the name that one side of a pair has in the evidence.
func nameFor(pair, side string) string { return strings.TrimSpace(pair + " " + side) }

// join makes a new pair's HMAC side be there, and a client's plain side: nothing is sent yet. If that fails, the outcome says what
// it means.
func (s *session) join(name string) (*pair, Outcome, string) {
	p := &pair{name: name}
	for _, late := range s.in.peer.drain() { // of an earlier pair whose plain side nobody waited for
		s.keep(&tcpConn{TCPConn: late})
	}
	side := "hmac"
	if s.role == "hmacsocket-client" {
		side = "plain"
	}
	c, err := s.dial(nameFor(name, side))
	if err != nil {
		return nil, Violation, fmt.Sprintf("connecting to the target failed: %v", err)
	}
	if side == "hmac" {
		p.hmac = s.newHMAC(c)
		return p, Pass, ""
	}
	p.plain = c
	w := s.wait()
	arrived, err := s.in.peer.next(s.in.process, w)
	if err != nil {
		o, reason := s.meaning(w, "that the target connects to its server", err)
		return p, o, reason
	}
	p.hmac = s.newHMAC(s.taken(arrived, nameFor(name, "hmac")))
	return p, Pass, ""
}

// taken makes a connection of the target's one of the session's.
func (s *session) taken(c *net.TCPConn, name string) *tcpConn {
	conn := &tcpConn{TCPConn: c, name: name, rec: s.rec}
	s.keep(conn)
	return conn
}

// newHMAC gives a HMAC side with a fresh N.
func (s *session) newHMAC(c *tcpConn) *hmacConn {
	peer := s.in.peer
	N := make([]byte, peer.hash.Length)
	rand.Read(N)
	d := wire.Direction{Hash: peer.hash, K: peer.key, N: N}
	h := &hmacConn{tcpConn: c, in: d, out: d, ml: suiteML}
	h.out.N = nil
	return h
}

// plainSide waits for the plain side: a server connects to its service when it has a good Init.
func (s *session) plainSide(p *pair) (Outcome, string) {
	if p.plain != nil {
		return Pass, ""
	}
	w := s.wait()
	c, err := s.in.peer.next(s.in.process, w)
	if err != nil {
		return s.meaning(w, "that the target connects to its service", err)
	}
	p.plain = s.taken(c, nameFor(p.name, "plain"))
	return Pass, ""
}

// close closes both sides.
func (p *pair) close() {
	if p.hmac != nil {
		p.hmac.Close()
	}
	if p.plain != nil {
		p.plain.Close()
	}
}

// init gives the suite's Init.
func (h *hmacConn) init() []byte {
	b, _ := h.in.Hash.AppendInit(nil, wire.Init{ML: h.ml, N: h.in.N})
	return b
}

// greeted reads the target's Init. Whether LH and ML are right is another rule's to judge, so that a target with that fault
// stays judgeable.
func (h *hmacConn) greeted(w wait) error {
	if h.out.N != nil {
		return nil
	}
	b, err := h.exactly(6+h.in.Hash.Length, w)
	if err != nil {
		return err
	}
	h.theirs = wire.Init{ML: binary.BigEndian.Uint32(b[2:]), N: b[6:]}
	h.out.N = h.theirs.N
	h.rec.note("%s. that was an Init: ML %d, N %x", prefix(h.name), h.theirs.ML, h.theirs.N)
	return nil
}

// most is how long a Chunk is that the suite sends among others.
func (h *hmacConn) most() int {
	const enough = 64 << 10
	return int(max(1, min(enough, h.theirs.ML)))
}

// number is the suite's or the target's next message's number.
func number(i int64) *big.Int { return big.NewInt(i) }

// next reads the target's next message; the end of the direction is one, too. An Error's H may follow any of the three readings.
func (h *hmacConn) next(w wait) (wire.Message, error) {
	if err := h.greeted(w); err != nil {
		return wire.Message{}, err
	}
	for {
		in, ended := h.tcpConn.in, h.end == io.EOF
		m, n, fault := h.in.ReadMessage(in, h.ml, number(h.got), ended)
		if e, length, readings, wrong := h.in.ReadAnyError(in, number(h.got)); len(in) >= 4 && wrong == wire.None {
			m, n, fault, h.readings = e, length, wire.None, readings
		}
		switch {
		case fault == wire.None:
			h.saw(m)
			h.take(n)
			return m, nil
		case fault != wire.Incomplete:
			return m, fmt.Errorf("of the target's message %d this is wrong: %s", h.got, fault)
		}
		if err := h.fill(w); err != nil && err != io.EOF {
			return m, err
		}
	}
}

// saw takes note of a message for the evidence.
func (h *hmacConn) saw(m wire.Message) {
	switch m.Kind {
	case wire.Chunk:
		h.rec.note("%s. that was Chunk %d, D %s", prefix(h.name), h.got, shown(m.D))
	case wire.Error:
		h.rec.note("%s. that was Error %d, EC %#02x, EM %s", prefix(h.name), h.got, m.EC, shown(m.EM))
	case wire.End:
		return
	}
	h.got++
}

// errError: an Error came where data was waited for.
var errError = errors.New("an Error came")

// data reads Chunks until there are n bytes of D, and takes these. Where one Chunk ends and the next begins is nobody's business.
func (h *hmacConn) data(n int, w wait) (got []byte, err error) {
	for len(h.rest) < n {
		m, err := h.next(w)
		switch {
		case err != nil:
			return h.rest, err
		case m.Kind == wire.End:
			return h.rest, io.EOF
		case m.Kind == wire.Error:
			return h.rest, errError
		}
		h.rest = append(h.rest, m.D...)
	}
	got, h.rest = h.rest[:n:n], h.rest[n:]
	return got, nil
}

// chunk gives the suite's next Chunk.
func (h *hmacConn) chunk(D []byte) []byte {
	b, _ := h.out.AppendChunk(nil, D, uint32(len(D)), number(h.sent))
	h.sent++
	return b
}
