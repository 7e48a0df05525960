package mux

import (
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A Backend is a session's socket.
type Backend struct {
	Port  uint16 // on 127.0.0.1
	Inode uint64
}

// A Registration is what a REGISTER asks for, and what the kernel says about it.
type Registration struct {
	UID   uint32
	Modes udpmux.Mode
	Backend
	S [32]byte
}

// A session is a registered mosh-server.
type session struct {
	Registration
	id    uint32
	T     [15]byte
	flows []*flow
	rate  *rate.Limiter // of new flows
	tally
}

// Alive says whether a socket exists. It returns true for a socket that it knows nothing about, which may be new.
type Alive func(b Backend) bool

// Backends are all sessions' sockets.
func (m *Mux) Backends() (all []Backend) {
	for _, s := range m.byPort {
		all = append(all, s.Backend)
	}
	return all
}

// Rivals are the sockets of the sessions in the way of a REGISTER; [Mux.Register] asks about these.
func (m *Mux) Rivals(S [32]byte, port uint16) (rivals []Backend) {
	for _, s := range []*session{m.byT[udpmux.TokenOf(S)], m.byPort[port]} {
		if s != nil {
			rivals = append(rivals, s.Backend)
		}
	}
	return rivals
}

// Register does section 4.2. A session that is registered again keeps its id. Register fails with a [udpmux.Refusal].
func (m *Mux) Register(now time.Duration, r Registration, alive Alive) (id uint32, err error) {
	m.expire(now)
	var kept *session
	taken := false
	for _, b := range m.Rivals(r.S, r.Port) {
		switch s := m.byPort[b.Port]; {
		case s == nil: // it is ended already
		case !alive(b):
			m.endSession(now, s, "backend is gone")
		case s.S == r.S && s.UID == r.UID && b == r.Backend:
			kept = s
		default:
			taken = true
		}
	}
	if taken {
		return 0, &udpmux.Refusal{Code: udpmux.CodeDuplicate, Text: "another session has this key or port"}
	}
	if err := m.checkLimits(r, kept); err != nil {
		return 0, err
	}
	s, what := kept, "session registered again"
	if s == nil {
		m.lastID++
		what = "session"
		flowRate := perSecond(m.config.FlowRate, m.config.FlowRate)
		s = &session{Registration: r, id: m.lastID, T: udpmux.TokenOf(r.S), rate: flowRate,
			tally: tally{since: now, used: now}}
		m.byT[s.T], m.byPort[s.Port] = s, s
	}
	m.setModes(now, s, r.Modes)
	m.log.Info(what, "session", s.id, "uid", s.UID, "port", s.Port, "modes", s.Modes)
	return s.id, nil
}

// checkLimits counts the sessions without one that is registered again.
func (m *Mux) checkLimits(r Registration, replaced *session) error {
	all, ofUID, learn := 0, 0, 0
	for _, s := range m.byPort {
		if s == replaced {
			continue
		}
		all++
		if s.UID == r.UID {
			ofUID++
		}
		if s.Modes&udpmux.Learn != 0 {
			learn++
		}
	}
	switch {
	case all >= m.config.MaxSessions:
		return &udpmux.Refusal{Code: udpmux.CodeLimit, Text: "too many sessions"}
	case ofUID >= m.config.MaxSessionsPerUID:
		return &udpmux.Refusal{Code: udpmux.CodeLimit, Text: "too many sessions of this user"}
	case r.Modes&udpmux.Learn != 0 && learn >= m.config.MaxLearnSessions:
		return &udpmux.Refusal{Code: udpmux.CodeLimit, Text: "too many sessions for stock clients"}
	}
	return nil
}

// setModes changes a session's modes; flows of other modes end.
func (m *Mux) setModes(now time.Duration, s *session, modes udpmux.Mode) {
	s.Modes = modes
	for i := len(s.flows) - 1; i >= 0; i-- { // backwards: the last one takes an ended one's place
		if s.flows[i].key.mode&modes == 0 {
			m.endFlow(now, s.flows[i])
		}
	}
	m.learners = slices.DeleteFunc(m.learners, func(l *session) bool { return l == s })
	if modes&udpmux.Learn != 0 {
		m.learners = append(m.learners, s)
	}
}

func (m *Mux) endSession(now time.Duration, s *session, why string) {
	delete(m.byT, s.T)
	delete(m.byPort, s.Port)
	m.setModes(now, s, 0)
	m.log.Info("session ended", "session", s.id, "uid", s.UID, "why", why)
}

// Counts returns how many sessions and flows there are.
func (m *Mux) Counts() (sessions, flows int) { return len(m.byPort), len(m.flows) }

// Poll ends the sessions that are not alive.
func (m *Mux) Poll(now time.Duration, alive Alive) {
	m.expire(now)
	for _, s := range m.byPort {
		if !alive(s.Backend) {
			m.endSession(now, s, "backend is gone")
		}
	}
}
