package udpmux

import (
	"container/heap"
	"container/list"
	"slices"
	"time"
)

// A source is what learn mode knows of a client (section 4.5).
type source struct {
	client  Client
	bound   []*flow // those that were answered: the bindings
	highest uint64  // nonce
	heard   time.Duration
	began   time.Duration // the first delivery since probing began, or never
	probed  time.Duration // the last delivery, or never
	since   time.Duration // it sends without an answer, or never
	again   bool          // it was probed anew for that
	order   int           // in Mux.unbound, or -1
	waiting *list.Element // in Mux.fresh or Mux.tried, or nil
}

// A sourceHeap has the source first that was heard longest ago. It is no list, since a binding may end at any time, and a session with
// all its bindings at once.
type sourceHeap []*source

func (h sourceHeap) Len() int           { return len(h) }
func (h sourceHeap) Less(i, j int) bool { return h[i].heard < h[j].heard }

func (h sourceHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].order, h[j].order = i, j
}

// Push is for [heap.Push].
func (h *sourceHeap) Push(s any) {
	s.(*source).order = len(*h)
	*h = append(*h, s.(*source))
}

// Pop is for [heap.Pop] and [heap.Remove].
func (h *sourceHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last], s.order = nil, -1
	*h = (*h)[:last]
	return s
}

// waiting is a datagram that waits for the probing limit.
type waiting struct {
	source *source
	since  time.Duration
	ecn    byte
	P      []byte // a copy
}

// fromLearner does section 4.5; the steps are its.
func (m *Mux) fromLearner(now time.Duration, c Client, ecn byte, P []byte) {
	n, s := Nonce(P), m.known[c]
	if s == nil { // 1
		s = m.newSource(now, c, n)
	}
	s.heard = now
	if s.order >= 0 {
		heap.Fix(&m.unbound, s.order)
	}
	if n+m.config.ProbeFall < s.highest { // 2
		s.highest = n
		if len(s.bound) > 0 {
			s.began = never
		}
	}
	s.highest = max(s.highest, n)
	if s.since == never {
		s.since = now
	}
	overdue := len(s.bound) > 0 && now-s.since >= m.config.ProbeAfter
	if overdue && !s.again { // 3
		s.again, s.began = true, never
	}
	for _, f := range s.bound { // 4
		m.send(now, f, ecn, P)
	}
	probing := s.began == never || now-s.began < m.config.ProbeTime
	unanswered := len(s.bound) == 0 || overdue
	if !probing && !(unanswered && now-s.probed >= m.config.ProbeRetry) { // 5
		return
	}
	targets := m.targets(now, s) // 6
	switch {                     // 7
	case len(targets) == 0:
	case (!m.Waiting() || s.probed == never) && m.probes.has(now, len(targets)):
		m.unwait(s) // what waits would come behind this one
		m.probe(now, s, targets, ecn, P)
	default:
		m.wait(now, s, ecn, P)
	}
}

// newSource remembers c; for that it forgets the one of the unbound that was heard longest ago, if there are too many.
func (m *Mux) newSource(now time.Duration, c Client, highest uint64) *source {
	for m.unbound.Len() > 0 && m.unbound.Len() >= m.config.MaxSources {
		old := heap.Pop(&m.unbound).(*source)
		m.unwait(old)
		delete(m.known, old.client)
	}
	s := &source{client: c, highest: highest, heard: now, began: never, probed: never, since: never}
	heap.Push(&m.unbound, s)
	m.known[c] = s
	return s
}

// targets are the learn sessions that s is not bound to; one that can make no flow is passed over (UDPMUX-85). The result is good until
// the next call.
func (m *Mux) targets(now time.Duration, s *source) []*session {
	m.found = m.found[:0]
	for _, ses := range m.learners {
		bound := slices.ContainsFunc(s.bound, func(f *flow) bool { return f.session == ses })
		if !bound && (m.sources.find(now) || m.flows[flowKey{s.client, ses.id, Learn}] != nil) {
			m.found = append(m.found, ses)
		}
	}
	return m.found
}

