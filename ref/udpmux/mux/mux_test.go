package mux

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A world is a Mux with a clock that the test sets.
type world struct {
	t     *testing.T
	m     *Mux
	now   time.Duration
	alive map[uint16]uint64 // the backends' inodes
	log   strings.Builder
}

func newWorld(t *testing.T, change func(c *Config)) *world {
	config := DefaultConfig()
	config.Modes = udpmux.Learn | udpmux.Token | udpmux.Port
	if change != nil {
		change(&config)
	}
	w := &world{t: t, alive: make(map[uint16]uint64)}
	w.m = New(config, slog.New(slog.NewTextHandler(&w.log, nil)))
	return w
}

// key is the n-th session's S.
func key(n int) (S [32]byte) {
	S[0], S[1] = 1, byte(n)
	return S
}

func (w *world) try(n int, port uint16, modes udpmux.Mode) (uint32, error) {
	if w.alive[port] == 0 {
		w.alive[port] = uint64(port) * 10
	}
	return w.m.Register(w.now, Registration{1000, modes, Backend{port, w.alive[port]}, key(n)}, w.isAlive)
}

func (w *world) isAlive(b Backend) bool { return w.alive[b.Port] == b.Inode }

// register registers the n-th session, whose port is 2000 + n.
func (w *world) register(n int, modes udpmux.Mode) uint32 {
	w.t.Helper()
	id, err := w.try(n, uint16(2000+n), modes)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) refused(code byte, err error) {
	w.t.Helper()
	if refusal, ok := errors.AsType[*udpmux.Refusal](err); !ok || refusal.Code != code {
		w.t.Errorf("%v, want ERROR %d", err, code)
	}
}

// client is the i-th client.
func client(i int) Client {
	return Client{Remote: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).As16(),
		Local: netip.AddrFrom4([4]byte{192, 0, 2, 1}).As16(), RemotePort: 5000}
}

func (w *world) learn(i int, nonce uint64) []Delivery {
	return w.m.FromClient(w.now, client(i), 0, moshP(nonce, 24))
}

// token sends from the i-th client to the n-th session.
func (w *world) token(i, n int) []Delivery {
	D, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(key(n))}, moshP(0, 24))
	return w.m.FromClient(w.now, client(i), 0, D)
}

// answer has the session of a delivery answer it.
func (w *world) answer(d Delivery) (Client, bool) {
	return w.m.FromBackend(w.now, d.Port, d.Source, moshP(toClient, 24))
}

// answered does so, too, and the answer must reach the i-th client.
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
	if got := w.m.drops[reason.Error()]; got != n {
		w.t.Errorf("%d dropped because %v, not %d", got, reason, n)
	}
}

func TestTokenAndPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Token|udpmux.Port)
	w.register(2, udpmux.Token)
	w.register(3, udpmux.Learn)
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
	D, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Port, Port: 2001}, moshP(0, 24))
	p := w.ports(w.m.FromClient(w.now, client(1), 3, D), 1)[0]
	if p.Source == a.Source || p.ECN != 3 || len(p.P) != 24 {
		t.Errorf("port mode: %+v", p)
	}
	w.answered(p, 1)
	w.ports(w.token(1, 3)) // a learn session has no token
	w.ports(w.token(1, 4))
	D, _ = udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Port, Port: 2002}, moshP(0, 24))
	w.ports(w.m.FromClient(w.now, client(1), 0, D)) // nor a token session a port
	w.dropped(errNoSession, 3)
	w.ports(w.learn(1, 0), 3) // those answers bound nothing
}

// A T with any byte changed reaches nobody.
func TestWholeToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	for i := range 15 {
		T := udpmux.TokenOf(key(1))
		T[i] ^= 1
		D, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: T}, moshP(0, 24))
		w.ports(w.m.FromClient(w.now, client(1), 0, D))
	}
}

func TestModesOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Modes = udpmux.Port })
	w.register(1, udpmux.Learn|udpmux.Token|udpmux.Port)
	w.ports(w.token(1, 1))
	w.ports(w.learn(1, 0))
	w.dropped(errModeOff, 2)
}

// What comes to the loopback side is checked, and changes nothing if it is forged.
func TestForgedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	w.register(2, udpmux.Token)
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
	w.register(1, udpmux.Token)
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

// One user's token clients do not use up the loopback sources of another's, nor do resting sources; learn has a limit
// of its own.
func TestLoopbackPerUID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxLoopbackPerUID, c.MaxFlowsPerSession, c.FlowRate = 5, 2, 100 })
	for n := 1; n <= 4; n++ {
		w.register(n, udpmux.Token|udpmux.Learn)
		w.m.byPort[uint16(2000+n)].UID = uint32(n % 2)
	}
	for i := range 5 { // three of them rest
		w.ports(w.token(i, 1), 1)
	}
	w.ports(w.token(5, 1))
	w.ports(w.token(5, 3)) // the same user's
	w.dropped(errNoSource, 2)
	w.ports(w.token(5, 2), 2)
	w.ports(w.learn(6, 0), 1, 2, 3, 4)
	w.now += time.Minute
	for i := range 3 {
		w.ports(w.token(7+i, 3), 3)
	}
}

