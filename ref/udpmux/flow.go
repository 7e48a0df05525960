package udpmux

import (
	"container/list"
	"math"
	"time"
)

// The mode is part of the key: an answer to a token or port flow binds nothing (UDPMUX-90).
type flowKey struct {
	client  Client
	session uint32
	mode    Mode
}

// A flow is one client of one session in one mode. The backend sees each at a loopback source of its own (section 4.4).
type flow struct {
	key      flowKey
	session  *session
	index    int // in the session's flows
	source   uint32
	heard    time.Duration // from the client
	answered time.Duration // by the session, or never
	order    *list.Element // in Mux.heard
	bound    *list.Element // in Mux.bindings, or nil
	binds    *source       // if bound
}

// newFlow makes a flow, or returns nil if no loopback source is left.
func (m *Mux) newFlow(now time.Duration, s *session, mode Mode, c Client) *flow {
	if !m.sources.find(now) { // first: nothing is ended in vain
		return nil
	}
	if len(s.flows) >= m.config.MaxFlowsPerSession {
		m.endFlow(now, s.worst())
	} else if len(m.flows) >= m.config.MaxFlows {
		m.endFlow(now, m.largest().worst())
	}
	f := &flow{key: flowKey{c, s.id, mode}, session: s, index: len(s.flows), source: m.sources.take(), heard: now, answered: never}
	f.order = m.heard.PushBack(f)
	s.flows = append(s.flows, f)
	m.flows[f.key] = f
	m.bySource[f.source] = f
	return f
}

func (m *Mux) endFlow(now time.Duration, f *flow) {
	if f.bound != nil {
		m.unbind(f)
	}
	m.heard.Remove(f.order)
	last := len(f.session.flows) - 1
	f.session.flows[f.index] = f.session.flows[last]
	f.session.flows[f.index].index = f.index
	f.session.flows[last] = nil
	f.session.flows = f.session.flows[:last]
	delete(m.flows, f.key)
	delete(m.bySource, f.source)
	m.sources.release(f.source, now+m.config.FlowReuse)
}

// worst is the flow that is missed least: one that was never answered before one that was, then the one whose client was heard longest
// ago. So forged sources push out each other (UDPMUX-19).
func (s *session) worst() *flow {
	worst := s.flows[0]
	for _, f := range s.flows[1:] {
		unanswered, same := f.answered == never, (f.answered == never) == (worst.answered == never)
		if same && f.heard < worst.heard || !same && unanswered {
			worst = f
		}
	}
	return worst
}

// largest is the session that has most flows: no other pays for it (UDPMUX-21).
func (m *Mux) largest() *session {
	var largest *session
	for _, s := range m.byPort {
		if largest == nil || len(s.flows) > len(largest.flows) || len(s.flows) == len(largest.flows) && s.id < largest.id {
			largest = s
		}
	}
	return largest
}

// A sourcePool knows which loopback sources are free. They are used in turn, so that each rests as long as possible.
type sourcePool struct {
	pages   []*[4096]time.Duration // when each is free, made when needed
	size    uint32
	next    uint32
	blocked time.Duration // until then none is free
}

const inUse time.Duration = math.MaxInt64

func newSourcePool(size, first uint32) sourcePool {
	return sourcePool{pages: make([]*[4096]time.Duration, (size+4095)/4096), size: size, next: first % size}
}

// find lets next be a free one, if there is one.
func (p *sourcePool) find(now time.Duration) bool {
	if now < p.blocked {
		return false
	}
	soonest := inUse
	for range p.size {
		page := p.pages[p.next/4096]
		if page == nil || page[p.next%4096] <= now {
			return true
		}
		soonest = min(soonest, page[p.next%4096])
		p.next = (p.next + 1) % p.size
	}
	p.blocked = soonest // else every datagram would look at all of them
	return false
}

// take returns what find found.
func (p *sourcePool) take() uint32 {
	n := p.next
	p.set(n, inUse)
	p.next = (n + 1) % p.size
	return n
}

// release gives a source up: it is free again at the time free.
func (p *sourcePool) release(n uint32, free time.Duration) {
	p.set(n, free)
	p.blocked = min(p.blocked, free)
}

func (p *sourcePool) set(n uint32, free time.Duration) {
	if p.pages[n/4096] == nil {
		p.pages[n/4096] = new([4096]time.Duration)
	}
	p.pages[n/4096][n%4096] = free
}
