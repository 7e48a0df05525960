package daemon

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func crowdVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "probe", Usage: "most|whole N RATE BACKEND...",
			Help: "N new clients each send a learn datagram. With most, the backends together get at least one the " +
				"first time, and no more than a burst of RATE and RATE per second. With whole, a datagram that " +
				"reaches one of the backends reaches all of them.", Max: -1, Run: probeVerb},
		{Name: "unused", Usage: "N MODE BACKEND",
			Help: "N new clients each send a datagram, one after another. No two of the datagrams have the same " +
				"loopback source, and none has a source seen before.", Min: 3, Max: 3, Run: unusedVerb},
		{Name: "overrun", Usage: "BACKEND CLIENT VERB...",
			Help: "While the backend sends to the client's flow without a pause, VERB succeeds in the end. Lost " +
				"datagrams are sent again.", Min: 5, Max: 5, Run: overrunVerb},
		{Name: "swarm", Usage: "N MODE BACKEND",
			Help: "N clients, each at an address of its own, send a datagram each. The verb ends when the daemon " +
				"has handled all of them.", Min: 3, Max: 3, Run: swarmVerb},
		{Name: "newcomers", Usage: "N RATE MODE BACKEND",
			Help: "Of N new clients that send at once, no more reach the backend than a burst of RATE and RATE per " +
				"second.", Min: 4, Max: 4, Run: newcomersVerb},
		{Name: "torrent", Usage: "[-stopped on] N CLIENT MODE BACKEND",
			Help: "The client sends N datagrams at once, and nobody reads them; with -stopped, while the target is " +
				"stopped, and the verb ends when one sent later arrives.",
			Max: -1, Run: torrentVerb},
		{Name: "depart", Usage: "CLIENT",
			Help: "The client closes its socket.", Min: 1, Max: 1, Run: departVerb},
		{Name: "remembers", Usage: "N MOST MODE BACKEND",
			Help: "N new clients send a datagram to the backend one by one. Afterwards at least one of them and at " +
				"most MOST of them get an answer.", Min: 4, Max: 4, Run: remembersVerb},
	}
}

func probeVerb(s *engine.Session, args []string) error {
	if !(len(args) > 3 && (args[0] == "most" || args[0] == "whole")) {
		return engine.ErrUsage
	}
	rate := float64(engine.Integer(args[2]))
	var backends []*backend
	for _, name := range args[3:] {
		b := backendNamed(s, name)
		fence(s, b)
		backends = append(backends, b)
	}
	began := time.Now()
	for range engine.Integer(args[1]) {
		stranger(s).up("learn", nil)
	}
	came := make([][]sockets.Datagram, len(backends))
	total := 0
	for i, b := range backends {
		came[i] = fence(s, b)
		total += len(came[i])
	}
	most := rate + rate*time.Since(began).Seconds()
	s.Rec.Note("%d datagrams came to %d backends within %v",
		total, len(backends), time.Since(began).Round(time.Millisecond))
	first := !of(s).probed
	of(s).probed = true
	switch {
	case total == 0 && first:
		return engine.Blocked("what the rule builds on does not work: no unknown client's datagram came to any backend")
	case args[0] == "most" && float64(total) > most:
		return engine.Violation("%d datagrams were forwarded by probing in %v, expected at most %.0f", total,
			time.Since(began).Round(time.Millisecond), most)
	case args[0] == "whole":
		whole(s, backends, came)
	}
	return nil
}

func whole(s *engine.Session, backends []*backend, came [][]sockets.Datagram) {
	w := s.Wait()
	for _, d := range slices.Concat(came...) {
		for i, b := range backends {
			for !holds(came[i], d.B) {
				next, err := b.Next(w)
				if err != nil {
					engine.Must(s.Meaning(w, fmt.Sprintf("a datagram at the backend %s that another backend got",
						b.Name), err))
				}
				came[i] = append(came[i], next)
			}
		}
	}
}

func unusedVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[2])
	mark := s.Rec.Mark()
	for range engine.Integer(args[0]) {
		s.Rec.Back(mark)
		c := stranger(s)
		c.up(args[1], b)
		if err := reachesVerb(s, []string{"-flow", "new", b.Name, c.Name}); err != nil {
			return err
		}
	}
	return nil
}

func swarmVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[2])
	const atOnce = 200 // fewer than any receive buffer holds
	mark := s.Rec.Mark()
	err := swarm(s, clientNamed(s, fenceName, "").to, int(engine.Integer(args[0])), func(i int) []byte {
		if i%atOnce == 0 {
			s.Rec.Back(mark)
			fence(s, b)
		}
		return upward(args[1], b, sockets.P(0, uint64(i), 24))
	})
	if err != nil {
		return engine.Inconclusive("sending from many addresses: %v", err)
	}
	fence(s, b)
	return nil
}

// stranger gives a new client.
func stranger(s *engine.Session) *client {
	of(s).strangers++
	return clientNamed(s, "stranger "+strconv.Itoa(of(s).strangers), "")
}

func newcomersVerb(s *engine.Session, args []string) error {
	b, rate := backendNamed(s, args[3]), float64(engine.Integer(args[1]))
	fence(s, b)
	began := time.Now()
	for range engine.Integer(args[0]) {
		stranger(s).up(args[2], b)
	}
	came := len(fence(s, b))
	took := time.Since(began)
	s.Rec.Note("%d new clients came through within %v", came, took)
	if most := rate + rate*took.Seconds(); float64(came) > most {
		return engine.Violation("%d new clients came through within %v, expected at most %.0f",
			came, took.Round(time.Millisecond), most)
	}
	return nil
}

func departVerb(s *engine.Session, args []string) error {
	c := clientNamed(s, args[0], "")
	c.Close()
	c.Rec.Note("%s. the client has closed its socket", c.Name)
	return nil
}

func remembersVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[3])
	var clients []*client
	mark := s.Rec.Mark()
	for range engine.Integer(args[0]) {
		s.Rec.Back(mark)
		c := stranger(s)
		c.up(args[2], b)
		if _, err := arrives(s, b, c, s.Wait()); err != nil {
			return err
		}
		clients = append(clients, c)
	}
	got, last := 0, clients[len(clients)-1]
	for some := range slices.Chunk(clients[:len(clients)-1], inRow) { // few, so that a receive buffer holds them
		for _, c := range append(some, last) {
			b.down(c)
		}
		comes(s, last.Socket, b.Last)
		for _, c := range some {
			got += len(c.There())
		}
		s.Rec.Back(mark)
	}
	got++ // the last one
	s.Rec.Note("%d of %d clients got an answer", got, len(clients))
	if got > int(engine.Integer(args[1])) {
		return engine.Violation("%d clients are remembered, expected at most %s", got, args[1])
	}
	return nil
}
