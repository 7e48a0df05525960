package udpmux

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	ref "github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// never is a time at which something happened that did not.
const never time.Duration = -1

// A model is a daemon's state as section 4 of the page has it: lists that are searched, nothing that is kept up to date
// beside them. It is told what the Mux did, finds it right or not, and follows it only where the page leaves a choice:
// which addresses flows get, the order of deliveries, and which flow ends among equals.
type model struct {
	config   mux.Config
	sessions []*session
	lastID   uint32
	flows    []*flow
	sources  []*source
	probes   *rate.Limiter
	again    *rate.Limiter            // for clients that were probed before
	givenUp  map[uint32]time.Duration // addresses, and when a flow has given them up
	gone     func(*flow) bool         // asks the Mux whether a flow has ended
}

type session struct {
	mux.Registration
	id    uint32
	T     wire.T
	flows *rate.Limiter // that may be made
}

type flow struct {
	mode            ref.Mode
	session         *session
	client          mux.Client
	address         uint32
	heard, answered time.Duration
	bound           bool
}

type source struct {
	client               mux.Client
	highest              uint64
	heard                time.Duration
	began, probed, since time.Duration
	wasBound             bool
}

// A datagram is what goes to backends.
type datagram struct {
	ecn byte
	P   []byte
}

// errUnclear ends a play: the Mux had a choice, and which it took cannot be seen.
var errUnclear = errors.New("unclear")

func perSecond(n, burst int) *rate.Limiter { return rate.NewLimiter(rate.Limit(n), burst) }

func at(now time.Duration) time.Time { return time.Unix(0, int64(now)) }

func newModel(config mux.Config) *model {
	return &model{config: config, probes: perSecond(config.ProbeRate, config.ProbeRate),
		again:   perSecond((config.ProbeRate+1)/2, max((config.ProbeRate+1)/2, config.MaxLearnSessions)),
		givenUp: make(map[uint32]time.Duration)}
}

