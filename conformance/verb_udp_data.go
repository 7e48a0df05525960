package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() {
	maps.Copy(verbs, map[string]verb{
		"sends": sendsVerb, "reaches": reachesVerb, "answers": answersVerb, "gets": getsVerb, "carries": carriesVerb,
		"empty": emptyVerb, "clear": clearVerb, "lengths": lengthsVerb, "burst": burstVerb, "farewell": farewellVerb, "intrudes": intrudesVerb,
	})
}

// clientNamed gives the client of that name: a new one at its first mention, bound to at.
func (s *session) clientNamed(ts *testscript.TestScript, name, at string) *udpClient {
	if c := s.udp.clients[name]; c != nil {
		return c
	}
	from := netip.AddrPortFrom(s.nearby(), 0)
	if addr, other, _ := strings.Cut(at, ":"); s.udp.clients[other] != nil { // with another client's port
		from = netip.AddrPortFrom(addressAt(ts, addr).Addr(), s.udp.clients[other].address().Port())
	} else if at != "" {
		from = addressAt(ts, at)
	}
	c, err := s.newClient(name, from)
	if err != nil {
		s.inconclusive(ts, "binding %v for a client: %v", from, err)
	}
	return c
}

// variants gives the datagrams' lengths and first bytes that the options ask for.
func variants(ts *testscript.TestScript, o map[string]string, first byte) (lengths []int, firsts []byte) {
	for _, text := range strings.Split(o["-len"], ",") {
		if text == "" {
			text = strconv.Itoa(usualLength)
		}
		lengths = append(lengths, int(integer(ts, text)))
	}
	for _, text := range strings.Split(o["-first"], ",") {
		if text == "" {
			text = strconv.Itoa(int(first))
		}
		n, err := strconv.ParseUint(text, 0, 8)
		usageError(ts, false, err == nil, "-first BYTE,...")
		firsts = append(firsts, byte(n))
	}
	return lengths, firsts
}

// ecnFrom reads -ecn.
func ecnFrom(ts *testscript.TestScript, o map[string]string) int {
	if o["-ecn"] == "" {
		return 0
	}
	return int(integer(ts, o["-ecn"]))
}

const sendsUsage = "sends [-len N,...] [-first BYTE,...] [-nonce N] [-flip I] [-ecn N] [-at ADDR] [-to ADDR] " +
	"CLIENT learn|token BACKEND|port BACKEND|raw BACKEND TEXT..."

// sends [OPTION...] CLIENT MODE [BACKEND]: the client, a new one at its first mention, sends a datagram, for the backend, in that
// mode's form, whose P is random behind a nonce that counts up; with -len or -first one for each value. -flip I: byte I of T is
// another. CLIENT raw BACKEND TEXT...: it sends these bytes, in which {T} is the token and {P} a P.
func sendsVerb(ts *testscript.TestScript, neg bool, args []string) {
	o, rest := options(ts, sendsUsage, args, "-len", "-first", "-nonce", "-flip", "-ecn", "-at", "-to")
	usageError(ts, neg, len(rest) == 3 || len(rest) == 2 && rest[1] == "learn" || len(rest) > 3 && rest[1] == "raw", sendsUsage)
	s := of(ts)
	c := s.clientNamed(ts, rest[0], o["-at"])
	if o["-to"] != "" {
		c.to = netip.AddrPortFrom(addressAt(ts, o["-to"]).Addr(), c.to.Port())
	}
	if o["-nonce"] != "" {
		c.nonce = uint64(integer(ts, o["-nonce"]))
	}
	lengths, firsts := variants(ts, o, 0)
	var b *backend
	if len(rest) > 2 {
		b = s.backend(ts, rest[2])
	}
	for _, n := range lengths {
		for _, first := range firsts {
			c.p = p(first, c.nonce, n)
			c.nonce++
			D := upward(rest[1], flipped(ts, b, o), c.p)
			if rest[1] == "raw" {
				s.values["T"], s.values["P"], s.values["external"] = escaped(b.t[:]), escaped(c.p), escaped([]byte{byte(c.to.Port() >> 8), byte(c.to.Port())})
				D = texts(ts, rest[3:])
			}
			c.send(D, c.to, ecnFrom(ts, o))
		}
	}
}

// flipped gives the backend with another byte in its token, if the options ask for that.
func flipped(ts *testscript.TestScript, b *backend, o map[string]string) *backend {
	if o["-flip"] == "" {
		return b
	}
	other := *b
	other.t[integer(ts, o["-flip"])] ^= 1 << rand.IntN(8)
	return &other
}

