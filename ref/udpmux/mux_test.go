package udpmux

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// A world is a Mux with a clock that the test turns.
type world struct {
	t     *testing.T
	m     *Mux
	now   time.Duration
	alive map[uint16]uint64 // the backends' inodes
	log   strings.Builder
}

func newWorld(t *testing.T, change func(c *Config)) *world {
	config := DefaultConfig(false)
	config.Modes = Learn | Token | Port
	if change != nil {
		change(&config)
	}
	w := &world{t: t, alive: make(map[uint16]uint64)}
	w.m = NewMux(config, slog.New(slog.NewTextHandler(&w.log, nil)))
	return w
}

// key is the n-th session's S.
func key(n int) (S [32]byte) {
	S[0], S[1] = 1, byte(n)
	return S
}

func (w *world) try(n int, port uint16, modes Mode) (uint32, error) {
	if w.alive[port] == 0 {
		w.alive[port] = uint64(port) * 10
	}
	return w.m.Register(w.now, Registration{1000, modes, port, w.alive[port], key(n)}, w.isAlive)
}

func (w *world) isAlive(port uint16, inode uint64) bool { return w.alive[port] == inode }

// register registers the n-th session, whose port is 2000 + n.
func (w *world) register(n int, modes Mode) uint32 {
	w.t.Helper()
	id, err := w.try(n, uint16(2000+n), modes)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) refused(code byte, err error) {
	w.t.Helper()
	if refusal, ok := errors.AsType[*Refusal](err); !ok || refusal.Code != code {
		w.t.Errorf("%v, want ERROR %d", err, code)
	}
}

// client is the i-th client.
func client(i int) Client {
	return Client{Remote: mapped([4]byte{10, 0, byte(i >> 8), byte(i)}), Local: mapped([4]byte{192, 0, 2, 1}), RemotePort: 5000}
}

func (w *world) learn(i int, nonce uint64) []Delivery {
	return w.m.FromClient(w.now, client(i), 0, moshP(nonce, 24))
}

// token sends from the i-th client to the n-th session.
func (w *world) token(i, n int) []Delivery {
	D, _ := AppendClient(nil, Header{Mode: Token, T: TokenOf(key(n))}, moshP(0, 24))
	return w.m.FromClient(w.now, client(i), 0, D)
}

// answer lets the session behind a delivery answer it.
func (w *world) answer(d Delivery) (Client, bool) {
	return w.m.FromBackend(w.now, d.Port, d.Source, moshP(toClient, 24))
}

// answered lets it answer, which must reach the i-th client.
func (w *world) answered(d Delivery, i int) {
	w.t.Helper()
	if c, ok := w.answer(d); !ok || c != client(i) {
		w.t.Errorf("the answer goes to %v (%v), not to %v", c.Address(), ok, client(i).Address())
	}
}

// ports checks where datagrams went: to the sessions with these numbers.
func (w *world) ports(deliveries []Delivery, sessions ...int) []Delivery {
	w.t.Helper()
	got := []int{}
	for _, d := range deliveries {
		got = append(got, int(d.Port)-2000)
	}
	slices.Sort(got)
	if !slices.Equal(got, sessions) {
		w.t.Errorf("at %v: delivered to the sessions %v, not %v", w.now, got, sessions)
	}
	return slices.Clone(deliveries)
}

func (w *world) dropped(reason error, n uint64) {
	w.t.Helper()
	if got := w.m.drops[reason]; got != n {
		w.t.Errorf("%d dropped because %v, not %d", got, reason, n)
	}
}

func TestTokenAndPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Token|Port)
	w.register(2, Token)
	w.register(3, Learn)
	a := w.ports(w.token(1, 1), 1)[0]
	b := w.ports(w.token(2, 1), 1)[0]
	c := w.ports(w.token(1, 2), 2)[0]
	if a.Source == b.Source || a.Source == c.Source {
		t.Error("two flows have one source")
	}
	w.answered(b, 2)
	w.answered(a, 1)
	w.answered(c, 1)
	if again := w.ports(w.token(1, 1), 1)[0]; again.Source != a.Source {
		t.Error("a flow changed its source")
	}
	D, _ := AppendClient(nil, Header{Mode: Port, Port: 2001}, moshP(0, 24))
	p := w.ports(w.m.FromClient(w.now, client(1), 3, D), 1)[0]
	if p.Source == a.Source || p.ECN != 3 || len(p.P) != 24 {
		t.Errorf("port mode: %+v", p)
	}
	w.answered(p, 1)
	w.ports(w.token(1, 3)) // a learn session has no token
	w.ports(w.token(1, 4))
	D, _ = AppendClient(nil, Header{Mode: Port, Port: 2002}, moshP(0, 24))
	w.ports(w.m.FromClient(w.now, client(1), 0, D)) // nor a token session a port
	w.dropped(errNoSession, 3)
	w.ports(w.learn(1, 0), 3) // those answers bound nothing
}

