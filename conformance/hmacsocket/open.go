package hmacsocket

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

func pairVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "connect", Usage: "[NAME]",
			Help: "Open a connection through the target and send nothing yet. Its HMAC side becomes the current " +
				"connection.", Max: 1, Run: connectVerb},
		{Name: "greeted", Usage: "[length|limit]",
			Help: "The target's Init comes. With length, only its first field is checked; with limit, only that its " +
				"ML is not 0.", Max: -1, Run: greetedVerb},
		{Name: "init", Usage: "[-ml N] [-lh N] [-says N] [-n theirs|theirs=NAME|ours=NAME|carry|far] " +
			"[-part N] [-apart] [-with TEXT]",
			Help: "Send an Init. -ml: this ML. -lh: this LH and an N of that length. -says: this LH before an N of " +
				"the right length. -n: the target's N of this connection or of connection NAME; the suite's N of " +
				"another connection (ours); an N that makes CN carry soon (carry), or carry over four bytes within " +
				"16384 messages (far). -part: only its first N bytes. -apart: each byte in a segment of its own. " +
				"-with: a Chunk follows in the same segment.", Max: -1, Run: initVerb},
		{Name: "open", Usage: "[-small] [NAME] [OPTION...]",
			Help: "Open a connection through the target and exchange both Inits, the suite's with the options of " +
				"init. With -small, the suite's sockets have small buffers.", Max: -1, Run: openVerb},
		{Name: "elsewhere",
			Help: "From here on, connections to the target use the other address that it listens at.",
			Run:  elsewhereVerb},
		{Name: "plain", Usage: "VERB...",
			Help: "Run VERB on the plain side of the connection.", Min: 1, Max: -1, Run: plainVerb},
		{Name: "hmac", Usage: "VERB...",
			Help: "Run VERB on the HMAC side of the connection, which is the default.",
			Min:  1, Max: -1, Run: hmacVerb},
	}
}

// flags takes the options from the front of a verb's arguments: plain ones, and those with a value.
func flags(args []string, plain, valued []string) (set map[string]string, rest []string) {
	set = make(map[string]string)
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-filler" {
		switch {
		case slices.Contains(plain, args[0]):
			set[args[0]], args = "yes", args[1:]
		case slices.Contains(valued, args[0]) && len(args) > 1:
			set[args[0]], args = args[1], args[2:]
		default:
			engine.Must(engine.Mistake("unknown option " + args[0]))
		}
	}
	return set, args
}

func connectVerb(s *engine.Session, args []string) error {
	p, err := join(s, strings.Join(args, ""))
	if p != nil {
		of(s).work(p)
	}
	return err
}

func greetedVerb(s *engine.Session, args []string) error {
	part := strings.Join(args, "")
	if !(len(args) == 0 || part == "length" || part == "limit") {
		return engine.ErrUsage
	}
	h, w := of(s).pair.hmac, s.Wait()
	if part == "" {
		if err := h.greeted(w); err != nil {
			return s.Meaning(w, "the target's Init", err)
		}
		return nil
	}
	lh := h.in.Hash.Length
	for need := map[string]int{"length": 2, "limit": 6 + lh}[part]; len(h.Conn.In) < need; {
		if err := h.Fill(w); err != nil {
			return s.Meaning(w, "the target's Init", err)
		}
	}
	switch in := h.Conn.In; {
	case part == "length" && int(binary.BigEndian.Uint16(in)) != lh:
		return engine.Violation("LH, the first field of the target's Init, is %d; the output of %s has %d bytes",
			binary.BigEndian.Uint16(in),
			h.in.Hash.Name, lh)
	case part == "limit" && binary.BigEndian.Uint32(in[2:]) == 0:
		return engine.Violation("the ML of the target's Init is 0")
	}
	return nil
}