// find gives the first of a list that is so, or nil.
func find[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// all gives those of a list that are so.
func all[T any](list []*T, are func(*T) bool) (found []*T) {
	for _, x := range list {
		if are(x) {
			found = append(found, x)
		}
	}
	return found
}

func without[T any](list []*T, x *T) []*T { return all(list, func(y *T) bool { return y != x }) }

// expire is what time alone does. (Sections 4.4 and 4.5.)
func (m *model) expire(now time.Duration) {
	for _, f := range m.flows {
		if now-f.heard >= m.config.FlowIdle {
			m.endFlow(now, f)
		}
	}
	for _, f := range m.flows {
		f.bound = f.bound && now-f.answered < m.config.FlowIdle
	}
}

func (m *model) endFlow(now time.Duration, f *flow) {
	m.flows = without(m.flows, f)
	m.givenUp[f.address] = now
}

// free is how many addresses there are for new flows.
func (m *model) free(now time.Duration) int {
	n := int(m.config.LoopbackSources) - len(m.flows)
	for _, at := range m.givenUp {
		if now-at < m.config.FlowReuse {
			n--
		}
	}
	return n
}

// newFlow makes a flow where the Mux did so with this address. (Section 4.4.)
func (m *model) newFlow(now time.Duration, s *session, mode ref.Mode, c mux.Client, address uint32) error {
	given, was := m.givenUp[address]
	switch {
	case address >= m.config.LoopbackSources:
		return fmt.Errorf("there is no address %d", address)
	case find(m.flows, func(f *flow) bool { return f.address == address }) != nil:
		return fmt.Errorf("address %d is in use", address)
	case was && now-given < m.config.FlowReuse:
		return fmt.Errorf("address %d was given up %v ago", address, now-given)
	}
	own := m.flowsOf(s)
	if len(own) >= m.config.MaxFlowsPerSession {
		if err := m.endOne(now, own); err != nil {
			return err
		}
	}
	if len(m.flows) >= m.config.MaxFlows {
		most := 0
		for _, s := range m.sessions {
			most = max(most, len(m.flowsOf(s)))
		}
		var groups [][]*flow
		for _, s := range m.sessions {
			if flows := m.flowsOf(s); len(flows) == most {
				groups = append(groups, flows)
			}
		}
		if err := m.endOne(now, groups...); err != nil {
			return err
		}
	}
	delete(m.givenUp, address)
	m.flows = append(m.flows, &flow{mode: mode, session: s, client: c, address: address, heard: now, answered: never})
	return nil
}

func (m *model) flowsOf(s *session) []*flow {
	return all(m.flows, func(f *flow) bool { return f.session == s })
}

// endOne ends a flow of one of the groups: one that was never answered before one that was, then the one heard longest
// ago.
func (m *model) endOne(now time.Duration, groups ...[]*flow) error {
	var worst []*flow
	for _, flows := range groups {
		if unanswered := all(flows, func(f *flow) bool { return f.answered == never }); len(unanswered) > 0 {
			flows = unanswered
		}
		longest := slices.MinFunc(flows, func(f, g *flow) int { return int(f.heard - g.heard) }).heard
		worst = append(worst, all(flows, func(f *flow) bool { return f.heard == longest })...)
	}
	ended := all(worst, m.gone)
	switch {
	case len(ended) == 0:
		return fmt.Errorf("%d flows, and none ended of the %d that could", len(m.flows), len(worst))
	case len(ended) > 1:
		return errUnclear
	}
	m.endFlow(now, ended[0])
	return nil
}

// sent is one delivery that there has to be, on a flow that there is.
func (m *model) sent(now time.Duration, f *flow, d datagram, got mux.Delivery) error {
	if got.Source != f.address || got.Port != f.session.Port || got.ECN != d.ecn || !bytes.Equal(got.P, d.P) {
		return fmt.Errorf("%+v for the flow of session %d at %d, port %d; %+v",
			got, f.session.id, f.address, f.session.Port, d)
	}
	f.heard = now
	return nil
}

// fromClient is section 4.3.
func (m *model) fromClient(now time.Duration, c mux.Client, ecn byte, D []byte, got []mux.Delivery) error {
	m.expire(now)
	d, fault := wire.ReadClient(D)
	if fault != wire.None || m.config.Modes&modes[d.Form] == 0 {
		return nothing(got)
	}
	if d.Form == wire.Learn {
		return m.learn(now, c, datagram{ecn, d.P}, got)
	}
	mode := modes[d.Form]
	s := find(m.sessions, func(s *session) bool {
		return s.Modes&mode != 0 && (d.Form == wire.Token && s.T == d.T || d.Form == wire.Port && s.Port == d.Port)
	})
	if s == nil {
		return nothing(got)
	}
	f := m.flow(mode, s, c)
	if f == nil {
		if !s.flows.AllowN(at(now), 1) || m.free(now) == 0 {
			return nothing(got)
		}
		if len(got) != 1 {
			return fmt.Errorf("%d deliveries for a new flow of session %d", len(got), s.id)
		}
		if err := m.newFlow(now, s, mode, c, got[0].Source); err != nil {
			return err
		}
		f = m.flow(mode, s, c)
	}
	if len(got) != 1 {
		return fmt.Errorf("%d deliveries, not to session %d alone", len(got), s.id)
	}
	return m.sent(now, f, datagram{ecn, d.P}, got[0])
}

func (m *model) flow(mode ref.Mode, s *session, c mux.Client) *flow {
	return find(m.flows, func(f *flow) bool { return f.mode == mode && f.session == s && f.client == c })
}

func nothing(got []mux.Delivery) error {
	if len(got) > 0 {
		return fmt.Errorf("%+v, where nothing is to be delivered", got)
	}
	return nil
}

// bindings are the flows whose session a client is bound to.
func (m *model) bindings(c mux.Client) []*flow {
	return all(m.flows, func(f *flow) bool { return f.bound && f.client == c })
}

func (m *model) sourceOf(c mux.Client) *source {
	return find(m.sources, func(s *source) bool { return s.client == c })
}

// newSource forgets others until there is room for it.
func (m *model) newSource(heard time.Duration, c mux.Client, highest uint64) (*source, error) {
	for {
		unbound := all(m.sources, func(s *source) bool { return len(m.bindings(s.client)) == 0 })
		if len(unbound) == 0 || len(unbound) < m.config.MaxSources {
			break
		}
		longest := slices.MinFunc(unbound, func(s, o *source) int { return int(s.heard - o.heard) })
		// The last two are those whose place is unknown.
		same := func(s *source) bool { return s.heard == longest.heard || s.wasBound || longest.wasBound }
		if len(all(unbound, same)) > 1 {
			return nil, errUnclear
		}
		m.sources = without(m.sources, longest)
	}
	s := &source{client: c, highest: highest, heard: heard, began: never, probed: never, since: never}
	m.sources = append(m.sources, s)
	return s, nil
}

// learn is section 4.5, step by step.
func (m *model) learn(now time.Duration, c mux.Client, d datagram, got []mux.Delivery) (err error) {
	_, n, _ := wire.ReadP(d.P)
	s := m.sourceOf(c)
	if s == nil { // 1.
		if s, err = m.newSource(now, c, n); err != nil {
			return err
		}
	}
	s.heard = now
	if n+m.config.ProbeFall < s.highest { // 2.
		s.highest, s.began = n, never
	} else {
		s.highest = max(s.highest, n)
	}
	if s.since == never {
		s.since = now
	}
	overdue := now-s.since >= m.config.ProbeAfter
	if got, err = m.toBound(now, c, d, got); err != nil { // 3.
		return err
	}
	unanswered := len(m.bindings(c)) == 0 || overdue // 4.
	if s.began != never && now-s.began >= m.config.ProbeTime && !(unanswered && now-s.probed >= m.config.ProbeRetry) {
		return nothing(got)
	}
	targets := m.targets(now, c) // 5.
	if len(targets) == 0 {
		return nothing(got)
	}
	n1 := float64(len(targets)) // 6.
	if m.probes.TokensAt(at(now)) < n1 || s.probed != never && m.again.TokensAt(at(now)) < n1 {
		return nothing(got)
	}
	m.probes.AllowN(at(now), len(targets))
	if s.probed != never {
		m.again.AllowN(at(now), len(targets))
	}
	got, err = m.probe(now, s, d, got)
	return errors.Join(err, nothing(got))
}

// toBound sees that the first deliveries are to the sessions that c is bound to, and returns those after them.
func (m *model) toBound(now time.Duration, c mux.Client, d datagram, got []mux.Delivery) ([]mux.Delivery, error) {
	bound := m.bindings(c)
	if len(got) < len(bound) {
		return nil, fmt.Errorf("%d deliveries, but %d bindings", len(got), len(bound))
	}
	for _, delivery := range got[:len(bound)] {
		f := find(bound, func(f *flow) bool { return f.address == delivery.Source })
		if f == nil {
			return nil, fmt.Errorf("%+v, where a bound session's would be", delivery)
		}
		bound = without(bound, f)
		if err := m.sent(now, f, d, delivery); err != nil {
			return nil, err
		}
	}
	return got[len(m.bindings(c)):], nil
}

// targets are the learn sessions that c is not bound to and that can make a flow for c, each taken alone.
func (m *model) targets(now time.Duration, c mux.Client) []*session {
	room := m.free(now) > 0
	return all(m.sessions, func(s *session) bool {
		f := m.flow(ref.Learn, s, c)
		return s.Modes&ref.Learn != 0 && (f == nil && room || f != nil && !f.bound)
	})
}

// probe sees that all targets got the datagram, in any order, and returns the deliveries after those. A target may go
// without where the others took the last address.
func (m *model) probe(now time.Duration, s *source, d datagram, got []mux.Delivery) ([]mux.Delivery, error) {
	targets, n := m.targets(now, s.client), 0
	for ; n < len(got) && len(targets) > 0; n++ {
		t := find(targets, func(t *session) bool { return t.Port == got[n].Port })
		if t == nil {
			break
		}
		f := m.flow(ref.Learn, t, s.client)
		if f == nil && m.free(now) == 0 {
			break
		}
		targets = without(targets, t)
		if f == nil {
			if err := m.newFlow(now, t, ref.Learn, s.client, got[n].Source); err != nil {
				return nil, err
			}
			f = m.flow(ref.Learn, t, s.client)
		}
		if err := m.sent(now, f, d, got[n]); err != nil {
			return nil, err
		}
	}
	left := all(targets, func(t *session) bool { return m.free(now) > 0 || m.flow(ref.Learn, t, s.client) != nil })
	if len(left) > 0 {
		return nil, fmt.Errorf("%d learn sessions were probed, but not session %d", n, left[0].id)
	}
	if s.probed = now; s.began == never {
		s.began = now
	}
	return got[n:], nil
}

// tick is what is due.
func (m *model) tick(now time.Duration) { m.expire(now) }

// fromBackend is section 4.3, too: a datagram came from 127.0.0.1 and port to an address.
func (m *model) fromBackend(now time.Duration, port uint16, address uint32,
	P []byte) (c mux.Client, ok bool, err error) {
	m.expire(now)
	f := find(m.flows, func(f *flow) bool { return f.address == address })
	if wire.ReadBackend(P) != wire.None || f == nil || f.session.Port != port {
		return c, false, nil
	}
	f.answered = now
	if f.mode != ref.Learn {
		return f.client, true, nil
	}
	s := m.sourceOf(f.client)
	if s == nil { // it was forgotten, and is remembered again
		if s, err = m.newSource(f.heard, f.client, 0); err != nil {
			return c, false, err
		}
	}
	f.bound, s.wasBound, s.since = true, true, never
	return f.client, true, nil
}

// register is section 4.2. The code is 0 where there is no ERROR.
func (m *model) register(now time.Duration, r mux.Registration, alive mux.Alive) (id uint32, code wire.Code) {
	m.expire(now)
	T := wire.DeriveT(r.S)
	rivals := func(s *session) bool { return s.S == r.S || s.T == T || s.Port == r.Port }
	for _, s := range all(m.sessions, rivals) { // 1.
		if !alive(s.Backend) {
			m.endSession(now, s)
		}
	}
	same := find(m.sessions, func(s *session) bool { return s.S == r.S || s.T == T })
	old := find(m.sessions, func(s *session) bool { return s.Port == r.Port })
	if same != nil {
		if same.S != r.S || same.UID != r.UID || same.Port != r.Port || same.Inode != r.Inode { // 3.
			return 0, wire.CodeDuplicate
		}
		old = same
	} else if old != nil {
		return 0, wire.CodeDuplicate
	}
	others := without(m.sessions, old) // 4.
	of := func(are func(*session) bool) int { return len(all(others, are)) }
	if len(others) >= m.config.MaxSessions ||
		of(func(s *session) bool { return s.UID == r.UID }) >= m.config.MaxSessionsPerUID ||
		r.Modes&ref.Learn != 0 &&
			of(func(s *session) bool { return s.Modes&ref.Learn != 0 }) >= m.config.MaxLearnSessions {
		return 0, wire.CodeLimit
	}
	if same != nil { // 2.
		same.Modes = r.Modes
		for _, f := range m.flowsOf(same) {
			if f.mode&r.Modes == 0 {
				m.endFlow(now, f)
			}
		}
		return same.id, 0
	}
	m.lastID++
	m.sessions = append(m.sessions,
		&session{Registration: r, id: m.lastID, T: T, flows: perSecond(m.config.FlowRate, m.config.FlowRate)})
	return m.lastID, 0
}

func (m *model) endSession(now time.Duration, s *session) {
	m.sessions = without(m.sessions, s)
	for _, f := range m.flowsOf(s) {
		m.endFlow(now, f)
	}
}

// poll is the look at all backends.
func (m *model) poll(now time.Duration, alive mux.Alive) {
	m.expire(now)
	for _, s := range m.sessions {
		if !alive(s.Backend) {
			m.endSession(now, s)
		}
	}
}
