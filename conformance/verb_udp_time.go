package conformance

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() {
	maps.Copy(verbs, map[string]verb{
		"stops": stopsVerb, "begins": beginsVerb, "spaced": spacedVerb, "probe": probeVerb, "soonest": soonestVerb, "swarm": swarmVerb,
		"unused": unusedVerb, "promptly": promptlyVerb, "overrun": overrunVerb, "newcomers": newcomersVerb, "torrent": torrentVerb, "depart": departVerb,
		"finds": findsVerb, "remembers": remembersVerb,
	})
}

// holds says whether a datagram of that kind has come.
func holds(all []datagram, b []byte) bool {
	return slices.ContainsFunc(all, func(d datagram) bool { return bytes.Equal(d.b, b) })
}

// passesUp says whether a datagram of the client reaches the backend: a good one behind it does. answering, if there is one, answers
// the client.
func (s *session) passesUp(ts *testscript.TestScript, c *udpClient, mode string, b, answering *backend) bool {
	c.up(mode, b)
	P := c.p
	if answering != nil {
		for _, d := range s.fence(ts, answering) {
			if bytes.Equal(d.b, P) {
				answering.flows[c.name] = d.from
			}
		}
		answering.down(c)
		const moment = 50 * time.Millisecond // on a busy machine its flow may be gone; then there is no answer
		for step := window(moment); !step.over(); {
			if d, err := c.next(step); err == nil && bytes.Equal(d.b, answering.last) {
				break
			}
		}
	}
	return holds(s.fence(ts, b), P)
}

// passesDown says whether an answer of the backend reaches the client: one for another client behind it does.
func (s *session) passesDown(ts *testscript.TestScript, b *backend, c *udpClient) bool {
	var answers [][]byte
	for w := s.wait(); !w.over(); {
		s.fence(ts, b) // the other client is not idle
		b.down(c)
		answers = append(answers, b.last)
		fence := s.udp.clients[fenceName]
		b.down(fence)
		const moment = 50 * time.Millisecond // else it was idle after all, on a busy machine
		for step := window(moment); !step.over(); {
			if d, err := fence.next(step); err == nil && bytes.Equal(d.b, b.last) {
				came := c.there()
				return slices.ContainsFunc(answers, func(b []byte) bool { return holds(came, b) })
			}
		}
	}
	s.inconclusive(ts, "no answer to another client came through in time")
	return false
}

// comes waits until this datagram comes, whatever comes before it.
func (s *session) comes(ts *testscript.TestScript, to *udpSocket, b []byte) (from netip.AddrPort) {
	w := s.wait()
	for {
		d, err := to.next(w)
		if err != nil {
			s.failed(ts, w, fmt.Sprintf("at %s a datagram that was sent to it", to.name), err)
		}
		if bytes.Equal(d.b, b) {
			return d.from
		}
	}
}

// finds BACKEND CLIENT: the client's last datagram comes to the backend, whatever comes before it.
func findsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2, "finds BACKEND CLIENT")
	b, c := of(ts).backend(ts, args[0]), of(ts).clientNamed(ts, args[1], "")
	b.flows[c.name] = of(ts).comes(ts, b.udpSocket, c.p)
}

// inRow is how many datagrams have to be missing in a row, so that one that is lost does not count.
const inRow = 3

const stopsUsage = "up [-answering BACKEND] [-beside BACKEND] CLIENT MODE BACKEND|down BACKEND CLIENT"