func initVerb(s *engine.Session, args []string) error {
	set, rest := flags(args, []string{"-apart"}, []string{"-ml", "-lh", "-says", "-n", "-part", "-with"})
	if len(rest) != 0 {
		return engine.ErrUsage
	}
	h := of(s).pair.hmac
	if n, ok := set["-n"]; ok {
		choose(s, h, n)
	}
	if ml, ok := set["-ml"]; ok {
		h.ml = uint32(engine.Integer(ml))
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(len(h.in.N))) // by hand: AppendInit refuses errors
	b = append(binary.BigEndian.AppendUint32(b, h.ml), h.in.N...)
	if lh, ok := set["-lh"]; ok {
		N := make([]byte, engine.Integer(lh))
		rand.Read(N)
		b = append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(nil, uint16(len(N))), h.ml), N...)
	}
	if length, ok := set["-says"]; ok {
		binary.BigEndian.PutUint16(b, uint16(engine.Integer(length)))
	}
	if text, ok := set["-with"]; ok {
		if err := h.greeted(s.Wait()); err != nil {
			return engine.Blocked("without the target's Init no Chunk can be made: %v", err)
		}
		b = append(b, h.chunk(s.Texts([]string{text}))...)
	}
	if part, ok := set["-part"]; ok {
		b = b[:engine.Integer(part)]
	}
	_, cut := set["-part"]
	h.greets = !cut
	transmit(s, h.Conn, b, set["-apart"] != "")
	return nil
}

// choose sets the N of the suite's Init.
func choose(s *engine.Session, h *hmacConn, which string) {
	whose, name, _ := strings.Cut(which, "=")
	other := of(s).pairs[name]
	switch {
	case which == "theirs":
		h.in.N = h.out.N
	case which == "carry":
		h.in.N = nonceWhere(h.in, func(low uint32) bool { return low&0xffff == 0xfffe }) // CN(2) carries over two bytes
	case which == "far":
		h.in.N = nonceWhere(h.in, func(low uint32) bool { return low >= 1<<32-1<<14 })
	case other != nil && whose == "theirs":
		h.in.N = other.hmac.out.N
	case other != nil && whose == "ours":
		h.in.N = other.hmac.in.N
	default:
		engine.Must(engine.Mistake("init -n theirs|theirs=NAME|ours=NAME|carry|far"))
	}
}

// nonceWhere gives an N for which good accepts the last four bytes of CN(0).
func nonceWhere(d wire.Direction, good func(low uint32) bool) []byte {
	for d.N = make([]byte, d.Hash.Length); ; {
		rand.Read(d.N)
		if b := d.Base(); good(binary.BigEndian.Uint32(b[len(b)-4:])) {
			return d.N
		}
	}
}

// transmit sends at once, or each byte in a segment of its own. If the target takes no more, the next verb judges that.
func transmit(s *engine.Session, c *tcp.Conn, b []byte, apart bool) {
	if !apart {
		c.Send(b, s.Wait())
		return
	}
	for i := range b {
		if c.Send(b[i:i+1], s.Wait()) != nil {
			return
		}
		c.Apart(s.Reading())
	}
}

func openVerb(s *engine.Session, args []string) error {
	small := len(args) > 0 && args[0] == "-small"
	if small {
		args = args[1:]
	}
	var name []string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[:1], args[1:]
	}
	if err := connectVerb(s, name); err != nil {
		return err
	}
	if err := initVerb(s, args); err != nil {
		return err
	}
	if err := greetedVerb(s, nil); err != nil {
		return err
	}
	if err := plainSide(s, of(s).pair); err != nil {
		return err
	}
	if small {
		for _, c := range []*tcp.Conn{of(s).pair.hmac.Conn, of(s).pair.plain} {
			c.SetReadBuffer(smallRoom)
			c.SetWriteBuffer(smallRoom)
		}
	}
	return nil
}

// smallRoom is how much the kernel may buffer in each direction: one segment of the loopback. With less, TCP waits for
// its timers.
const smallRoom = 64 << 10

func plainVerb(s *engine.Session, args []string) error {
	if of(s).pair == nil {
		return engine.ErrUsage
	}
	if err := plainSide(s, of(s).pair); err != nil {
		return err
	}
	tcp.Of(s).Cur = of(s).pair.plain
	defer func() { tcp.Of(s).Cur = of(s).pair.hmac.Conn }()
	return s.Do(args...)
}

func hmacVerb(s *engine.Session, args []string) error {
	if of(s).pair == nil {
		return engine.ErrUsage
	}
	return s.Do(args...)
}