// A T that differs in any byte reaches nobody.
func TestWholeToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Token)
	for i := range 15 {
		T := TokenOf(key(1))
		T[i] ^= 1
		D, _ := AppendClient(nil, Header{Mode: Token, T: T}, moshP(0, 24))
		w.ports(w.m.FromClient(w.now, client(1), 0, D))
	}
}

func TestModesOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Modes = Port })
	w.register(1, Learn|Token|Port)
	w.ports(w.token(1, 1))
	w.ports(w.learn(1, 0))
	w.dropped(errModeOff, 2)
}

// What comes to the loopback side is checked, and changes nothing where it is forged.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Token)
	w.register(2, Token)
	d := w.token(1, 1)[0]
	if _, ok := w.m.FromBackend(w.now, 2002, d.Source, moshP(toClient, 24)); ok {
		t.Error("another session answered")
	}
	if _, ok := w.m.FromBackend(w.now, 2001, d.Source+1, moshP(toClient, 24)); ok {
		t.Error("there is a flow at a free source")
	}
	if _, ok := w.m.FromBackend(w.now, 2001, d.Source, moshP(0, 24)); ok {
		t.Error("the wrong direction passed")
	}
	w.dropped(errNotBackend, 1)
	w.dropped(errNoFlow, 1)
	w.dropped(errFaulty, 1)
	w.answered(d, 1)
}

// A flow ends when its client is silent, and its source rests.
func TestFlowIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.LoopbackSources = 2 })
	w.register(1, Token)
	d := w.token(1, 1)[0]
	w.now += 119 * time.Second
	w.answered(d, 1) // which does not prolong it
	w.now += time.Second
	if _, ok := w.answer(d); ok {
		t.Error("a silent client was answered")
	}
	other := w.token(2, 1)[0]
	if other.Source == d.Source {
		t.Error("the source did not rest")
	}
	w.now += 59 * time.Second
	w.ports(w.token(3, 1))
	w.dropped(errNoSource, 1)
	w.now += time.Second
	if again := w.ports(w.token(3, 1), 1)[0]; again.Source != d.Source {
		t.Error("the source did not come back")
	}
}

func TestFirstSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.FirstSource = allSources - 1 })
	w.register(1, Token)
	for i, want := range []uint32{allSources - 1, 0, 1} {
		if d := w.token(i, 1)[0]; d.Source != want {
			t.Errorf("source %d, not %d", d.Source, want)
		}
	}
}

// However many clients send, an answered one keeps its flow; among others the one heard longest ago goes.
func TestFlowsPerSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxFlowsPerSession = 4 })
	w.register(1, Token)
	good := w.token(0, 1)[0]
	w.answered(good, 0)
	for i := 1; i < 100; i++ {
		w.now += time.Millisecond
		w.token(i, 1)
	}
	w.answered(good, 0)
	if n := len(w.m.flows); n != 4 {
		t.Errorf("%d flows", n)
	}
	w.now++
	source := w.token(97, 1)[0].Source
	for i := range 2 {
		w.now++
		w.token(100+i, 1)
	}
	if again := w.token(97, 1)[0].Source; again != source {
		t.Error("one heard lately went first")
	}
}

// When the total is reached, the session with most flows pays.
func TestFlowsInAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxFlows = 10 })
	w.register(1, Token)
	w.register(2, Token)
	small := w.token(0, 2)[0]
	for i := range 20 {
		w.now++
		w.token(i, 1)
	}
	w.answered(small, 0)
	w.answered(w.ports(w.token(21, 2), 2)[0], 21)
	if n := len(w.m.byPort[2001].flows); n != 8 {
		t.Errorf("the large one has %d", n)
	}
}

func TestFlowRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.FlowRate = 10 })
	w.register(1, Token)
	w.register(2, Token)
	count := func(from, session int) (n int) {
		for i := range 50 {
			n += len(w.token(from+i, session))
		}
		return n
	}
	if n := count(0, 1); n != 10 {
		t.Errorf("%d at once", n)
	}
	w.now += 500 * time.Millisecond
	if n := count(100, 1); n != 5 {
		t.Errorf("%d after half a second", n)
	}
	w.ports(w.token(200, 2), 2)
	w.ports(w.token(0, 1), 1) // one that is there already
}

func TestRegisterAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.register(1, Token|Learn)
	d := w.token(1, 1)[0]
	l := w.learn(1, 0)[0]
	if again := w.register(1, Token); again != id {
		t.Errorf("the id changed from %d to %d", id, again)
	}
	w.answered(d, 1)
	if _, ok := w.answer(l); ok {
		t.Error("a flow of a mode that is off now goes on")
	}
	w.ports(w.learn(1, 1))
	_, err := w.try(1, 2050, Token) // another socket
	w.refused(CodeDuplicate, err)
	w.answered(d, 1)
	w.alive[2001] = 0 // the backend ended, and another has the key at once
	if again, err := w.try(1, 2050, Token); err != nil || again == id {
		t.Errorf("%d, %v", again, err)
	}
	if _, ok := w.answer(d); ok {
		t.Error("a dead session answers")
	}
}

// The same socket with another key: the old session ends, whatever its flows.
func TestRegisterPortAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSessions = 1 })
	w.register(1, Token)
	w.token(1, 1)
	if _, err := w.try(2, 2001, Token); err != nil {
		t.Fatal(err)
	}
	w.ports(w.token(1, 1))
	if d := w.token(1, 2); len(d) != 1 || d[0].Port != 2001 {
		t.Errorf("%+v", d)
	}
	if len(w.m.flows) != 1 || len(w.m.bySource) != 1 || w.m.heard.Len() != 1 {
		t.Error("flows are left over")
	}
}

// A socket that was the user's when it was looked up, and is gone when it is registered, takes nothing from the session that has its
// port now.
func TestRegisterLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Token)
	_, err := w.m.Register(w.now, Registration{1001, Token, 2001, 777, key(2)}, w.isAlive)
	w.refused(CodeNotOwner, err)
	w.ports(w.token(1, 1), 1)
}

func TestSessionLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSessions, c.MaxSessionsPerUID, c.MaxLearnSessions = 3, 2, 1 })
	w.register(1, Learn)
	_, err := w.try(2, 2002, Learn)
	w.refused(CodeLimit, err)
	w.register(2, Token)
	_, err = w.try(3, 2003, Token)
	w.refused(CodeLimit, err)
	other := func(n int) error {
		_, err := w.m.Register(w.now, Registration{1001, Token, uint16(2000 + n), 1, key(n)}, func(uint16, uint64) bool { return true })
		return err
	}
	if err := other(4); err != nil {
		t.Error(err)
	}
	w.refused(CodeLimit, other(5))
	w.register(1, Learn) // again, which needs no more room
	_, err = w.try(2, 2002, Learn)
	w.refused(CodeLimit, err)
	w.ports(w.token(1, 2), 2) // and nothing has changed
}

func TestPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Token)
	_, last := w.m.backends()
	w.register(2, Token)
	d := w.token(1, 1)[0]
	w.alive = map[uint16]uint64{2001: 7} // another socket has the port
	w.m.Poll(w.now, last, w.isAlive)
	w.ports(w.token(1, 1))
	if _, ok := w.answer(d); ok {
		t.Error("whoever has the port now answers")
	}
	w.ports(w.token(1, 2), 2) // younger than the look
	w.m.Poll(w.now, 2, w.isAlive)
	w.ports(w.token(1, 2))
}

// All sessions get an unknown client's datagrams for 10 s, then those that answered.
func TestLearnBinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for n := 1; n <= 3; n++ {
		w.register(n, Learn)
	}
	w.register(4, Token)
	first := w.ports(w.learn(1, 0), 1, 2, 3)
	w.answered(first[1], 1)
	w.now += 9999 * time.Millisecond
	w.answered(w.ports(w.learn(1, 1), 1, 2, 3)[0], 1) // bound ones come first: session 2
	w.now += time.Millisecond
	w.answered(w.ports(w.learn(1, 2), 2)[0], 1)
	w.answered(first[0], 1) // later, session 1: both are bound
	w.ports(w.learn(1, 3), 1, 2)
	w.ports(w.learn(2, 0), 1, 2, 3) // another client
	w.alive[2002] = 0
	w.m.Poll(w.now, 9, w.isAlive)
	w.ports(w.learn(1, 4), 1)
	if strings.Count(w.log.String(), "client answered") != 2 {
		t.Errorf("the log:\n%s", w.log.String())
	}
}

