package daemon

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func datagramVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "sends", Usage: "[-len N,...] [-first BYTE,...] [-nonce N] [-flip I] [-ecn N] [-at ADDR] [-to ADDR] " +
			"CLIENT learn|token BACKEND|port BACKEND|raw BACKEND TEXT...",
			Help: "The client sends the backend a datagram in the form of that mode; a client is created at its " +
				"first mention. P is random after a nonce that counts up. With -len or -first, one datagram is sent " +
				"for each value. -ecn N: with these ECN bits. -flip I: with byte I of T changed. CLIENT raw BACKEND " +
				"TEXT...: send these bytes instead, in which {T} stands for the token and {P} for a P.",
			Max: -1, Run: sendsVerb},
		{Name: "reaches", Usage: "[-ecn N] [-flow same|new] BACKEND CLIENT",
			Help: "The next datagram at the backend is the P that the client sent last, with these ECN bits. Its " +
				"source is the one this client had at this backend (-flow same), or one that no client had (-flow " +
				"new).", Max: -1, Run: reachesVerb},
		{Name: "answers", Usage: "[-len N,...] [-first BYTE,...] [-ecn N] BACKEND CLIENT",
			Help: "The backend sends a datagram to the address where it last saw the client; with -len or -first, " +
				"one for each value.", Max: -1, Run: answersVerb},
		{Name: "gets", Usage: "[-ecn N] [-from there] CLIENT BACKEND",
			Help: "The next datagram at the client is the one that the backend sent last, with these ECN bits. With " +
				"-from there, it comes from the address that the client sends to.", Max: -1, Run: getsVerb},
		{Name: "carries", Usage: "[-at ADDR] CLIENT MODE BACKEND",
			Help: "A datagram reaches the backend and an answer reaches the client. c1..9 stands for nine clients " +
				"in turn.", Max: -1, Run: carriesVerb},
	}
}

// clientNamed gives the client of that name; at its first mention a new one, bound to at.
func clientNamed(s *engine.Session, name, at string) *client {
	if c := of(s).clients[name]; c != nil {
		return c
	}
	from := netip.AddrPortFrom(nearby(s), 0)
	if addr, other, _ := strings.Cut(at, ":"); of(s).clients[other] != nil { // with another client's port
		from = netip.AddrPortFrom(addressAt(addr).Addr(), of(s).clients[other].Address().Port())
	} else if at != "" {
		from = addressAt(at)
	}
	c, err := newClient(s, name, from)
	if err != nil {
		engine.Must(engine.Inconclusive("binding %v for a client: %v", from, err))
	}
	return c
}

// variants gives the datagrams' lengths and first bytes that the options ask for.
func variants(o map[string]string, first byte) (lengths []int, firsts []byte) {
	for _, text := range strings.Split(o["-len"], ",") {
		if text == "" {
			text = strconv.Itoa(sockets.UsualLength)
		}
		lengths = append(lengths, int(engine.Integer(text)))
	}
	for _, text := range strings.Split(o["-first"], ",") {
		if text == "" {
			text = strconv.Itoa(int(first))
		}
		n, err := strconv.ParseUint(text, 0, 8)
		if err != nil {
			engine.Must(engine.Mistake("-first BYTE,..."))
		}
		firsts = append(firsts, byte(n))
	}
	return lengths, firsts
}

// ecnFrom reads -ecn.
func ecnFrom(o map[string]string) int {
	if o["-ecn"] == "" {
		return 0
	}
	return int(engine.Integer(o["-ecn"]))
}

func sendsVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-len", "-first", "-nonce", "-flip", "-ecn", "-at", "-to")
	if !(len(rest) == 3 || len(rest) == 2 && rest[1] == "learn" || len(rest) > 3 && rest[1] == "raw") {
		return engine.ErrUsage
	}
	c := clientNamed(s, rest[0], o["-at"])
	if o["-to"] != "" {
		c.to = netip.AddrPortFrom(addressAt(o["-to"]).Addr(), c.to.Port())
	}
	if o["-nonce"] != "" {
		c.nonce = uint64(engine.Integer(o["-nonce"]))
	}
	lengths, firsts := variants(o, 0)
	var b *backend
	if len(rest) > 2 {
		b = backendNamed(s, rest[2])
	}
	for _, n := range lengths {
		for _, first := range firsts {
			c.p = sockets.P(first, c.nonce, n)
			c.nonce++
			D := upward(rest[1], flipped(b, o), c.p)
			if rest[1] == "raw" {
				s.Values["T"], s.Values["P"], s.Values["external"] = escaped(b.t[:]), escaped(c.p),
					escaped([]byte{byte(c.to.Port() >> 8), byte(c.to.Port())})
				D = s.Texts(rest[3:])
			}
			c.Send(D, c.to, ecnFrom(o))
		}
	}
	return nil
}