// Five users with all the sessions they may have, each getting new clients as fast as allowed for some seconds, leave
// loopback sources to a sixth, and no datagram takes longer than before.
func TestUsersTogether(t *testing.T) {
	t.Parallel()
	const users, sessions, length = 5, 64, 8
	w := newWorld(t, nil)
	id := func(user, session int) int { return user*sessions + session }
	enter := func(user, session int) {
		w.alive[uint16(2000+id(user, session))] = 1
		r := Registration{uint32(user), udpmux.Token, Backend{uint16(2000 + id(user, session)), 1},
			wideKey(id(user, session))}
		if _, err := w.m.Register(w.now, r, w.isAlive); err != nil {
			t.Fatal(err)
		}
	}
	clients := 0
	send := func(n int) []Delivery {
		D, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(wideKey(n))}, moshP(0, 24))
		clients++
		c := client(clients)
		c.Remote[0] = byte(clients >> 16)
		return w.m.FromClient(w.now, c, 0, D)
	}
	for user := range users {
		for session := range sessions {
			enter(user, session)
		}
	}
	var first, last time.Duration
	for second := range length {
		began := time.Now()
		for n := range users * sessions {
			for range w.m.config.FlowRate {
				send(n)
			}
		}
		if last = time.Since(began); second == 0 {
			first = last
		}
		w.now += time.Second
	}
	t.Logf("%d clients; a second's took %v at first, %v at last", clients, first, last)
	if last > 10*first+time.Second {
		t.Errorf("datagrams take longer: a second's took %v at first, %v at last", first, last)
	}
	for user := range uint32(users) {
		if n := w.m.sources.held[int64(user)]; n != w.m.config.MaxLoopbackPerUID {
			t.Errorf("user %d has %d sources", user, n)
		}
	}
	enter(users, 0)
	if len(send(id(users, 0))) != 1 {
		t.Error("another user's client is not let in")
	}
}

// wideKey is the S of one of more than 256 sessions.
func wideKey(n int) (S [32]byte) {
	S[0], S[1], S[2] = 2, byte(n), byte(n>>8)
	return S
}

// Looking for a free loopback source does not look at all of them.
func TestFullPoolIsCheap(t *testing.T) {
	const n = 100_000
	p := sourcePool{size: n, held: make(map[int64]int)}
	for range n {
		p.resting = append(p.resting, rest{p.take(1), 1, time.Minute})
	}
	if began := time.Now(); func() (found bool) {
		for range n {
			found = found || p.has(0)
		}
		return found
	}() || time.Since(began) > time.Second {
		t.Errorf("%d looks took %v, or one was free", n, time.Since(began))
	}
	if !p.has(time.Minute) || p.held[1] > 0 {
		t.Errorf("after the rest none is free, or is held: %v", p.held)
	}
}

func TestFirstSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.FirstSource = allSources - 1 })
	w.register(1, udpmux.Token)
	for i, want := range []uint32{allSources - 1, 0, 1} {
		if d := w.token(i, 1)[0]; d.Source != want {
			t.Errorf("source %d, not %d", d.Source, want)
		}
	}
}

// However many clients send, an answered one keeps its flow; of the others the one heard longest ago goes.
func TestFlowsPerSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxFlowsPerSession = 4 })
	w.register(1, udpmux.Token)
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
	w.register(1, udpmux.Token)
	w.register(2, udpmux.Token)
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
	w.register(1, udpmux.Token)
	w.register(2, udpmux.Token)
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
	w.ports(w.token(0, 1), 1) // an existing one
}

// Neither clients nor sessions leave anything behind.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for n := range 20 {
		w.register(n, udpmux.Learn|udpmux.Token)
	}
	for i := range 300 {
		w.now += 10 * time.Millisecond
		for _, d := range append(slices.Clone(w.learn(i, 0)), w.token(i, i%20)...) {
			w.answer(d)
		}
	}
	w.alive = nil
	w.m.Poll(w.now, w.isAlive)
	m := w.m
	for what, n := range map[string]int{"byT": len(m.byT), "byPort": len(m.byPort), "learners": len(m.learners),
		"flows": len(m.flows), "bySource": len(m.bySource), "heard": m.heard.Len(), "bindings": m.bindings.Len(),
		"known without order": len(m.known) - m.unbound.Len()} {
		if n != 0 {
			t.Errorf("%s: %d are left", what, n)
		}
	}
	if strings.Contains(w.log.String(), fmt.Sprintf("%x", key(3))) {
		t.Error("the log has a key")
	}
}

// Carrying a datagram allocates nothing.
func TestNoAllocation(t *testing.T) {
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	w.register(2, udpmux.Learn)
	D, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(key(1))}, moshP(0, 100))
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