// Nobody answers: after 10 s one datagram in 3 s is probed.
func TestProbeRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Learn)
	got := []string{}
	for ; w.now < 20*time.Second; w.now += 500 * time.Millisecond {
		if len(w.learn(1, uint64(w.now))) > 0 && w.now >= 9*time.Second {
			got = append(got, fmt.Sprint(w.now))
		}
	}
	if want := "[9s 9.5s 12.5s 15.5s 18.5s]"; fmt.Sprint(got) != want {
		t.Errorf("probed at %v, not %s", got, want)
	}
	w.register(2, Learn)
	w.now += 3 * time.Second
	w.ports(w.learn(1, 1<<40), 1, 2)
}

// bound returns a world whose client 1 is bound to session 1 of two and is not probed any more; its highest nonce is 100.
func bound(t *testing.T) *world {
	w := newWorld(t, nil)
	w.register(1, Learn)
	w.register(2, Learn)
	d := w.ports(w.learn(1, 0), 1, 2)
	w.answered(d[0], 1)
	w.now += 10 * time.Second
	w.answered(w.ports(w.learn(1, 100), 1)[0], 1)
	return w
}

func TestProbeFall(t *testing.T) {
	t.Parallel()
	w := bound(t)
	w.ports(w.learn(1, 68), 1)
	w.answered(w.ports(w.learn(1, 67), 1, 2)[0], 1)
	w.now += 9 * time.Second
	w.answered(w.ports(w.learn(1, 70), 1, 2)[0], 1)
	w.now += time.Second
	w.answered(w.ports(w.learn(1, 69), 1)[0], 1) // 67 became the highest, then 70
}

func TestProbeAfter(t *testing.T) {
	t.Parallel()
	w := bound(t)
	w.now += time.Minute // silence is not a lack of answers
	w.ports(w.learn(1, 101), 1)
	w.now += 4999 * time.Millisecond
	w.ports(w.learn(1, 102), 1)
	w.now += time.Millisecond
	w.ports(w.learn(1, 103), 1, 2)
	w.now += 9 * time.Second
	w.ports(w.learn(1, 104), 1, 2)
	w.now += time.Second
	w.ports(w.learn(1, 105), 1) // a second ago was the last
	w.now += 2 * time.Second
	d := w.ports(w.learn(1, 106), 1, 2)
	w.answered(d[1], 1)
	w.ports(w.learn(1, 107), 1, 2)
	w.answered(d[0], 1)
	w.ports(w.learn(1, 108), 1, 2) // both are bound
}

// A binding fades when its session sends nothing; the client is unknown again then.
func TestBindingFades(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, Learn)
	w.register(2, Learn)
	d := w.learn(1, 0)
	old, young := d[0], d[1]
	w.answered(old, 1)
	w.answered(young, 1)
	for range 12 {
		w.now += 10 * time.Second
		w.learn(1, 1)
		w.answered(young, 1)
	}
	w.ports(w.learn(1, 1), int(young.Port)-2000)
	if n := len(w.m.known[client(1)].bound); n != 1 {
		t.Errorf("%d bindings", n)
	}
	for range 12 {
		w.now += 10 * time.Second
		w.learn(1, 1)
	}
	if n := w.m.unbound.Len(); n != 1 {
		t.Errorf("%d sources without bindings", n)
	}
}

// Probing is for all sessions or for none, bound clients do without, and those that were never probed come first.
func TestProbeLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.ProbeRate = 4 })
	w.register(1, Learn)
	w.register(2, Learn)
	w.answered(w.ports(w.learn(1, 0), 1, 2)[0], 1)
	w.ports(w.learn(2, 0), 1, 2)
	w.ports(w.learn(2, 1))    // waits
	w.ports(w.learn(3, 0))    // waits, never probed
	w.ports(w.learn(1, 1), 1) // bound; the rest waits
	w.now += 499 * time.Millisecond
	w.ports(w.m.Tick(w.now))
	w.now += time.Millisecond
	if d := w.ports(w.m.Tick(w.now), 1, 2); w.m.bySource[d[0].Source].key.client != client(3) {
		t.Error("the client that was never probed does not come first")
	}
	w.now += 499 * time.Millisecond
	w.ports(w.m.Tick(w.now))
	w.now += time.Millisecond
	w.ports(w.m.Tick(w.now)) // those that waited for a second are gone
	w.dropped(errWaited, 2)
	if w.m.Waiting() {
		t.Error("something waits")
	}
	w.ports(w.learn(3, 1), 1, 2)
}

