package conformance

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// A forgery says in what a message is not the one that belongs there; the zero one does not say anything.
type forgery struct {
	i     int64  // its number
	n     []byte // what CN is made of instead of the target's N
	key   []byte // instead of the suite's
	moved int    // bytes of CN that stand in D
	ld    int    // what is added to LD
	wrong bool   // the last bit of H is another
	part  int    // only so many bytes are sent; 0 is all
	apart bool   // each byte in a segment of its own
}

// The options of chunk and error.
var (
	forgedPlain  = []string{"-wrong", "-apart", "-each"}
	forgedValued = []string{"-i", "-n", "-key", "-moved", "-ld", "-part"}
)

// forged reads the options of a message, whose number is else the next.
func (s *session) forged(ts *testscript.TestScript, h *hmacConn, set map[string]string) (f forgery) {
	if err := h.greeted(s.wait()); err != nil {
		s.end(ts, Blocked, "without the target's Init no message can be made: "+err.Error())
	}
	f.i, f.n = h.sent, h.out.N
	for option, value := range set {
		switch option {
		case "-i":
			f.i = integer(ts, value)
		case "-n":
			if f.n = h.in.N; value != "own" {
				usageError(ts, false, s.pairs[value] != nil, "-n own|NAME")
				f.n = s.pairs[value].hmac.out.N
			}
		case "-key":
			f.key = texts(ts, []string{value})
		case "-moved":
			f.moved = int(integer(ts, value))
		case "-ld":
			f.ld = int(integer(ts, value))
		case "-part":
			f.part = int(integer(ts, value))
		case "-wrong":
			f.wrong = true
		case "-apart":
			f.apart = true
		}
	}
	return f
}

// direction gives what a message is made with.
func (f forgery) direction(h *hmacConn) wire.Direction {
	d := h.out
	if d.N = f.n; f.key != nil {
		d.K = f.key
	}
	return d
}

// chunk makes a Chunk of D by hand, since the right way refuses what is wrong.
func (f forgery) chunk(h *hmacConn, D []byte) []byte {
	d := f.direction(h)
	H, CN := d.H(number(f.i), D), d.CN(number(f.i))
	if D = append(D[:len(D):len(D)], CN[:max(f.moved, 0)]...); f.moved < 0 {
		D = D[:len(D)+f.moved]
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(D)+f.ld))
	return append(append(b, H...), D...)
}

// send sends a message that was made, and notes what it is; the number behind it is the next.
func (f forgery) send(s *session, h *hmacConn, what string, b []byte) {
	if f.wrong {
		b[4+h.out.Hash.Length-1] ^= 1
	}
	if f.part > 0 {
		b = b[:f.part]
	}
	h.rec.note("%s. the suite sends %s %d", prefix(h.name), what, f.i)
	s.transmit(h.tcpConn, b, f.apart)
	h.sent = f.i + 1
}

// chunk [-each] [-i N] [-n own|NAME] [-key TEXT] [-moved N] [-ld N] [-wrong] [-part N] [-apart] TEXT...|-filler N|limit|over: send a
// Chunk, or one for each byte, all in one segment. Wrong ones: with another number; with another N, of the suite's own Init or for another
// connection; with another key; with bytes of CN moved into D, or of D out of it; with an LD that differs by so much; with another H. Only
// its first bytes; each byte in a segment of its own. The filler is N bytes of the pattern, as many as the target's ML, or one more.
func chunkVerb(ts *testscript.TestScript, neg bool, args []string) {
	set, rest := flags(ts, args, forgedPlain, forgedValued)
	usageError(ts, neg, len(rest) > 0 && of(ts).pair != nil, "chunk [OPTION...] TEXT...|-filler N|limit|over")
	s := of(ts)
	h := s.pair.hmac
	f := s.forged(ts, h, set)
	D := s.filler(ts, rest)
	if set["-each"] == "" {
		f.send(s, h, "Chunk", f.chunk(h, D))
		return
	}
	var all []byte
	for i := range D {
		all = append(all, f.chunk(h, D[i:i+1])...)
		f.i++
	}
	f.i--
	f.send(s, h, "Chunks up to number", all)
}

