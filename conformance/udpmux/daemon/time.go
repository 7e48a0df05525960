package daemon

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func timeVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "finds", Usage: "BACKEND CLIENT",
			Help: "The client's last datagram reaches the backend, whatever else arrives before it.",
			Min:  2, Max: 2, Run: findsVerb},
		{Name: "stops", Usage: "up|down ...",
			Help: "Datagrams are sent that way repeatedly until they no longer arrive, within the time limit. " +
				"-answering: this backend answers each. -beside: the good datagram after each goes to this backend; " +
				"several backends may be named, and all must stop within the same limit.",
			Max: -1, Run: stopsVerb},
		{Name: "begins", Usage: "up|down ...",
			Help: "Datagrams are sent that way repeatedly until one arrives, within the time limit.",
			Max:  -1, Run: beginsVerb},
		{Name: "spaced", Usage: "TIME COUNT CLIENT MODE BACKEND",
			Help: "Datagrams are sent without a pause until COUNT of them have arrived, no two of them less than " +
				"TIME apart.",
			Min: 5, Max: 5, Run: spacedVerb},
		{Name: "promptly", Usage: "[-at ADDR] CLIENT MODE BACKEND",
			Help: "A datagram reaches the backend and an answer the client within a quarter of a second, for this " +
				"client or one of two others.", Max: -1, Run: promptlyVerb},
	}
}

// holds says whether a datagram of that kind has come.
func holds(all []sockets.Datagram, b []byte) bool {
	return slices.ContainsFunc(all, func(d sockets.Datagram) bool { return bytes.Equal(d.B, b) })
}

// passesUp says whether a datagram of the client reaches the backend before a good one sent after it. answering, if not
// nil, answers the client.
func passesUp(s *engine.Session, c *client, mode string, b, answering *backend) bool {
	c.up(mode, b)
	P := c.p
	if answering != nil {
		for _, d := range fence(s, answering) {
			if bytes.Equal(d.B, P) {
				answering.flows[c.Name] = d.From
			}
		}
		answering.down(c)
		const moment = 50 * time.Millisecond // on a busy machine its flow may be gone, and no answer comes
		came := false
		for step := s.Window(moment); !came && !step.Over(); {
			d, err := c.next(step)
			came = err == nil && bytes.Equal(d.B, answering.Last)
		}
		if !came {
			c.late = append(c.late, answering.Last)
		}
	}
	return holds(fence(s, b), P)
}

// passesBeside says whether a datagram of the client reaches one of the backends before a good one sent after it
// reaches other.
func passesBeside(s *engine.Session, c *client, mode string, names []string, other *backend) (passes bool) {
	sent := make([][]byte, len(names))
	for i, name := range names {
		c.up(mode, backendNamed(s, name))
		sent[i] = c.p
	}
	fence(s, other)
	for i, name := range names {
		if holds(backendNamed(s, name).There(), sent[i]) {
			passes = true
		}
	}
	return passes
}

// passesDown says whether an answer of the backend reaches the client before one sent after it reaches another client.
func passesDown(s *engine.Session, b *backend, c *client) bool {
	var answers [][]byte
	for w := s.Wait(); !w.Over(); {
		fence(s, b) // keeps the other client from going idle
		b.down(c)
		answers = append(answers, b.Last)
		fence := of(s).clients[fenceName]
		b.down(fence)
		const moment = 50 * time.Millisecond // after that it was idle after all, on a busy machine
		for step := s.Window(moment); !step.Over(); {
			if d, err := fence.next(step); err == nil && bytes.Equal(d.B, b.Last) {
				came := c.There()
				return slices.ContainsFunc(answers, func(b []byte) bool { return holds(came, b) })
			}
		}
	}
	engine.Must(engine.Inconclusive("no answer to another client came through in time"))
	return false
}

// comes waits until this datagram comes, whatever comes before it.
func comes(s *engine.Session, to *sockets.Socket, b []byte) (from netip.AddrPort) {
	w := s.Wait()
	for {
		d, err := to.Next(w)
		if err != nil {
			engine.Must(s.Meaning(w, fmt.Sprintf("a datagram sent to it at %s", to.Name), err))
		}
		if bytes.Equal(d.B, b) {
			return d.From
		}
	}
}