// A waiting datagram is replaced by a newer one of its source; a full queue drops, but not who was never probed.
func TestMaxWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.ProbeRate, c.MaxWaiting = 1, 2 })
	w.register(1, Learn)
	w.learn(1, 0)
	w.ports(w.learn(1, 1))
	w.ports(w.learn(1, 2))
	w.dropped(errReplaced, 1)
	w.ports(w.learn(2, 0))
	w.ports(w.learn(3, 0)) // takes client 1's place
	w.ports(w.learn(4, 0))
	w.dropped(errReplaced, 3)
	w.now += 999 * time.Millisecond
	w.ports(w.learn(2, 7)) // in place of the first
	w.now += time.Millisecond
	d := w.ports(w.m.Tick(w.now), 1)
	if Nonce(d[0].P) != 7 || w.m.bySource[d[0].Source].key.client != client(2) {
		t.Error("the one that waited longest does not come first")
	}
}

// Sources without bindings are forgotten; the bound ones are not.
func TestMaxSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSources = 3 })
	w.register(1, Learn)
	w.register(2, Learn)
	w.answered(w.learn(1, 0)[0], 1)
	late := w.learn(2, 50)[0]
	for i := 3; i < 50; i++ {
		w.learn(i, 0)
	}
	if len(w.m.known) != 4 || w.m.unbound.Len() != 3 || w.m.known[client(1)] == nil {
		t.Errorf("%d known, %d without bindings", len(w.m.known), w.m.unbound.Len())
	}
	w.answered(late, 2) // its source was forgotten
	w.now += 10 * time.Second
	w.ports(w.learn(1, 1), int(w.m.known[client(1)].bound[0].session.Port)-2000)
}

// A learn session without room for flows is passed over; a session with room is probed.
func TestLearnWithoutSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.LoopbackSources = 3 })
	w.register(1, Learn)
	w.register(2, Learn)
	w.ports(w.learn(1, 0), 1, 2)
	if d := w.learn(2, 0); len(d) != 1 {
		t.Errorf("%d deliveries", len(d))
	}
	w.ports(w.learn(3, 0))
	w.ports(w.learn(1, 1), 1, 2)
}

// Neither clients nor sessions leave anything behind.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for n := range 20 {
		w.register(n, Learn|Token)
	}
	for i := range 300 {
		w.now += 10 * time.Millisecond
		for _, d := range append(slices.Clone(w.learn(i, 0)), w.token(i, i%20)...) {
			w.answer(d)
		}
	}
	w.alive = nil
	w.m.Poll(w.now, 1<<31, w.isAlive)
	m := w.m
	for what, n := range map[string]int{"byS": len(m.byS), "byT": len(m.byT), "byPort": len(m.byPort), "learners": len(m.learners), "flows": len(m.flows),
		"bySource": len(m.bySource), "heard": m.heard.Len(), "bindings": m.bindings.Len(), "known without order": len(m.known) - m.unbound.Len()} {
		if n != 0 {
			t.Errorf("%s: %d are left", what, n)
		}
	}
	if strings.Contains(w.log.String(), fmt.Sprintf("%x", key(3))) {
		t.Error("the log has a key")
	}
}

// The way of a datagram allocates nothing.
func TestNoAllocation(t *testing.T) {
	w := newWorld(t, nil)
	w.register(1, Token)
	w.register(2, Learn)
	D, _ := AppendClient(nil, Header{Mode: Token, T: TokenOf(key(1))}, moshP(0, 100))
	P, back := moshP(0, 100), moshP(toClient, 100)
	if n := testing.AllocsPerRun(100, func() {
		w.now++
		for _, b := range [][]byte{D, P} {
			for _, d := range w.m.FromClient(w.now, client(1), 0, b) {
				w.m.FromBackend(w.now, d.Port, d.Source, back)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
