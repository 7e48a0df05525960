package conformance

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// clear NAME...: take all that has come to the backends; it does not matter.
func clearVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0, "clear NAME...")
	for _, name := range args {
		of(ts).fence(ts, of(ts).backend(ts, name))
	}
}

// lengths up|down CLIENT MODE BACKEND STEP: for every length of P from 24 to 2048 in these steps, and 2048 itself, a datagram that way
// arrives as it was sent; some are under way at once.
func lengthsVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "lengths up|down CLIENT MODE BACKEND STEP"
	usageError(ts, neg, len(args) == 5, usage)
	s, lengths := of(ts), []int{}
	for n := 24; n < 2048; n += int(integer(ts, args[4])) {
		lengths = append(lengths, n)
	}
	t := s.traffic(ts, args[:4], usage)
	const atOnce = 32
	mark := s.rec.mark()
	for some := range slices.Chunk(append(lengths, 2048), atOnce) {
		s.rec.back(mark)
		t.send(some)
		t.arrive(ts, false)
	}
}

// burst up|down [-order on] CLIENT MODE BACKEND N: N datagrams of different lengths that way without waiting: each arrives once, as it
// is; -order: in order.
func burstVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "burst up|down [-order on] CLIENT MODE BACKEND N"
	usageError(ts, neg, len(args) > 1, usage)
	o, rest := options(ts, usage, args[1:], "-order")
	usageError(ts, false, len(rest) == 4, usage)
	t := of(ts).traffic(ts, append(args[:1:1], rest[:3]...), usage)
	var lengths []int
	for i := range int(integer(ts, rest[3])) {
		lengths = append(lengths, 24+13*i%100)
	}
	t.send(lengths)
	t.arrive(ts, o["-order"] != "")
}

// farewell N CLIENT MODE BACKEND...: while the target stands still, each backend sends the client N answers and closes its socket, and its
// agent the connection; all answers arrive.
func farewellVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "farewell N CLIENT MODE BACKEND..."
	usageError(ts, neg, len(args) > 3, usage)
	s, lengths := of(ts), slices.Repeat([]int{usualLength}, int(integer(ts, args[0])))
	var all []*traffic
	for _, name := range args[3:] {
		all = append(all, s.traffic(ts, []string{"down", args[1], args[2], name}, usage))
	}
	members := s.in.process.members()
	if err := members.pause(s.wait()); err != nil {
		s.inconclusive(ts, "%v", err)
	}
	for i, name := range args[3:] {
		all[i].send(lengths)
		vacateVerb(ts, false, []string{name})
		agentVerb(ts, false, []string{name})
		leaveVerb(ts, false, nil)
	}
	members.proceed()
	for _, t := range all {
		t.arrive(ts, true)
	}
}

// traffic is datagrams that go one way.
type traffic struct {
	s    *session
	to   *udpSocket
	one  func(n int) []byte // sends a P of n bytes
	sent [][]byte
}