func findsVerb(s *engine.Session, args []string) error {
	b, c := backendNamed(s, args[0]), clientNamed(s, args[1], "")
	b.flows[c.Name] = comes(s, b.Socket, c.p)
	return nil
}

// inRow is how many datagrams in a row must be missing, so that a single lost one does not count.
const inRow = 3

const stopsUsage = "up [-answering BACKEND] [-beside BACKEND] CLIENT MODE BACKEND...|down BACKEND CLIENT"

// way gives a function that says whether a datagram passes in the way named by a verb's arguments.
func way(s *engine.Session, args []string) (what string, passes func() bool) {
	if len(args) == 0 {
		engine.Must(engine.Mistake(stopsUsage))
	}
	o, rest := options(args[1:], "-answering", "-beside")
	switch {
	case args[0] == "up" && len(rest) >= 3 && o["-beside"] != "":
		c, names, other := clientNamed(s, rest[0], ""), namesIn(rest[2:]), backendNamed(s, o["-beside"])
		what = fmt.Sprintf("datagrams of the client %s to %s", c.Name, strings.Join(names, ", "))
		return what, func() bool { return passesBeside(s, c, rest[1], names, other) }
	case args[0] == "up" && len(rest) == 3:
		c, b := clientNamed(s, rest[0], ""), backendNamed(s, rest[2])
		var answering *backend
		if o["-answering"] != "" {
			answering = backendNamed(s, o["-answering"])
		}
		return fmt.Sprintf("datagrams of the client %s to the backend %s", c.Name, b.Name), func() bool {
			return passesUp(s,
				c, rest[1], b, answering)
		}
	case args[0] == "down" && len(rest) == 2:
		b, c := backendNamed(s, rest[0]), clientNamed(s, rest[1], "")
		return fmt.Sprintf("answers of the backend %s to the client %s", b.Name, c.Name), func() bool {
			return passesDown(s,
				b, c)
		}
	}
	engine.Must(engine.Mistake(stopsUsage))
	return "", nil
}

func stopsVerb(s *engine.Session, args []string) error {
	what, passes := way(s, args)
	missing, mark := 0, s.Rec.Mark()
	for w := s.Wait(); missing < inRow; time.Sleep(engine.Moment) {
		s.Rec.Back(mark)
		missing++
		if passes() {
			missing = 0
		}
		if w.Over() && missing == 0 {
			return s.Meaning(w, "an end of "+what, engine.ErrLimit)
		}
	}
	return nil
}

func beginsVerb(s *engine.Session, args []string) error {
	what, passes := way(s, args)
	mark := s.Rec.Mark()
	for w := s.Wait(); !passes(); time.Sleep(engine.Moment) {
		s.Rec.Back(mark)
		if w.Over() {
			return s.Meaning(w, "that "+what+" arrive", engine.ErrLimit)
		}
	}
	return nil
}

func spacedVerb(s *engine.Session, args []string) error {
	least, err := time.ParseDuration(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	c, b := clientNamed(s, args[2], ""), backendNamed(s, args[4])
	var last time.Time // when the last datagram to arrive was sent, which is no later than it was forwarded
	w, mark := s.WaitFor(least*time.Duration(engine.Integer(args[1]))), s.Rec.Mark()
	for n := engine.Integer(args[1]); n > 0; time.Sleep(engine.Moment) {
		s.Rec.Back(mark)
		sent := time.Now()
		arrived := passesUp(s, c, args[3], b, nil)
		took := time.Since(last)
		switch {
		case arrived && !last.IsZero() && took < least:
			return engine.Violation("two datagrams of %s arrived within %v, expected at least %v between them",
				c.Name, took.Round(time.Millisecond), least)
		case arrived:
			last, n = sent, n-1
		case w.Over():
			return s.Meaning(w, fmt.Sprintf("%s datagrams of %s at the backend %s", args[1], c.Name, b.Name),
				engine.ErrLimit)
		}
	}
	return nil
}