// way gives a function that says whether a datagram passes in the way that a verb's arguments name.
func (s *session) way(ts *testscript.TestScript, args []string) (what string, passes func() bool) {
	usageError(ts, false, len(args) > 0, stopsUsage)
	o, rest := options(ts, stopsUsage, args[1:], "-answering", "-beside")
	switch {
	case args[0] == "up" && len(rest) == 3 && o["-beside"] != "":
		c, b, other := s.clientNamed(ts, rest[0], ""), s.backend(ts, rest[2]), s.backend(ts, o["-beside"])
		return fmt.Sprintf("datagrams of the client %s to the backend %s", c.name, b.name), func() bool {
			c.up(rest[1], b)
			s.fence(ts, other)
			return holds(b.there(), c.p)
		}
	case args[0] == "up" && len(rest) == 3:
		c, b := s.clientNamed(ts, rest[0], ""), s.backend(ts, rest[2])
		var answering *backend
		if o["-answering"] != "" {
			answering = s.backend(ts, o["-answering"])
		}
		return fmt.Sprintf("datagrams of the client %s to the backend %s", c.name, b.name), func() bool { return s.passesUp(ts, c, rest[1], b, answering) }
	case args[0] == "down" && len(rest) == 2:
		b, c := s.backend(ts, rest[0]), s.clientNamed(ts, rest[1], "")
		return fmt.Sprintf("answers of the backend %s to the client %s", b.name, c.name), func() bool { return s.passesDown(ts, b, c) }
	}
	usageError(ts, false, false, stopsUsage)
	return "", nil
}

// stops up|down ...: datagrams are sent that way, again and again, until they do not arrive any more, within the time limit. -answering: this
// backend answers each. -beside: the good one that comes behind each is for this backend.
func stopsVerb(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	what, passes := s.way(ts, args)
	missing, mark := 0, s.rec.mark()
	for w := s.wait(); missing < inRow; time.Sleep(udpMoment) {
		s.rec.back(mark)
		missing++
		if passes() {
			missing = 0
		}
		if w.over() && missing == 0 {
			s.failed(ts, w, "that no more "+what+" arrive", errLimit)
		}
	}
}

// begins up|down ...: datagrams are sent that way, again and again, until one arrives, within the time limit.
func beginsVerb(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	what, passes := s.way(ts, args)
	mark := s.rec.mark()
	for w := s.wait(); !passes(); time.Sleep(udpMoment) {
		s.rec.back(mark)
		if w.over() {
			s.failed(ts, w, "that "+what+" arrive", errLimit)
		}
	}
}

// spaced TIME COUNT CLIENT MODE BACKEND: datagrams are sent all the time; COUNT of them arrive, and no two within less than TIME.
func spacedVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "spaced TIME COUNT CLIENT MODE BACKEND"
	usageError(ts, neg, len(args) == 5, usage)
	least, err := time.ParseDuration(args[0])
	usageError(ts, false, err == nil, usage)
	s := of(ts)
	c, b := s.clientNamed(ts, args[2], ""), s.backend(ts, args[4])
	var last time.Time // when the datagram was sent that arrived last: not later than it was forwarded
	w, mark := s.waitFor(least*time.Duration(integer(ts, args[1]))), s.rec.mark()
	for n := integer(ts, args[1]); n > 0; time.Sleep(udpMoment) {
		s.rec.back(mark)
		sent := time.Now()
		arrived := s.passesUp(ts, c, args[3], b, nil)
		took := time.Since(last)
		switch {
		case arrived && !last.IsZero() && took < least:
			s.violation(ts, "two datagrams of %s arrived within %v, expected at least %v between them", c.name, took, least)
		case arrived:
			last, n = sent, n-1
		case w.over():
			s.failed(ts, w, fmt.Sprintf("%s datagrams of %s at the backend %s", args[1], c.name, b.name), errLimit)
		}
	}
}

// promptly [-at ADDR] CLIENT MODE BACKEND: a datagram goes up and an answer comes down, both within a quarter of a second.
func promptlyVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "promptly [-at ADDR] CLIENT MODE BACKEND"
	at, rest := options(ts, usage, args, "-at")
	usageError(ts, neg, len(rest) == 3, usage)
	s := of(ts)
	c, b := s.clientNamed(ts, rest[0], at["-at"]), s.backend(ts, rest[2])
	prompt := wait{began: time.Now(), limit: 250 * time.Millisecond, pulse: s.run.pulse}
	c.up(rest[1], b)
	_, o, reason := s.arrives(b, c, prompt)
	if o == Pass {
		b.down(c)
		_, o, reason = s.answered(c, b, prompt)
	}
	if o != Pass {
		s.end(ts, o, reason)
	}
}
