package mux

import (
	"container/list"
	"slices"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A source is what learn mode knows of a client (section 4.5).
type source struct {
	client  Client
	bound   []*flow       // those that were answered, the bindings
	highest uint64        // nonce
	began   time.Duration // the first delivery since probing began, or never
	probed  time.Duration // the last delivery, or never
	since   time.Duration // when it began to send without an answer, or never
	order   *list.Element // in Mux.unbound, or nil
}

// fromLearner does section 4.5; the steps are its.
func (m *Mux) fromLearner(now time.Duration, c Client, ecn byte, P []byte) error {
	n, s := udpmux.Nonce(P), m.known[c]
	if s == nil { // 1
		s = m.newSource(c, n)
	} else if s.order != nil {
		m.unbound.MoveToBack(s.order)
	}
	if n+m.config.ProbeFall < s.highest { // 2
		s.highest, s.began = n, never
	}
	s.highest = max(s.highest, n)
	if s.since == never {
		s.since = now
	}
	for _, f := range s.bound { // 3
		m.send(now, f, ecn, P)
	}
	probing := s.began == never || now-s.began < m.config.ProbeTime
	unanswered := len(s.bound) == 0 || now-s.since >= m.config.ProbeAfter
	if !probing && !(unanswered && now-s.probed >= m.config.ProbeRetry) { // 4
		return nil
	}
	targets := m.targets(now, s) // 5
	switch {                     // 6
	case len(targets) == 0:
	case m.mayProbe(now, s, len(targets)):
		m.probe(now, s, targets, ecn, P)
	default:
		return errProbeRate
	}
	return nil
}

// mayProbe says whether the limit lets a datagram through to n sessions, all or none. Clients that were probed already
// get only a part of it: one scanner must not keep new clients out (UDPMUX-78).
func (m *Mux) mayProbe(now time.Duration, s *source, n int) bool {
	if s.probed != never && m.probesAgain.TokensAt(at(now)) < float64(n) || !m.probes.AllowN(at(now), n) {
		return false
	}
	return s.probed == never || m.probesAgain.AllowN(at(now), n)
}

// newSource remembers c. If there are too many sources without bindings, it forgets the one heard longest ago.
func (m *Mux) newSource(c Client, highest uint64) *source {
	for m.unbound.Len() > 0 && m.unbound.Len() >= m.config.MaxSources {
		old := m.unbound.Remove(m.unbound.Front()).(*source)
		delete(m.known, old.client)
	}
	s := &source{client: c, highest: highest, began: never, probed: never, since: never}
	s.order = m.unbound.PushBack(s)
	m.known[c] = s
	return s
}

// targets are the learn sessions that s is not bound to and that can make a flow (UDPMUX-85), until the next call.
func (m *Mux) targets(now time.Duration, s *source) []*session {
	m.found = m.found[:0]
	for _, ses := range m.learners {
		bound := slices.ContainsFunc(s.bound, func(f *flow) bool { return f.session == ses })
		if !bound && (m.sources.has(now) || m.flows[flowKey{s.client, ses.id, udpmux.Learn}] != nil) {
			m.found = append(m.found, ses)
		}
	}
	return m.found
}

// probe delivers P to each target.
func (m *Mux) probe(now time.Duration, s *source, targets []*session, ecn byte, P []byte) {
	for _, ses := range targets {
		f := m.flows[flowKey{s.client, ses.id, udpmux.Learn}]
		if f == nil {
			f = m.newFlow(now, ses, udpmux.Learn, s.client)
		}
		if f != nil { // nil if the others have taken the last loopback source
			m.send(now, f, ecn, P)
		}
	}
	s.probed = now
	if s.began == never {
		s.began = now
	}
}

// bind notes that f's session answered f's client. A source forgotten in the meantime is remembered again.
func (m *Mux) bind(f *flow) {
	if f.bound == nil {
		s := m.known[f.key.client]
		if s == nil {
			s = m.newSource(f.key.client, 0)
		}
		if s.order != nil {
			m.unbound.Remove(s.order)
			s.order = nil
		}
		s.bound = append(s.bound, f)
		f.binds, f.bound = s, m.bindings.PushBack(f)
	}
	m.bindings.MoveToBack(f.bound)
	f.binds.since = never
}

// unbind ends a binding. A source without bindings may be forgotten.
func (m *Mux) unbind(f *flow) {
	s := f.binds
	m.bindings.Remove(f.bound)
	f.bound, f.binds = nil, nil
	s.bound = slices.DeleteFunc(s.bound, func(g *flow) bool { return g == f })
	if len(s.bound) == 0 {
		s.order = m.unbound.PushBack(s)
	}
}
