package conformance

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// flags takes the options from the front of a verb's arguments: plain ones, and those that are followed by a value.
func flags(ts *testscript.TestScript, args []string, plain, valued []string) (set map[string]string, rest []string) {
	set = make(map[string]string)
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-filler" {
		switch {
		case slices.Contains(plain, args[0]):
			set[args[0]], args = "yes", args[1:]
		case slices.Contains(valued, args[0]) && len(args) > 1:
			set[args[0]], args = args[1], args[2:]
		default:
			usageError(ts, false, false, "unknown option "+args[0])
		}
	}
	return set, args
}

// integer reads a number of a script.
func integer(ts *testscript.TestScript, text string) int64 {
	n, err := strconv.ParseInt(text, 0, 64)
	usageError(ts, false, err == nil, "a number, not "+text)
	return n
}

// work makes a pair the one at work.
func (s *session) work(p *pair) {
	s.pair, s.pairs[p.name] = p, p
	if p.hmac != nil {
		s.cur = p.hmac.tcpConn
	}
}

// connect [NAME]: a connection through the target comes into being, nothing is sent yet: the HMAC side is the current connection.
func connectVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1, "connect [NAME]")
	s := of(ts)
	p, o, reason := s.join(strings.Join(args, ""))
	if p != nil {
		s.work(p)
	}
	if o != Pass {
		s.end(ts, o, reason)
	}
}

// greeted [length|limit]: the target's Init comes; only its first field is right, or its limit is not 0.
func greetedVerb(ts *testscript.TestScript, neg bool, args []string) {
	part := strings.Join(args, "")
	usageError(ts, neg, len(args) == 0 || part == "length" || part == "limit", "greeted [length|limit]")
	s := of(ts)
	h, w := s.pair.hmac, s.wait()
	if part == "" {
		if err := h.greeted(w); err != nil {
			s.failed(ts, w, "the target's Init", err)
		}
		return
	}
	lh := h.in.Hash.Length
	for need := map[string]int{"length": 2, "limit": 6 + lh}[part]; len(h.tcpConn.in) < need; {
		if err := h.fill(w); err != nil {
			s.failed(ts, w, "the target's Init", err)
		}
	}
	switch in := h.tcpConn.in; {
	case part == "length" && int(binary.BigEndian.Uint16(in)) != lh:
		s.violation(ts, "the first field is %d; the output of %s has %d bytes", binary.BigEndian.Uint16(in), h.in.Hash.Name, lh)
	case part == "limit" && binary.BigEndian.Uint32(in[2:]) == 0:
		s.violation(ts, "the ML of the target's Init is 0")
	}
}

// init [-ml N] [-lh N] [-n theirs|theirs=NAME|ours=NAME|carry] [-part N] [-apart] [-with TEXT]: send an Init: with that limit; with
// another length, and an N of that length; with the target's N of this or another connection, with the suite's of another, or
// with one that makes CN carry soon; only its first bytes; each byte in a segment of its own; with a Chunk in the same segment.
func initVerb(ts *testscript.TestScript, neg bool, args []string) {
	set, rest := flags(ts, args, []string{"-apart"}, []string{"-ml", "-lh", "-n", "-part", "-with"})
	usageError(ts, neg, len(rest) == 0, "init [-ml N] [-lh N] [-n WHICH] [-part N] [-apart] [-with TEXT]")
	s := of(ts)
	h := s.pair.hmac
	if n, ok := set["-n"]; ok {
		s.choose(ts, h, n)
	}
	if ml, ok := set["-ml"]; ok {
		h.ml = uint32(integer(ts, ml))
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(len(h.in.N))) // by hand: AppendInit refuses what is wrong
	b = append(binary.BigEndian.AppendUint32(b, h.ml), h.in.N...)
	if lh, ok := set["-lh"]; ok {
		N := make([]byte, integer(ts, lh))
		rand.Read(N)
		b = append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(nil, uint16(len(N))), h.ml), N...)
	}
	if text, ok := set["-with"]; ok {
		if err := h.greeted(s.wait()); err != nil {
			s.end(ts, Blocked, "without the target's Init no Chunk can be made: "+err.Error())
		}
		b = append(b, h.chunk(texts(ts, []string{text}))...)
	}
	if part, ok := set["-part"]; ok {
		b = b[:integer(ts, part)]
	}
	s.transmit(h.tcpConn, b, set["-apart"] != "")
}

// choose sets the N of the suite's Init.
func (s *session) choose(ts *testscript.TestScript, h *hmacConn, which string) {
	whose, name, _ := strings.Cut(which, "=")
	other := s.pairs[name]
	switch {
	case which == "theirs":
		h.in.N = h.out.N
	case which == "carry":
		h.in.N = carrying(h.in)
	case other != nil && whose == "theirs":
		h.in.N = other.hmac.out.N
	case other != nil && whose == "ours":
		h.in.N = other.hmac.in.N
	default:
		usageError(ts, false, false, "init -n theirs|theirs=NAME|ours=NAME|carry")
	}
}

// carrying gives an N with which CN(2) carries over two bytes.
func carrying(d wire.Direction) []byte {
	for d.N = make([]byte, d.Hash.Length); ; {
		rand.Read(d.N)
		if b := d.Base(); b[len(b)-1] == 0xfe && b[len(b)-2] == 0xff {
			return d.N
		}
	}
}

// transmit sends at once, or each byte in a segment of its own. That the target takes no more is for the next verb to judge.
func (s *session) transmit(c *tcpConn, b []byte, apart bool) {
	if !apart {
		c.send(b, s.wait())
		return
	}
	for i := range b {
		if c.send(b[i:i+1], s.wait()) != nil {
			return
		}
		c.apart(s.run.readTime())
	}
}

// open [-small] [NAME] [OPTION...]: a connection through the target, with both Inits, the suite's with the options of init, and both
// sides; -small: the suite's sockets have little room.
func openVerb(ts *testscript.TestScript, neg bool, args []string) {
	small := len(args) > 0 && args[0] == "-small"
	if small {
		args = args[1:]
	}
	var name []string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[:1], args[1:]
	}
	connectVerb(ts, neg, name)
	initVerb(ts, neg, args)
	greetedVerb(ts, neg, nil)
	s := of(ts)
	if o, reason := s.plainSide(s.pair); o != Pass {
		s.end(ts, o, reason)
	}
	if small {
		for _, c := range []*tcpConn{s.pair.hmac.tcpConn, s.pair.plain} {
			c.SetReadBuffer(smallRoom)
			c.SetWriteBuffer(smallRoom)
		}
	}
}

// smallRoom is what the kernel may keep of what is sent and received: one segment of the loopback. With less TCP waits for its timers.
const smallRoom = 64 << 10

// plain VERB..., hmac VERB...: do the verb at that side of the connection.
func plainVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0 && verbs[args[0]] != nil && of(ts).pair != nil, "plain VERB...")
	s := of(ts)
	if o, reason := s.plainSide(s.pair); o != Pass {
		s.end(ts, o, reason)
	}
	s.cur = s.pair.plain
	verbs[args[0]](ts, false, args[1:])
	s.cur = s.pair.hmac.tcpConn
}

func hmacVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0 && verbs[args[0]] != nil && of(ts).pair != nil, "hmac VERB...")
	verbs[args[0]](ts, false, args[1:])
}
