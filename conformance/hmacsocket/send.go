package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

func messageVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "chunk", Usage: "[-each|-fit] [-i N] [-n own|NAME] [-key TEXT] [-moved N] [-ld N] [-wrong] [-part N] " +
			"[-apart] TEXT...|-filler N|limit|over",
			Help: "Send a Chunk in one segment. -each: one Chunk for each byte. -fit: as many Chunks as the " +
				"target's ML requires. Wrong Chunks: -i: this number; -n: the N of the suite's own Init (own) or of " +
				"another connection; -key: another key; -moved: bytes moved from CN into D, or from D into CN; -ld: " +
				"LD off by N; -wrong: another H. -part: only the first N bytes. -apart: each byte in a segment of " +
				"its own. The filler is N bytes of the pattern, as many as the target's ML, or one more.",
			Max: -1, Run: chunkVerb},
		{Name: "error", Usage: "[-pad N] [OPTION...] EC TEXT...",
			Help: "Send an Error, with the options of chunk. With -pad, N letters come before the text.",
			Max:  -1, Run: errorVerb},
		{Name: "break", Usage: "end|reset init|chunk|error [VERB...]",
			Help: "For each place within that message: open a connection, send the message up to that place, end " +
				"the connection cleanly or with a reset, and run VERB. A complete Init comes before a Chunk or an " +
				"Error.", Max: -1, Run: breakVerb},
		{Name: "alter", Usage: "h|d VERB...",
			Help: "For each byte of H or D: open a connection, send a Chunk with one bit of that byte changed, and " +
				"run VERB.", Max: -1, Run: alterVerb},
	}
}

// A forgery says how a message differs from the right one; the zero value changes nothing.
type forgery struct {
	i     int64  // its number
	n     []byte // what CN is made from instead of the target's N
	key   []byte // instead of the suite's
	moved int    // bytes of CN that are moved into D
	ld    int    // what is added to LD
	wrong bool   // the last bit of H is flipped
	part  int    // only so many bytes are sent; 0: all
	apart bool   // each byte in a segment of its own
}

// The options of chunk and error.
var (
	forgedPlain  = []string{"-wrong", "-apart", "-each", "-fit"}
	forgedValued = []string{"-i", "-n", "-key", "-moved", "-ld", "-part"}
)

