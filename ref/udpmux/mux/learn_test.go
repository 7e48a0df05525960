package mux

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// All sessions get an unknown client's datagrams for 10 s, then only those that answered.
func TestLearnBinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for n := 1; n <= 3; n++ {
		w.register(n, udpmux.Learn)
	}
	w.register(4, udpmux.Token)
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
	w.m.Poll(w.now, w.isAlive)
	w.ports(w.learn(1, 4), 1)
	if strings.Count(w.log.String(), "client answered") != 2 {
		t.Errorf("the log:\n%s", w.log.String())
	}
}

// Nobody answers: after 10 s one datagram in 3 s is probed.
func TestProbeRetry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Learn)
	got := []string{}
	for ; w.now < 20*time.Second; w.now += 500 * time.Millisecond {
		if len(w.learn(1, uint64(w.now))) > 0 && w.now >= 9*time.Second {
			got = append(got, fmt.Sprint(w.now))
		}
	}
	if want := "[9s 9.5s 12.5s 15.5s 18.5s]"; fmt.Sprint(got) != want {
		t.Errorf("probed at %v, not %s", got, want)
	}
	w.register(2, udpmux.Learn)
	w.now += 3 * time.Second
	w.ports(w.learn(1, 1<<40), 1, 2)
}

// bound returns a world whose client 1 is bound to session 1 of two and no longer probed; its highest nonce is 100.
func bound(t *testing.T) *world {
	w := newWorld(t, nil)
	w.register(1, udpmux.Learn)
	w.register(2, udpmux.Learn)
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
	w.ports(w.learn(1, 105), 1) // the last was a second ago
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
	w.register(1, udpmux.Learn)
	w.register(2, udpmux.Learn)
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

// Probing reaches all sessions or none, bound clients do without, and there is room for clients that were never probed.
func TestProbeLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.ProbeRate, c.MaxLearnSessions = 12, 2 })
	w.register(1, udpmux.Learn)
	w.register(2, udpmux.Learn)
	w.answered(w.ports(w.learn(1, 0), 1, 2)[0], 1)
	w.now += 10 * time.Second
	w.ports(w.learn(2, 0), 1, 2)
	for i := range 3 { // half of the limit is for clients that were probed before
		w.ports(w.learn(2, uint64(i)), 1, 2)
	}
	w.ports(w.learn(2, 9))
	w.dropped(errProbeRate, 1)
	w.ports(w.learn(1, 1), 1) // bound
	w.ports(w.learn(3, 0), 1, 2)
	w.ports(w.learn(4, 0), 1, 2)
	w.ports(w.learn(5, 0))
	w.dropped(errProbeRate, 2)
	w.now += 167 * time.Millisecond
	w.ports(w.learn(5, 1), 1, 2)
	w.ports(w.learn(1, 2), 1)
}

// Sources without bindings are forgotten; bound ones are not.
func TestMaxSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSources = 3 })
	w.register(1, udpmux.Learn)
	w.register(2, udpmux.Learn)
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
	w.register(1, udpmux.Learn)
	w.register(2, udpmux.Learn)
	w.ports(w.learn(1, 0), 1, 2)
	if d := w.learn(2, 0); len(d) != 1 {
		t.Errorf("%d deliveries", len(d))
	}
	w.ports(w.learn(3, 0))
	w.ports(w.learn(1, 1), 1, 2)
}