// flipped gives the backend with a changed byte in its token, if the options ask for that.
func flipped(b *backend, o map[string]string) *backend {
	if o["-flip"] == "" {
		return b
	}
	other := *b
	other.t[engine.Integer(o["-flip"])] ^= 1 << rand.IntN(8)
	return &other
}

func reachesVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-ecn", "-flow")
	if len(rest) != 2 {
		return engine.ErrUsage
	}
	b, c := backendNamed(s, rest[0]), clientNamed(s, rest[1], "")
	before := maps.Clone(b.flows)
	d, err := arrives(s, b, c, s.Wait())
	if err != nil {
		return err
	}
	if o["-ecn"] != "" && d.Ecn != ecnFrom(o) {
		return engine.Violation("expected the ECN bits %s at the backend %s, not %d", o["-ecn"], b.Name, d.Ecn)
	}
	switch {
	case o["-flow"] == "same" && d.From != before[c.Name]:
		return engine.Violation("the client %s had the loopback source %v, and has %v now",
			c.Name, before[c.Name], d.From)
	case o["-flow"] == "new":
		for name, from := range seenSources(s, before, b) {
			if from == d.From {
				return engine.Violation("the client %s has the loopback source %v, which was that of %s",
					c.Name, d.From, name)
			}
		}
	}
	of(s).sources = append(of(s).sources, source{c.Name + " at " + b.Name, d.From})
	return nil
}

// A source is a loopback source that was seen, with its client.
type source struct {
	whose string
	at    netip.AddrPort
}

// seenSources gives all loopback sources that were seen so far.
func seenSources(s *engine.Session, before map[string]netip.AddrPort, b *backend) map[string]netip.AddrPort {
	all := make(map[string]netip.AddrPort)
	for name, at := range before {
		all[name+" at "+b.Name] = at
	}
	for _, seen := range of(s).sources {
		all[seen.whose] = seen.at
	}
	return all
}

func answersVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-len", "-first", "-ecn")
	if len(rest) != 2 {
		return engine.ErrUsage
	}
	b, c := backendNamed(s, rest[0]), clientNamed(s, rest[1], "")
	lengths, firsts := variants(o, 0x80)
	for _, n := range lengths {
		for _, first := range firsts {
			b.Send(sockets.P(first, c.nonce, n), b.flows[c.Name], ecnFrom(o))
		}
	}
	return nil
}

func getsVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-ecn", "-from")
	if len(rest) != 2 {
		return engine.ErrUsage
	}
	c, b := clientNamed(s, rest[0], ""), backendNamed(s, rest[1])
	d, err := answered(s, c, b, s.Wait())
	if err != nil {
		return err
	}
	if o["-ecn"] != "" && d.Ecn != ecnFrom(o) {
		return engine.Violation("expected the ECN bits %s at the client %s, not %d", o["-ecn"], c.Name, d.Ecn)
	}
	if o["-from"] != "" && d.From != c.to {
		return engine.Violation("the client %s sends to %v, and its answer comes from %v", c.Name, c.to, d.From)
	}
	return nil
}

func carriesVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-at")
	if len(rest) != 3 {
		return engine.ErrUsage
	}
	mark := s.Rec.Mark()
	for _, name := range namesIn(rest[:1]) {
		s.Rec.Back(mark) // of many, the last is enough
		if err := carries(s, clientNamed(s, name, o["-at"]), rest[1], backendNamed(s, rest[2])); err != nil {
			return err
		}
	}
	return nil
}

// escaped writes bytes with Go's escapes.
func escaped(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		fmt.Fprintf(&text, `\x%02x`, c)
	}
	return text.String()
}
