package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// probe most|whole N RATE BACKEND...: N new clients send a learn datagram each. Together the backends get at most RATE at once and
// RATE per second of them, and the first time at least one; or each of these datagrams comes to all of the backends or to none. whole:
// what came to one of the backends comes to each.
func probeVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "probe most|whole N RATE BACKEND..."
	usageError(ts, neg, len(args) > 3 && (args[0] == "most" || args[0] == "whole"), usage)
	s, rate := of(ts), float64(integer(ts, args[2]))
	var backends []*backend
	for _, name := range args[3:] {
		b := s.backend(ts, name)
		s.fence(ts, b)
		backends = append(backends, b)
	}
	began := time.Now()
	for range integer(ts, args[1]) {
		s.stranger(ts).up("learn", nil)
	}
	came := make([][]datagram, len(backends))
	total := 0
	for i, b := range backends {
		came[i] = s.fence(ts, b)
		total += len(came[i])
	}
	most := rate + rate*time.Since(began).Seconds()
	s.rec.note("%d datagrams came to %d backends within %v", total, len(backends), time.Since(began))
	first := !s.udp.probed
	s.udp.probed = true
	switch {
	case total == 0 && first:
		s.end(ts, Blocked, "what the rule builds on does not work: no unknown client's datagram came to any backend")
	case args[0] == "most" && float64(total) > most:
		s.violation(ts, "%d datagrams were forwarded by probing in %v, expected at most %.0f", total, time.Since(began), most)
	case args[0] == "whole":
		s.whole(ts, backends, came)
	}
}

func (s *session) whole(ts *testscript.TestScript, backends []*backend, came [][]datagram) {
	w := s.wait()
	for _, d := range slices.Concat(came...) {
		for i, b := range backends {
			for !holds(came[i], d.b) {
				next, err := b.next(w)
				if err != nil {
					s.failed(ts, w, fmt.Sprintf("at the backend %s a datagram that another backend got", b.name), err)
				}
				came[i] = append(came[i], next)
			}
		}
	}
}

// soonest BACKEND CLIENT: of all datagrams that wait, the client's last one comes to the backend before any other does.
func soonestVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2, "soonest BACKEND CLIENT")
	s := of(ts)
	b, c := s.backend(ts, args[0]), s.clientNamed(ts, args[1], "")
	if holds(s.fence(ts, b), c.p) {
		return
	}
	if _, o, reason := s.arrives(b, c, s.wait()); o != Pass {
		s.end(ts, o, reason)
	}
}

// unused N MODE BACKEND: N new clients send a datagram each, one behind the other; no two of them have the same loopback source, nor one that
// was seen before.
func unusedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 3, "unused N MODE BACKEND")
	s, b := of(ts), of(ts).backend(ts, args[2])
	mark := s.rec.mark()
	for range integer(ts, args[0]) {
		s.rec.back(mark)
		c := s.stranger(ts)
		c.up(args[1], b)
		reachesVerb(ts, false, []string{"-flow", "new", b.name, c.name})
	}
}

// overrun BACKEND CLIENT VERB...: while the backend sends to the client's flow without a pause, the verb succeeds at last; what is
// lost is sent again.
func overrunVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "overrun BACKEND CLIENT CLIENT MODE BACKEND"
	usageError(ts, neg, len(args) == 5, usage)
	s := of(ts)
	b, victim := s.backend(ts, args[0]), s.clientNamed(ts, args[1], "")
	c, other := s.clientNamed(ts, args[2], ""), s.backend(ts, args[4])
	stop, done, to := make(chan struct{}), make(chan struct{}), b.flows[victim.name]
	go func() {
		defer close(done)
		for P := p(0x80, 0, usualLength); ; {
			select {
			case <-stop:
				return
			default:
				b.WriteToUDPAddrPort(P, to)
			}
		}
	}()
	defer func() { close(stop); <-done }()
	mark := s.rec.mark()
	for w := s.wait(); ; {
		s.rec.back(mark)
		c.up(args[3], other)
		arrived := false
		for step := window(20 * time.Millisecond); !step.over(); {
			if d, err := other.next(step); err == nil && bytes.Equal(d.b, c.p) {
				other.flows[c.name], arrived = d.from, true
				break
			}
		}
		if arrived {
			other.down(c)
			for step := window(20 * time.Millisecond); !step.over(); {
				if d, err := c.next(step); err == nil && bytes.Equal(d.b, other.last) {
					return
				}
			}
		}
		if w.over() {
			s.failed(ts, w, "a datagram of another session and its answer", errLimit)
		}
	}
}