// traffic reads up|down CLIENT MODE BACKEND, and carries a datagram there and back, so that the backend knows where the client is.
func (s *session) traffic(ts *testscript.TestScript, args []string, usage string) *traffic {
	usageError(ts, false, args[0] == "up" || args[0] == "down", usage)
	carriesVerb(ts, false, args[1:])
	c, b, mode := s.clientNamed(ts, args[1], ""), s.backend(ts, args[3]), args[2]
	if args[0] == "down" {
		return &traffic{s: s, to: c.udpSocket, one: func(n int) []byte {
			b.send(p(0x80|byte(n), uint64(n), n), b.flows[c.name], 0)
			return b.last
		}}
	}
	return &traffic{s: s, to: b.udpSocket, one: func(n int) []byte {
		c.p = p(0, c.nonce, n)
		c.nonce++
		c.send(upward(mode, b, c.p), c.to, 0)
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

// arrive: each datagram that was sent comes, once and as it was sent.
func (t *traffic) arrive(ts *testscript.TestScript, ordered bool) {
	seen := make([]bool, len(t.sent))
	w := t.s.wait()
	for i := range t.sent {
		d, err := t.to.next(w)
		if err != nil {
			t.s.failed(ts, w, fmt.Sprintf("%d datagrams; %d came", len(t.sent), i), err)
		}
		at := slices.IndexFunc(t.sent, func(b []byte) bool { return bytes.Equal(b, d.b) })
		switch {
		case at < 0:
			t.s.violation(ts, "datagram %d that came, %d bytes, is none of those that were sent", i, len(d.b))
		case seen[at]:
			t.s.violation(ts, "datagram %d came twice", at)
		case ordered && at != i:
			t.s.violation(ts, "datagram %d came where datagram %d was to be", at, i)
		}
		seen[at] = true
	}
}

// intrudes [-like BACKEND] ADDR BACKEND CLIENT: from another socket, at that address and with the backend's port if -like, datagrams go to
// where the backend saw the client last.
func intrudesVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "intrudes [-like BACKEND] ADDR BACKEND CLIENT"
	o, rest := options(ts, usage, args, "-like")
	usageError(ts, neg, len(rest) == 3, usage)
	s := of(ts)
	at, b := addressAt(ts, rest[0]), s.backend(ts, rest[1])
	if o["-like"] != "" {
		at = netip.AddrPortFrom(at.Addr(), s.backend(ts, o["-like"]).address().Port())
	}
	u, err := s.bindUDP("intruder", at)
	if err != nil {
		s.inconclusive(ts, "binding %v: %v", at, err)
	}
	for _, first := range []byte{0x80, 0x00} {
		u.send(p(first, uint64(time.Now().UnixNano()), usualLength), b.flows[rest[2]], 0)
	}
	u.send([]byte{0x80}, b.flows[rest[2]], 0)
	u.Close()
}

// fence sends a datagram of another client behind all that was sent so far, and gives what came to the backend before it.
func (s *session) fence(ts *testscript.TestScript, b *backend) (before []datagram) {
	c := s.clientNamed(ts, fenceName, "")
	mode := "learn"
	for _, m := range []udpMode{{"token", wire.ModeToken}, {"port", wire.ModePort}} {
		if b.modes&m.bit != 0 {
			mode = m.name
			break
		}
	}
	c.up(mode, b)
	w := s.wait()
	for {
		d, err := b.next(w)
		switch {
		case err != nil:
			s.failed(ts, w, fmt.Sprintf("at the backend %s a good datagram behind the others", b.name), err)
		case bytes.Equal(d.b, c.p):
			b.flows[c.name] = d.from
			return before
		default:
			before = append(before, d)
		}
	}
}

// fenceName is the client whose datagrams go behind others.
const fenceName = "fence"

// empty NAME...: nothing has come to the backend or client. A good datagram behind all others comes first.
func emptyVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0, "empty NAME...")
	s := of(ts)
	for _, name := range args {
		var came []datagram
		if b := s.udp.backends[name]; b != nil {
			came = s.fence(ts, b)
		} else {
			came = s.fenceClient(ts, s.clientNamed(ts, name, ""))
		}
		if len(came) > 0 {
			s.violation(ts, "expected that nothing comes to %s; %d bytes came from %v: %s", name, len(came[0].b), came[0].from, shown(came[0].b))
		}
	}
}

// fenceClient carries a good datagram of the client to a backend that has nothing else to do, and an answer back; it gives what came to the
// client before that.
func (s *session) fenceClient(ts *testscript.TestScript, c *udpClient) (before []datagram) {
	b := s.udp.backends[fenceName]
	if b == nil {
		b = s.bindBackend(ts, fenceName, netip.AddrPortFrom(loopback4, 0))
		s.enroll(ts, b, s.mode().bit)
	}
	old := c.p
	defer func() { c.p = old }()
	c.up(s.mode().name, b)
	if _, o, reason := s.arrives(b, c, s.wait()); o != Pass {
		s.end(ts, o, reason)
	}
	b.down(c)
	w := s.wait()
	for {
		d, err := c.next(w)
		switch {
		case err != nil:
			s.failed(ts, w, fmt.Sprintf("at the client %s a good answer behind all others", c.name), err)
		case bytes.Equal(d.b, b.last):
			return before
		default:
			before = append(before, d)
		}
	}
}