// forged reads the options of a message; without one for it, its number is the next.
func forged(s *engine.Session, h *hmacConn, set map[string]string) (f forgery) {
	if err := h.greeted(s.Wait()); err != nil {
		engine.Must(engine.Blocked("without the target's Init no message can be made: %v", err))
	}
	f.i, f.n = h.sent, h.out.N
	for option, value := range set {
		switch option {
		case "-i":
			f.i = engine.Integer(value)
		case "-n":
			if f.n = h.in.N; value != "own" {
				if of(s).pairs[value] == nil {
					engine.Must(engine.Mistake("-n own|NAME"))
				}
				f.n = of(s).pairs[value].hmac.out.N
			}
		case "-key":
			f.key = s.Texts([]string{value})
		case "-moved":
			f.moved = int(engine.Integer(value))
		case "-ld":
			f.ld = int(engine.Integer(value))
		case "-part":
			f.part = int(engine.Integer(value))
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

// chunk makes a Chunk of D by hand, since the proper functions refuse errors.
func (f forgery) chunk(h *hmacConn, D []byte) []byte {
	d := f.direction(h)
	H, CN := d.H(number(f.i), D), d.CN(number(f.i))
	if D = append(D[:len(D):len(D)], CN[:max(f.moved, 0)]...); f.moved < 0 {
		D = D[:len(D)+f.moved]
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(D)+f.ld))
	return append(append(b, H...), D...)
}

// send sends a message and notes what it is; the next number is the one after it.
func (f forgery) send(s *engine.Session, h *hmacConn, what string, b []byte) {
	if f.wrong {
		b[4+h.out.Hash.Length-1] ^= 1
	}
	if f.part > 0 {
		b = b[:f.part]
	}
	h.Rec.Note("%s. the suite sends %s %d", tcp.Prefix(h.Name), what, f.i)
	transmit(s, h.Conn, b, f.apart)
	h.sent = f.i + 1
}

func chunkVerb(s *engine.Session, args []string) error {
	set, rest := flags(args, forgedPlain, forgedValued)
	if !(len(rest) > 0 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	h := of(s).pair.hmac
	f := forged(s, h, set)
	D := tcp.Filler(s, rest)
	size := 1
	switch {
	case set["-fit"] != "":
		size = h.most()
	case set["-each"] == "":
		f.send(s, h, "Chunk", f.chunk(h, D))
		return nil
	}
	var all []byte
	for part := range slices.Chunk(D, size) {
		all = append(all, f.chunk(h, part)...)
		f.i++
	}
	f.i--
	f.send(s, h, "Chunks up to number", all)
	return nil
}

// mostFiller is the longest D that is made: targets with a higher limit are not tried.
const mostFiller = 64 << 20

func errorVerb(s *engine.Session, args []string) error {
	set, rest := flags(args, forgedPlain, append([]string{"-pad"}, forgedValued...))
	if !(len(rest) > 1 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	h := of(s).pair.hmac
	f := forged(s, h, set)
	em := s.Texts(rest[1:])
	if pad, ok := set["-pad"]; ok {
		em = append(bytes.Repeat([]byte("a"), int(engine.Integer(pad))), em...)
	}
	if !(len(em) <= math.MaxUint8) {
		return engine.ErrUsage
	}
	d := f.direction(h)
	f.send(s, h, "Error", d.AppendErrorAs(nil, wire.TheReading, byte(engine.Integer(rest[0])), em, number(f.i)))
	return nil
}

// message makes a message that verbs try at each of its bytes: the suite's Init, or its next Chunk or Error.
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

func breakVerb(s *engine.Session, args []string) error {
	if !(len(args) > 1 && (args[0] == "end" || args[0] == "reset") && strings.Contains("init chunk error", args[1])) {
		return engine.ErrUsage
	}
	first := 1 // before a message's first byte the end would be a clean one
	if args[1] == "init" {
		first = 0
	}
	for n, seen := first, s.Rec.Mark(); ; n++ {
		s.Rec.Back(seen) // only the failing one is evidence
		if args[1] == "init" {
			if err := connectVerb(s, nil); err != nil {
				return err
			}
		} else {
			if err := openVerb(s, nil); err != nil {
				return err
			}
		}
		h := of(s).pair.hmac
		b := h.message(args[1])
		if n == len(b) {
			of(s).pair.close()
			return nil
		}
		h.Send(b[:n], s.Wait())
		if args[0] == "reset" {
			h.Conn.Apart(s.Reading()) // a reset can overtake unread bytes
			h.Abort()
		} else {
			h.CloseWrite()
		}
		if len(args) > 2 {
			if err := s.Do(append([]string{args[2]}, args[3:]...)...); err != nil {
				return err
			}
		}
		of(s).pair.close()
	}
}

func alterVerb(s *engine.Session, args []string) error {
	if !(len(args) > 1 && (args[0] == "h" || args[0] == "d")) {
		return engine.ErrUsage
	}
	lh := peerOf(s.In).hash.Length
	from, to := 4, 4+lh
	if args[0] == "d" {
		from, to = to, to+len("hello")
	}
	for at, seen := from, s.Rec.Mark(); at < to; at++ {
		s.Rec.Back(seen)
		if err := openVerb(s, nil); err != nil {
			return err
		}
		h := of(s).pair.hmac
		b := h.message("chunk")
		b[at] ^= 1 << (at % 8)
		h.Send(b, s.Wait())
		if err := s.Do(append([]string{args[1]}, args[2:]...)...); err != nil {
			return err
		}
		of(s).pair.close()
	}
	return nil
}