// swarm N MODE BACKEND: so many clients, each at an address of its own, send a datagram each. The daemon has looked at all of them
// before the verb is over.
func swarmVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 3, "swarm N MODE BACKEND")
	s, b := of(ts), of(ts).backend(ts, args[2])
	const atOnce = 200 // fewer than any receive buffer holds
	mark := s.rec.mark()
	err := s.swarm(s.clientNamed(ts, fenceName, "").to, int(integer(ts, args[0])), func(i int) []byte {
		if i%atOnce == 0 {
			s.rec.back(mark)
			s.fence(ts, b)
		}
		return upward(args[1], b, p(0, uint64(i), 24))
	})
	if err != nil {
		s.inconclusive(ts, "sending from many addresses: %v", err)
	}
	s.fence(ts, b)
}

// stranger gives a client that was not there before.
func (s *session) stranger(ts *testscript.TestScript) *udpClient {
	s.udp.strangers++
	return s.clientNamed(ts, "stranger "+strconv.Itoa(s.udp.strangers), "")
}

// newcomers N RATE MODE BACKEND: of N new clients that send at once, no more come through to the backend than RATE, and RATE per second.
func newcomersVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 4, "newcomers N RATE MODE BACKEND")
	s, b, rate := of(ts), of(ts).backend(ts, args[3]), float64(integer(ts, args[1]))
	s.fence(ts, b)
	began := time.Now()
	for range integer(ts, args[0]) {
		s.stranger(ts).up(args[2], b)
	}
	came := len(s.fence(ts, b))
	took := time.Since(began)
	s.rec.note("%d new clients came through within %v", came, took)
	if most := rate + rate*took.Seconds(); float64(came) > most {
		s.violation(ts, "%d new clients came through within %v, expected at most %.0f", came, took, most)
	}
}

// torrent N CLIENT MODE BACKEND: the client sends N datagrams at once, which nobody reads.
func torrentVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 4, "torrent N CLIENT MODE BACKEND")
	s := of(ts)
	c, b := s.clientNamed(ts, args[1], ""), s.backend(ts, args[3])
	mark := s.rec.mark()
	for range integer(ts, args[0]) {
		s.rec.back(mark)
		c.up(args[2], b)
	}
}

// depart CLIENT: the client closes its socket.
func departVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "depart CLIENT")
	c := of(ts).clientNamed(ts, args[0], "")
	c.Close()
	c.rec.note("%s. the client has closed its socket", c.name)
}

// remembers N MOST MODE BACKEND: of N new clients whose datagrams came to the backend one by one, no more than MOST get an answer
// afterwards, and at least one.
func remembersVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 4, "remembers N MOST MODE BACKEND")
	s, b := of(ts), of(ts).backend(ts, args[3])
	var clients []*udpClient
	mark := s.rec.mark()
	for range integer(ts, args[0]) {
		s.rec.back(mark)
		c := s.stranger(ts)
		c.up(args[2], b)
		if _, o, reason := s.arrives(b, c, s.wait()); o != Pass {
			s.end(ts, o, reason)
		}
		clients = append(clients, c)
	}
	got, last := 0, clients[len(clients)-1]
	for some := range slices.Chunk(clients[:len(clients)-1], inRow) { // few at once: a receive buffer holds them
		for _, c := range append(some, last) {
			b.down(c)
		}
		s.comes(ts, last.udpSocket, b.last)
		for _, c := range some {
			got += len(c.there())
		}
		s.rec.back(mark)
	}
	got++ // the last one
	s.rec.note("%d of %d clients got an answer", got, len(clients))
	if got > int(integer(ts, args[1])) {
		s.violation(ts, "%d clients are remembered, expected at most %s", got, args[1])
	}
}
