package hmacsocket

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// A pair is a connection through an HMACSocket target: the suite is the peer at its HMAC side, and the service or the
// process at its plain side. Who connects to whom depends on the role, and only this file needs to know.
type pair struct {
	name  string // as the script calls it; empty for the only one
	hmac  *hmacConn
	plain *tcp.Conn // nil until it exists
}

// A hmacConn is the HMAC side of a pair.
type hmacConn struct {
	*tcp.Conn
	in, out   wire.Direction // from the target, with the suite's N; to it, with the target's N
	ml        uint32         // of the suite's Init
	theirs    wire.Init      // of the target
	greets    bool           // the suite has sent its whole Init
	sent, got int64          // messages
	rest      []byte         // of the last Chunk's D: what no verb has taken
	error     []byte         // text of the target's last Error
	readings  []wire.Reading // those that its H follows
}

// suiteML is the ML of the suite's Inits, unless a scenario says another.
const suiteML = 1 << 20

// nameFor gives the name that one side of a pair has in the evidence.
func nameFor(pair, side string) string { return strings.TrimSpace(pair + " " + side) }

// join connects a new pair's HMAC side, and a client's plain side. It sends nothing yet. If it fails, the outcome says
// what that means.
func join(s *engine.Session, name string) (*pair, error) {
	p := &pair{name: name}
	for _, late := range peerOf(s.In).drain() { // of an earlier pair whose plain side nobody waited for
		s.Keep(&tcp.Conn{TCPConn: late})
	}
	side := "hmac"
	if !isServer(s) {
		side = "plain"
	}
	c, err := tcp.Reach(s, nameFor(name, side))
	if err != nil {
		return nil, err
	}
	if side == "hmac" {
		p.hmac = newHMAC(s, c)
		return p, nil
	}
	p.plain = c
	w := s.Wait()
	arrived, err := peerOf(s.In).next(s.In.Process, w)
	if err != nil {
		err := s.Meaning(w, "the target to connect to its server", err)
		return p, err
	}
	p.hmac = newHMAC(s, taken(s, arrived, nameFor(name, "hmac")))
	return p, nil
}

// taken makes a connection from the target one of the session's.
func taken(s *engine.Session, c *net.TCPConn, name string) *tcp.Conn {
	conn := tcp.NewConn(s, c, name).Accepted()
	s.Keep(conn)
	return conn
}

// newHMAC gives a HMAC side with a fresh N.
func newHMAC(s *engine.Session, c *tcp.Conn) *hmacConn {
	peer := peerOf(s.In)
	N := make([]byte, peer.hash.Length)
	rand.Read(N)
	d := wire.Direction{Hash: peer.hash, K: peer.key, N: N}
	h := &hmacConn{Conn: c, in: d, out: d, ml: suiteML}
	h.out.N = nil
	c.Unread = func() []byte { return h.rest }
	return h
}

// plainSide waits for the plain side: a server connects to its service after a good Init.
func plainSide(s *engine.Session, p *pair) error {
	if p.plain != nil {
		return nil
	}
	w := s.Wait()
	c, err := peerOf(s.In).next(s.In.Process, w)
	if err != nil {
		return s.Meaning(w, "the target to connect to its service", err)
	}
	p.plain = taken(s, c, nameFor(p.name, "plain"))
	return nil
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

// first gives what the target waits for: the Init, or after it a Chunk, as long as allowed.
func (h *hmacConn) first() []byte {
	if h.greets {
		return h.chunk(engine.Pattern(h.most()))
	}
	return h.init()
}

// greeted reads the target's Init. Another rule judges whether LH and ML are right, so that a target with that fault
// can still be judged.
func (h *hmacConn) greeted(w proc.Wait) error {
	if h.out.N != nil {
		return nil
	}
	b, err := h.Exactly(6+h.in.Hash.Length, w)
	if err != nil {
		return err
	}
	h.theirs = wire.Init{ML: binary.BigEndian.Uint32(b[2:]), N: b[6:]}
	h.out.N = h.theirs.N
	h.Rec.Note("%s. that was an Init: ML %d, N %x", tcp.Prefix(h.Name), h.theirs.ML, h.theirs.N)
	return nil
}

// most is the length of a Chunk that the suite sends among others.
func (h *hmacConn) most() int {
	const enough = 64 << 10
	return int(max(1, min(enough, h.theirs.ML)))
}

// fit cuts D into as many Chunks as the target's ML demands.
func (h *hmacConn) fit(D []byte) (all []byte) {
	for part := range slices.Chunk(D, h.most()) {
		all = append(all, h.chunk(part)...)
	}
	return all
}

// number is the number of the suite's or the target's next message.
func number(i int64) *big.Int { return big.NewInt(i) }

// next reads the target's next message; the end of the direction counts as one. An Error's H may follow any of the
// three readings.
func (h *hmacConn) next(w proc.Wait) (wire.Message, error) {
	if err := h.greeted(w); err != nil {
		return wire.Message{}, err
	}
	for {
		in, ended := h.Conn.In, h.End == io.EOF
		m, n, fault := h.in.ReadMessage(in, h.ml, number(h.got), ended)
		if e, length, readings, wrong := h.in.ReadAnyError(in, number(h.got)); len(in) >= 4 && wrong == wire.None {
			m, n, fault, h.readings = e, length, wire.None, readings
		}
		switch {
		case fault == wire.None:
			h.saw(m)
			h.Take(n)
			return m, nil
		case fault == wire.WrongHMAC:
			return m, errors.New(h.wrongH(in))
		case fault != wire.Incomplete:
			return m, fmt.Errorf("the target's message %d is wrong: %s", h.got, fault)
		}
		if err := h.Fill(w); err != nil && err != io.EOF {
			return m, err
		}
	}
}

// saw notes a message in the evidence.
func (h *hmacConn) saw(m wire.Message) {
	switch m.Kind {
	case wire.Chunk:
		h.Rec.Note("%s. that was Chunk %d, D %s", tcp.Prefix(h.Name), h.got, engine.Shown(m.D))
	case wire.Error:
		h.Rec.Note("%s. that was Error %d, EC %#02x, EM %s", tcp.Prefix(h.Name), h.got, m.EC, engine.Shown(m.EM))
	case wire.End:
		return
	}
	h.got++
}

// errError: an Error came instead of data.
var errError = errors.New("an Error came")

// data reads Chunks until there are n bytes of D, and takes these. It does not matter where one Chunk ends and the next
// begins.
func (h *hmacConn) data(n int, w proc.Wait) (got []byte, err error) {
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