// probe delivers P to each target.
func (m *Mux) probe(now time.Duration, s *source, targets []*session, ecn byte, P []byte) {
	n := 0
	for _, ses := range targets {
		f := m.flows[flowKey{s.client, ses.id, Learn}]
		if f == nil {
			f = m.newFlow(now, ses, Learn, s.client)
		}
		if f != nil { // it is nil if the others have taken the last loopback source
			m.send(now, f, ecn, P)
			n++
		}
	}
	m.probes.take(now, n)
	s.probed = now
	if s.began == never {
		s.began = now
	}
}

// wait lets a datagram wait: in place of an older one of its source, or of one of a source that was probed already.
func (m *Mux) wait(now time.Duration, s *source, ecn byte, P []byte) {
	if s.waiting != nil {
		w := s.waiting.Value.(*waiting)
		w.since, w.ecn, w.P = now, ecn, append(w.P[:0], P...)
		m.drop(errReplaced)
		return
	}
	if m.fresh.Len()+m.tried.Len() >= m.config.MaxWaiting {
		if s.probed != never || m.tried.Len() == 0 {
			m.drop(errReplaced)
			return
		}
		m.unwait(m.tried.Front().Value.(*waiting).source)
	}
	s.waiting = m.queueOf(s).PushBack(&waiting{s, now, ecn, slices.Clone(P)})
}

// queueOf is where s waits: one scanner must not keep users out (UDPMUX-78).
func (m *Mux) queueOf(s *source) *list.List {
	if s.probed == never {
		return &m.fresh
	}
	return &m.tried
}

// unwait drops what waits of s.
func (m *Mux) unwait(s *source) {
	if m.stopWaiting(s) {
		m.drop(errReplaced)
	}
}

func (m *Mux) stopWaiting(s *source) (waited bool) {
	if waited = s.waiting != nil; waited {
		m.queueOf(s).Remove(s.waiting)
		s.waiting = nil
	}
	return waited
}

// serveWaiting drops what has waited for too long, and delivers as much of the rest as the limit lets through.
func (m *Mux) serveWaiting(now time.Duration) {
	for _, queue := range []*list.List{&m.fresh, &m.tried} {
		for e := queue.Front(); e != nil; {
			w := e.Value.(*waiting)
			e = e.Next()
			if now-w.since >= waitingTime && m.stopWaiting(w.source) {
				m.drop(errWaited)
			}
		}
	}
	for m.Waiting() {
		e := m.fresh.Front() // those that were never probed, then the one that has waited longest
		if e == nil {
			e = m.tried.Front()
		}
		w := e.Value.(*waiting)
		targets := m.targets(now, w.source)
		if !m.probes.has(now, len(targets)) {
			return
		}
		m.stopWaiting(w.source) // first: it was never probed, perhaps
		if len(targets) > 0 {
			m.probe(now, w.source, targets, w.ecn, w.P)
		}
	}
}

// bind notes that f's session answered f's client. A source that was forgotten in the meantime is remembered again.
func (m *Mux) bind(f *flow) {
	if f.bound == nil {
		s := m.known[f.key.client]
		if s == nil {
			s = m.newSource(f.heard, f.key.client, 0)
		}
		if s.order >= 0 {
			heap.Remove(&m.unbound, s.order)
		}
		s.bound = append(s.bound, f)
		f.binds, f.bound = s, m.bindings.PushBack(f)
	}
	m.bindings.MoveToBack(f.bound)
	f.binds.since, f.binds.again = never, false
}

// unbind ends a binding. A source without bindings takes its place among the others.
func (m *Mux) unbind(f *flow) {
	s := f.binds
	m.bindings.Remove(f.bound)
	f.bound, f.binds = nil, nil
	s.bound = slices.DeleteFunc(s.bound, func(g *flow) bool { return g == f })
	if len(s.bound) == 0 {
		heap.Push(&m.unbound, s)
	}
}
