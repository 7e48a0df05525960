package mux

import (
	"cmp"
	"container/list"
	"slices"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// The mode is part of the key, so that an answer to a token or port flow binds nothing (UDPMUX-90).
type flowKey struct {
	client  Client
	session uint32
	mode    udpmux.Mode
}

// A flow is one client of one session in one mode. The backend sees each at a loopback source of its own (section 4.4).
type flow struct {
	key      flowKey
	session  *session
	index    int // in the session's flows
	source   uint32
	payer    int64         // the user for whom its source counts, or nobody
	heard    time.Duration // from the client
	answered time.Duration // by the session, or never
	order    *list.Element // in Mux.heard
	bound    *list.Element // in Mux.bindings, or nil
	binds    *source       // if bound
}

// newFlow makes a flow, or returns nil if no loopback source is left, or none for this user: no user must use up what
// others need (UDPMUX-135).
func (m *Mux) newFlow(now time.Duration, s *session, mode udpmux.Mode, c Client) *flow {
	if !m.sources.has(now) { // first, so that nothing is ended in vain
		return nil
	}
	payer := int64(nobody)
	if mode != udpmux.Learn {
		if payer = int64(s.UID); m.sources.held[payer] >= m.config.MaxLoopbackPerUID {
			return nil
		}
	}
	if len(s.flows) >= m.config.MaxFlowsPerSession {
		m.endFlow(now, s.worst())
	} else if len(m.flows) >= m.config.MaxFlows {
		m.endFlow(now, m.largest().worst())
	}
	f := &flow{key: flowKey{c, s.id, mode}, session: s, index: len(s.flows), source: m.sources.take(payer),
		payer: payer, heard: now, answered: never}
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
	m.sources.resting = append(m.sources.resting, rest{f.source, f.payer, now + m.config.FlowReuse})
}

// worst is the flow that is missed least: of those never answered, or if all were answered, of all, the one whose
// client was heard longest ago. So forged sources push out each other (UDPMUX-19).
func (s *session) worst() *flow {
	return slices.MinFunc(s.flows, func(f, g *flow) int {
		return cmp.Or(cmp.Compare(min(f.answered, 0), min(g.answered, 0)), cmp.Compare(f.heard, g.heard)) // never is -1
	})
}

// largest is the session with the most flows: no other pays for it (UDPMUX-21).
func (m *Mux) largest() *session {
	var largest *session
	for _, s := range m.byPort {
		if largest == nil || len(s.flows) > len(largest.flows) ||
			len(s.flows) == len(largest.flows) && s.id < largest.id {
			largest = s
		}
	}
	return largest
}

// A sourcePool knows which loopback sources are free. Those that were never in use come after those that have rested.
type sourcePool struct {
	size, first uint32
	fresh       uint32        // how many of them, from first on, have ever been in use
	resting     []rest        // in the order in which they were given up
	rested      int           // how many of these, from the first on, are free again
	held        map[int64]int // how many count for each user, in use and resting
}

type rest struct {
	source uint32
	uid    int64 // for whom it counts, or nobody
	until  time.Duration
}

// nobody pays for a learn flow: the limit for probing bounds these.
const nobody = -1

func (p *sourcePool) has(now time.Duration) bool {
	for ; p.rested < len(p.resting) && p.resting[p.rested].until <= now; p.rested++ {
		p.held[p.resting[p.rested].uid]--
	}
	return p.rested > 0 || p.fresh < p.size
}

func (p *sourcePool) take(uid int64) (n uint32) {
	p.held[uid]++
	if p.rested > 0 {
		n, p.resting, p.rested = p.resting[0].source, p.resting[1:], p.rested-1
		return n
	}
	p.fresh++
	return (p.first + p.fresh - 1) % p.size
}
