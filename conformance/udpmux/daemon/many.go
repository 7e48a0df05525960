package daemon

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func trafficVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "clear", Usage: "NAME...",
			Help: "Discard everything that has come to these backends.", Min: 1, Max: -1, Run: clearVerb},
		{Name: "lengths", Usage: "up|down CLIENT MODE BACKEND STEP",
			Help: "For every length of P from 24 to 2048 in steps of STEP, and for 2048, a datagram sent that way " +
				"arrives unchanged. Several are in flight at once.", Min: 5, Max: 5, Run: lengthsVerb},
		{Name: "burst", Usage: "up|down [-order on] CLIENT MODE BACKEND N",
			Help: "N datagrams of different lengths are sent that way without a pause. Each arrives once and " +
				"unchanged; with -order, they arrive in order.", Min: 2, Max: -1, Run: burstVerb},
		{Name: "farewell", Usage: "N CLIENT MODE BACKEND...",
			Help: "While the target is stopped, each backend sends the client N answers and closes its socket, and " +
				"its agent closes the connection. All answers arrive.", Min: 4, Max: -1, Run: farewellVerb},
		{Name: "intrudes", Usage: "[-like BACKEND] ADDR BACKEND CLIENT",
			Help: "Another socket, at ADDR and with -like at that backend's port, sends datagrams to the address " +
				"where the backend last saw the client.", Max: -1, Run: intrudesVerb},
		{Name: "empty", Usage: "NAME...",
			Help: "Nothing has come to the backend or client. To show that, a good datagram is sent last, and comes " +
				"first.",
			Min: 1, Max: -1, Run: emptyVerb},
	}
}

func clearVerb(s *engine.Session, args []string) error {
	for _, name := range args {
		fence(s, backendNamed(s, name))
	}
	return nil
}

func lengthsVerb(s *engine.Session, args []string) error {
	lengths := []int{}
	for n := 24; n < 2048; n += int(engine.Integer(args[4])) {
		lengths = append(lengths, n)
	}
	t := trafficNamed(s, args[:4])
	const atOnce = 32
	mark := s.Rec.Mark()
	for some := range slices.Chunk(append(lengths, 2048), atOnce) {
		s.Rec.Back(mark)
		t.send(some)
		t.arrive(false)
	}
	return nil
}

func burstVerb(s *engine.Session, args []string) error {
	o, rest := options(args[1:], "-order")
	if len(rest) != 4 {
		return engine.ErrUsage
	}
	t := trafficNamed(s, append(args[:1:1], rest[:3]...))
	var lengths []int
	for i := range int(engine.Integer(rest[3])) {
		lengths = append(lengths, 24+13*i%100)
	}
	t.send(lengths)
	t.arrive(o["-order"] != "")
	return nil
}

func farewellVerb(s *engine.Session, args []string) error {
	lengths := slices.Repeat([]int{sockets.UsualLength}, int(engine.Integer(args[0])))
	var all []*traffic
	for _, name := range args[3:] {
		all = append(all, trafficNamed(s, []string{"down", args[1], args[2], name}))
	}
	members := s.In.Process.Members()
	if err := members.Pause(s.Wait()); err != nil {
		return engine.Inconclusive("%v", err)
	}
	for i, name := range args[3:] {
		all[i].send(lengths)
		if err := vacateVerb(s, []string{name}); err != nil {
			return err
		}
		if err := agentVerb(s, []string{name}); err != nil {
			return err
		}
		if err := leaveVerb(s, nil); err != nil {
			return err
		}
	}
	members.Proceed()
	for _, t := range all {
		t.arrive(true)
	}
	return nil
}

// traffic is datagrams that go in one direction.
type traffic struct {
	s    *engine.Session
	to   *sockets.Socket
	one  func(n int) []byte // sends a P of n bytes
	sent [][]byte
}

// trafficNamed reads up|down CLIENT MODE BACKEND, and carries a datagram there and back so that the backend knows where
// the client is.
func trafficNamed(s *engine.Session, args []string) *traffic {
	if !(args[0] == "up" || args[0] == "down") {
		engine.Must(engine.ErrUsage)
	}
	engine.Must(carriesVerb(s, args[1:]))
	c, b, mode := clientNamed(s, args[1], ""), backendNamed(s, args[3]), args[2]
	if args[0] == "down" {
		return &traffic{s: s, to: c.Socket, one: func(n int) []byte {
			b.Send(sockets.P(0x80|byte(n), uint64(n), n), b.flows[c.Name], 0)
			return b.Last
		}}
	}
	return &traffic{s: s, to: b.Socket, one: func(n int) []byte {
		c.p = sockets.P(0, c.nonce, n)
		c.nonce++
		c.Send(upward(mode, b, c.p), c.to, 0)
		return c.p
	}}
}

// send sends a P of each length.
func (t *traffic) send(lengths []int) {
	t.sent = nil
	for _, n := range lengths {
		t.sent = append(t.sent, t.one(n))
	}
}

// arrive: each datagram arrives once, as it was sent.
func (t *traffic) arrive(ordered bool) {
	seen := make([]bool, len(t.sent))
	w := t.s.Wait()
	for i := range t.sent {
		d, err := t.to.Next(w)
		if err != nil {
			engine.Must(t.s.Meaning(w, fmt.Sprintf("%d datagrams; %d came", len(t.sent), i), err))
		}
		at := slices.IndexFunc(t.sent, func(b []byte) bool { return bytes.Equal(b, d.B) })
		switch {
		case at < 0:
			engine.Must(engine.Violation("datagram %d that came, %d bytes, is not one of those sent", i, len(d.B)))
		case seen[at]:
			engine.Must(engine.Violation("datagram %d came twice", at))
		case ordered && at != i:
			engine.Must(engine.Violation("datagram %d came in place of datagram %d", at, i))
		}
		seen[at] = true
	}
}

func intrudesVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-like")
	if len(rest) != 3 {
		return engine.ErrUsage
	}
	at, b := addressAt(rest[0]), backendNamed(s, rest[1])
	if o["-like"] != "" {
		at = netip.AddrPortFrom(at.Addr(), backendNamed(s, o["-like"]).Address().Port())
	}
	u, err := sockets.Bind(s, "intruder", at, of(s).options())
	if err != nil {
		return engine.Inconclusive("binding %v: %v", at, err)
	}
	for _, first := range []byte{0x80, 0x00} {
		u.Send(sockets.P(first, uint64(time.Now().UnixNano()), sockets.UsualLength), b.flows[rest[2]], 0)
	}
	u.Send([]byte{0x80}, b.flows[rest[2]], 0)
	u.Close()
	return nil
}

// fenceName is the client whose datagrams are sent after others.
const fenceName = "fence"