// reaches [-ecn N] [-flow same|new] BACKEND CLIENT: the next datagram at the backend is the P that the client sent last; it has these ECN
// bits; its source is the one that the client had at this backend, or one that none had.
func reachesVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "reaches [-ecn N] [-flow same|new] BACKEND CLIENT"
	o, rest := options(ts, usage, args, "-ecn", "-flow")
	usageError(ts, neg, len(rest) == 2, usage)
	s := of(ts)
	b, c := s.backend(ts, rest[0]), s.clientNamed(ts, rest[1], "")
	before := maps.Clone(b.flows)
	d, outcome, reason := s.arrives(b, c, s.wait())
	if outcome != Pass {
		s.end(ts, outcome, reason)
	}
	if o["-ecn"] != "" && d.ecn != ecnFrom(ts, o) {
		s.violation(ts, "expected the ECN bits %s at the backend %s, not %d", o["-ecn"], b.name, d.ecn)
	}
	switch {
	case o["-flow"] == "same" && d.from != before[c.name]:
		s.violation(ts, "the client %s had the loopback source %v, and has %v now", c.name, before[c.name], d.from)
	case o["-flow"] == "new":
		for name, from := range s.seenSources(before, b) {
			if from == d.from {
				s.violation(ts, "the client %s has the loopback source %v, which was that of %s", c.name, d.from, name)
			}
		}
	}
	s.udp.sources = append(s.udp.sources, source{c.name + " at " + b.name, d.from})
}

// A source is a loopback source that was seen, and whose it was.
type source struct {
	whose string
	at    netip.AddrPort
}

// seenSources gives all loopback sources that were seen so far.
func (s *session) seenSources(before map[string]netip.AddrPort, b *backend) map[string]netip.AddrPort {
	all := make(map[string]netip.AddrPort)
	for name, at := range before {
		all[name+" at "+b.name] = at
	}
	for _, seen := range s.udp.sources {
		all[seen.whose] = seen.at
	}
	return all
}

// answers [-len N,...] [-first BYTE,...] [-ecn N] BACKEND CLIENT: the backend sends a datagram to where it saw the client last; with
// -len or -first one for each value.
func answersVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "answers [-len N,...] [-first BYTE,...] [-ecn N] BACKEND CLIENT"
	o, rest := options(ts, usage, args, "-len", "-first", "-ecn")
	usageError(ts, neg, len(rest) == 2, usage)
	s := of(ts)
	b, c := s.backend(ts, rest[0]), s.clientNamed(ts, rest[1], "")
	lengths, firsts := variants(ts, o, 0x80)
	for _, n := range lengths {
		for _, first := range firsts {
			b.send(p(first, c.nonce, n), b.flows[c.name], ecnFrom(ts, o))
		}
	}
}

// gets [-ecn N] [-from there] CLIENT BACKEND: the next datagram at the client is what the backend sent last; it has these ECN bits; it
// comes from where the client sends to.
func getsVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "gets [-ecn N] [-from there] CLIENT BACKEND"
	o, rest := options(ts, usage, args, "-ecn", "-from")
	usageError(ts, neg, len(rest) == 2, usage)
	s := of(ts)
	c, b := s.clientNamed(ts, rest[0], ""), s.backend(ts, rest[1])
	d, outcome, reason := s.answered(c, b, s.wait())
	if outcome != Pass {
		s.end(ts, outcome, reason)
	}
	if o["-ecn"] != "" && d.ecn != ecnFrom(ts, o) {
		s.violation(ts, "expected the ECN bits %s at the client %s, not %d", o["-ecn"], c.name, d.ecn)
	}
	if o["-from"] != "" && d.from != c.to {
		s.violation(ts, "the client %s sends to %v, and its answer comes from %v", c.name, c.to, d.from)
	}
}

// carries [-at ADDR] CLIENT MODE BACKEND: a datagram goes up and an answer comes down.
func carriesVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "carries [-at ADDR] CLIENT MODE BACKEND"
	o, rest := options(ts, usage, args, "-at")
	usageError(ts, neg, len(rest) == 3, usage)
	s := of(ts)
	if outcome, reason := s.carries(s.clientNamed(ts, rest[0], o["-at"]), rest[1], s.backend(ts, rest[2])); outcome != Pass {
		s.end(ts, outcome, reason)
	}
}

// escaped writes bytes with Go's escapes.
func escaped(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		fmt.Fprintf(&text, `\x%02x`, c)
	}
	return text.String()
}
