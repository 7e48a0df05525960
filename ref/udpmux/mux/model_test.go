package mux

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A model knows what everybody can see of a Mux: which sessions there are, and to which client of which session a
// loopback source belonged when something was last sent from it.
type model struct {
	t        *rapid.T
	m        *Mux
	config   Config
	now      time.Duration
	alive    map[uint16]uint64 // the inodes of ports
	inode    uint64
	sessions map[uint16]Registration // by port
	owner    map[uint32]flowKey      // of a source, without the session's id
	port     map[uint32]uint16       // the port of the owner's session
	used     map[uint32]time.Duration
}

// TestRandom does anything in any order and checks that each datagram goes where it may, that limits are kept, and that
// the tables fit together.
func TestRandom(t *testing.T) { rapid.Check(t, random) }

func random(t *rapid.T) {
	config := DefaultConfig()
	config.Modes = udpmux.Learn | udpmux.Token | udpmux.Port
	config.MaxSessions, config.MaxSessionsPerUID, config.MaxLearnSessions = 5, 3, 3
	config.MaxFlows, config.MaxFlowsPerSession, config.FlowRate, config.ProbeRate = 9, 4, 8, 9
	config.MaxSources, config.MaxLoopbackPerUID, config.LoopbackSources = 3, 5, 14
	config.FirstSource = rapid.Uint32Range(0, 13).Draw(t, "first source")
	w := &model{t: t, m: New(config, slog.New(slog.DiscardHandler)), config: config, alive: make(map[uint16]uint64),
		sessions: make(map[uint16]Registration), owner: make(map[uint32]flowKey), port: make(map[uint32]uint16),
		used: make(map[uint32]time.Duration)}
	for range 3 {
		w.register(t)
	}
	t.Repeat(map[string]func(*rapid.T){
		"register": w.register, "end": w.end, "answers": w.backends, "clients": w.clients,
		"time": func(t *rapid.T) {
			w.now += rapid.SampledFrom([]time.Duration{1, 1e6, 1e8, 1e9, 5e9, 30e9, 70e9, 130e9}).Draw(t, "passes")
		},
		"": w.check,
	})
}

func (w *model) isAlive(b Backend) bool { return w.alive[b.Port] == b.Inode }

func (w *model) register(t *rapid.T) {
	port := rapid.Uint16Range(2000, 2006).Draw(t, "port")
	if w.alive[port] == 0 {
		w.inode++
		w.alive[port] = w.inode
	}
	// A port belongs to one user, as a socket does.
	r := Registration{UID: uint32(port % 2), Backend: Backend{port, w.alive[port]},
		S: key(rapid.IntRange(0, 7).Draw(t, "key")), Modes: udpmux.Mode(rapid.IntRange(1, 7).Draw(t, "modes"))}
	if rapid.IntRange(0, 9).Draw(t, "late") == 0 {
		r.Inode += 1000
	}
	for port, s := range w.sessions {
		if w.alive[port] != s.Inode && (s.S == r.S || port == r.Port) {
			delete(w.sessions, port)
		}
	}
	_, err := w.m.Register(w.now, r, w.isAlive)
	if err != nil {
		return
	}
	for port, s := range w.sessions {
		if s.S == r.S && (port != r.Port || s.UID != r.UID) {
			t.Fatal("a living session's key was registered by another")
		}
	}
	if w.alive[port] != r.Inode && w.sessions[port].Inode != 0 {
		t.Fatal("a socket that has gone took a living session's place")
	}
	w.sessions[r.Port] = r
}

func (w *model) end(t *rapid.T) {
	port := rapid.Uint16Range(2000, 2006).Draw(t, "port")
	delete(w.alive, port)
	w.m.Poll(w.now, w.isAlive)
	for port, s := range w.sessions {
		if w.alive[port] != s.Inode {
			delete(w.sessions, port)
		}
	}
}

func (w *model) clients(t *rapid.T) {
	for range rapid.IntRange(1, 8).Draw(t, "datagrams") {
		w.client(t)
	}
}

func (w *model) client(t *rapid.T) {
	c := client(rapid.IntRange(0, 7).Draw(t, "client"))
	h := udpmux.Header{Mode: udpmux.Mode(1 << rapid.IntRange(0, 2).Draw(t, "mode")),
		T:    udpmux.TokenOf(key(rapid.IntRange(0, 7).Draw(t, "key"))),
		Port: rapid.Uint16Range(2000, 2006).Draw(t, "port")}
	D, err := udpmux.AppendClient(nil, h, moshP(rapid.Uint64Range(0, 99).Draw(t, "nonce"), 40))
	if err != nil {
		t.Fatal(err)
	}
	deliveries := w.m.FromClient(w.now, c, 0, D)
	for _, d := range deliveries {
		s := w.sessions[d.Port]
		if s.Modes&h.Mode == 0 || h.Mode == udpmux.Token && udpmux.TokenOf(s.S) != h.T ||
			h.Mode == udpmux.Port && d.Port != h.Port {
			t.Fatalf("%v was delivered to port %d, whose session is %+v", h, d.Port, s)
		}
	}
	if len(deliveries) > 1 && h.Mode != udpmux.Learn {
		t.Fatal("one datagram became several")
	}
	w.delivered(c, h.Mode, deliveries)
}