// mostFiller is the longest D that is made: a target whose limit is higher is not tried with it.
const mostFiller = 64 << 20

// filler gives the text of a verb's arguments, or the pattern.
func (s *session) filler(ts *testscript.TestScript, args []string) []byte {
	if args[0] != "-filler" || len(args) != 2 {
		return texts(ts, args)
	}
	var limit int64
	if s.pair != nil {
		limit = int64(s.pair.hmac.theirs.ML)
	}
	n, relative := map[string]int64{"limit": limit, "over": limit + 1}[args[1]]
	switch {
	case relative && limit == 0:
		s.end(ts, Blocked, "the target's ML is 0")
	case n > mostFiller:
		s.end(ts, Unsupported, "the target's ML is "+strconv.FormatInt(limit, 10)+": more than is tried")
	case !relative:
		n = integer(ts, args[1])
	}
	return pattern(int(n))
}

// error [OPTION...] EC TEXT...: send an Error, with the options of chunk.
func errorVerb(ts *testscript.TestScript, neg bool, args []string) {
	set, rest := flags(ts, args, forgedPlain, forgedValued)
	usageError(ts, neg, len(rest) > 1 && of(ts).pair != nil, "error [OPTION...] EC TEXT...")
	s := of(ts)
	h := s.pair.hmac
	f := s.forged(ts, h, set)
	em := texts(ts, rest[1:])
	usageError(ts, neg, len(em) <= math.MaxUint8, "error EC TEXT of at most 255 bytes")
	d := f.direction(h)
	f.send(s, h, "Error", d.AppendErrorAs(nil, wire.TheReading, byte(integer(ts, rest[0])), em, number(f.i)))
}

// message makes one of the messages that verbs try at each of its bytes: the suite's Init, or its next Chunk or Error.
func (h *hmacConn) message(kind string) []byte {
	switch kind {
	case "init":
		return h.init()
	case "error":
		b, _ := h.out.AppendError(nil, wire.CodeWrongHMAC, []byte("no"), number(h.sent))
		return b
	}
	return h.chunk([]byte("hello"))
}

// break end|reset init|chunk|error [VERB...]: for each place within that message: a connection, on which it comes only up to there, and
// ends, cleanly or by a reset; do the verb. In front of a Chunk or an Error stands the Init.
func breakVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 1 && (args[0] == "end" || args[0] == "reset") && strings.Contains("init chunk error", args[1]),
		"break end|reset init|chunk|error [VERB...]")
	s := of(ts)
	first := 1 // before the first byte of a message the end would be a clean one
	if args[1] == "init" {
		first = 0
	}
	for n, seen := first, s.rec.mark(); ; n++ {
		s.rec.back(seen) // only the one that fails is evidence
		if args[1] == "init" {
			connectVerb(ts, false, nil)
		} else {
			openVerb(ts, false, nil)
		}
		h := s.pair.hmac
		b := h.message(args[1])
		if n == len(b) {
			s.pair.close()
			return
		}
		h.send(b[:n], s.wait())
		if args[0] == "reset" {
			h.tcpConn.apart(s.run.readTime()) // a reset can overtake what was not read
			h.abort()
		} else {
			h.CloseWrite()
		}
		if len(args) > 2 {
			verbs[args[2]](ts, false, args[3:])
		}
		s.pair.close()
	}
}

// alter h|d VERB...: for each byte of H or D: a connection, on which a Chunk comes with another bit in that byte; do
// the verb.
func alterVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 1 && (args[0] == "h" || args[0] == "d"), "alter h|d VERB...")
	s := of(ts)
	lh := s.in.peer.hash.Length
	from, to := 4, 4+lh
	if args[0] == "d" {
		from, to = to, to+len("hello")
	}
	for at, seen := from, s.rec.mark(); at < to; at++ {
		s.rec.back(seen)
		openVerb(ts, false, nil)
		h := s.pair.hmac
		b := h.message("chunk")
		b[at] ^= 1 << (at % 8)
		h.send(b, s.wait())
		verbs[args[1]](ts, false, args[2:])
		s.pair.close()
	}
}