// delivered notes what was sent for c.
func (w *model) delivered(c Client, mode udpmux.Mode, deliveries []Delivery) {
	for _, d := range deliveries {
		old, known := w.owner[d.Source]
		key := flowKey{client: c, mode: mode}
		if known && (old != key || w.port[d.Source] != d.Port) && w.now-w.used[d.Source] < w.config.FlowReuse {
			w.t.Fatalf("source %d was %+v's %v ago, and is %+v's now", d.Source, old, w.now-w.used[d.Source], key)
		}
		w.owner[d.Source], w.port[d.Source], w.used[d.Source] = key, d.Port, w.now
	}
}

func (w *model) backends(t *rapid.T) {
	for range rapid.IntRange(1, 8).Draw(t, "answers") {
		w.backend(t)
	}
}

func (w *model) backend(t *rapid.T) {
	source, port := rapid.Uint32Range(0, 13).Draw(t, "source"), rapid.Uint16Range(2000, 2006).Draw(t, "port")
	if right := w.port[source]; right != 0 && rapid.IntRange(0, 3).Draw(t, "forged") > 0 {
		port = right
	}
	c, ok := w.m.FromBackend(w.now, port, source, moshP(toClient, 40))
	if !ok {
		return
	}
	if key, known := w.owner[source]; !known || key.client != c || w.port[source] != port {
		t.Fatalf("port %d's answer to source %d went to %v, and it belongs to %+v", port, source, c.Address(), key)
	}
	if _, ok := w.sessions[port]; !ok {
		t.Fatal("no session answered")
	}
	if w.now-w.used[source] >= w.config.FlowIdle {
		t.Fatal("a client that is silent was answered")
	}
}

// check checks that the tables fit together.
func (w *model) check(t *rapid.T) {
	m := w.m
	flows, bound, learners := w.checkSessions(t)
	unbound := 0
	for _, s := range m.known {
		if len(s.bound) == 0 {
			unbound++
		}
		if (len(s.bound) == 0) != (s.order != nil) {
			t.Fatalf("source %+v", s)
		}
	}
	w.checkPool(t)
	pool := len(m.flows) + len(m.sources.resting)
	for what, n := range map[string][3]int{ // two equal numbers, and their limit
		"sessions": {len(m.byPort), len(w.sessions), w.config.MaxSessions},
		"tokens":   {len(m.byT), len(w.sessions), w.config.MaxSessions},
		"learners": {len(m.learners), learners, w.config.MaxLearnSessions},
		"flows":    {len(m.flows), flows, w.config.MaxFlows},
		"sources":  {len(m.bySource), m.heard.Len(), w.config.MaxFlows},
		"bindings": {m.bindings.Len(), bound, w.config.MaxFlows},
		"unbound":  {m.unbound.Len(), unbound, w.config.MaxSources + w.config.MaxFlows},
		"pool":     {pool, int(m.sources.fresh), 14}} {
		if n[0] != n[1] || n[0] > n[2] {
			t.Fatalf("%s: %v", what, n)
		}
	}
}

// checkSessions checks each session with its flows, and counts.
func (w *model) checkSessions(t *rapid.T) (flows, bound, learners int) {
	m := w.m
	for port, s := range m.byPort {
		if m.byT[s.T] != s || s.Port != port || w.sessions[port].S != s.S || w.sessions[port].Modes != s.Modes {
			t.Fatalf("session %+v", s)
		}
		if s.Modes&udpmux.Learn != 0 {
			learners++
		}
		for i, f := range s.flows {
			if f.index != i || f.session != s || m.flows[f.key] != f || m.bySource[f.source] != f ||
				f.key.mode&s.Modes == 0 {
				t.Fatalf("flow %+v", f)
			}
			if f.bound != nil {
				bound++
				if !slices.Contains(f.binds.bound, f) || f.key.mode != udpmux.Learn ||
					m.known[f.key.client] != f.binds || f.binds.order != nil {
					t.Fatalf("binding of %+v", f)
				}
			}
		}
		if flows += len(s.flows); len(s.flows) > w.config.MaxFlowsPerSession {
			t.Fatal("too many flows of a session")
		}
	}
	return flows, bound, learners
}

// checkPool checks that the pool knows how many addresses each user holds.
func (w *model) checkPool(t *rapid.T) {
	m := w.m
	m.sources.has(w.now)
	held := map[int64]int{0: 0, 1: 0}
	for _, f := range m.flows {
		if f.key.mode != udpmux.Learn {
			held[int64(f.session.UID)]++
		}
	}
	for _, r := range m.sources.resting[m.sources.rested:] {
		held[r.uid]++
	}
	for uid := range int64(2) {
		if n := m.sources.held[uid]; n != held[uid] || n > w.config.MaxLoopbackPerUID {
			t.Fatalf("users hold %v, and the pool says %v", held, m.sources.held)
		}
	}
}
