// Package mux is the state of UDP mux's daemon (docs/udpmux.md, section 4): sessions, flows and what learn mode knows
// of clients. It does no I/O and has no clock. Start reading at [Mux.FromClient] and [Mux.FromBackend]; learn.go has
// the parts that are not obvious.
package mux

import (
	"container/list"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// Why datagrams are dropped, besides the faults of [udpmux.ParseClient].
var (
	errModeOff    = errors.New("mode is off")
	errNoSession  = errors.New("no session has this token or port")
	errFlowRate   = errors.New("too many new flows of a session")
	errNoSource   = errors.New("no loopback source is left, or none for this user")
	errProbeRate  = errors.New("too many unknown clients at once")
	errFaulty     = errors.New("from the loopback side, faulty")
	errNoFlow     = errors.New("from the loopback side, to no flow")
	errNotBackend = errors.New("from the loopback side, not from the session")
)

// never is the time of what never happened.
const never time.Duration = -1

// A Client is where datagrams come from and answers go to. It is compact, since it is a key of the tables.
type Client struct {
	Remote, Local [16]byte // addresses, IPv4 mapped
	RemotePort    uint16
	Listener      uint16 // which of the external sockets
	Interface     uint32 // for link-local addresses
}

// Address is the remote address and port.
func (c Client) Address() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(c.Remote).Unmap(), c.RemotePort)
}

// A Delivery is a datagram to 127.0.0.1 and a session's port, from a flow's loopback source.
type Delivery struct {
	Source uint32 // its number; the address is 127.64.0.0 + Source
	Port   uint16
	ECN    byte
	P      []byte // a part of what was received
}

// allSources is how many loopback sources there are in 127.64.0.0/10, one for each flow (section 4.1).
const allSources = 1 << 22

// A Config is what can be set of a [Mux]; the fields bear the names of the options (docs/operating.md, section 6).
type Config struct {
	Modes              udpmux.Mode   // that are on
	MaxSessions        int           // in all
	MaxSessionsPerUID  int           //
	MaxLearnSessions   int           //
	MaxFlows           int           // in all
	MaxFlowsPerSession int           //
	FlowIdle           time.Duration // without a datagram from the client; of a binding: without one from the session
	FlowReuse          time.Duration // before a loopback source serves another client
	MaxLoopbackPerUID  int           // loopback sources of token and port flows, in use or resting
	FlowRate           int           // new token and port flows per session and second
	ProbeRate          int           // deliveries by probing per second, not less than MaxLearnSessions
	ProbeTime          time.Duration // how long a client's every datagram is probed
	ProbeRetry         time.Duration // afterwards one datagram per this time, while nobody answers
	ProbeAfter         time.Duration // a bound client without an answer for this long is probed anew
	ProbeFall          uint64        // a nonce that falls by more is another sender
	MaxSources         int           // unbound learn clients that are remembered

	LoopbackSources uint32 // how many there are; it has no option
	FirstSource     uint32 // the first flow's, random at each start
}

// DefaultConfig returns the default of every option.
func DefaultConfig() Config {
	return Config{Modes: udpmux.Learn | udpmux.Token, MaxSessions: 1024, MaxSessionsPerUID: 64, MaxLearnSessions: 64,
		MaxFlows: 65536, MaxFlowsPerSession: 256, FlowIdle: 120 * time.Second, FlowReuse: 60 * time.Second,
		FlowRate: 256, ProbeRate: 4096, ProbeTime: 10 * time.Second, ProbeRetry: 3 * time.Second,
		ProbeAfter: 5 * time.Second, ProbeFall: 32, MaxSources: 4096, MaxLoopbackPerUID: allSources / 64,
		LoopbackSources: allSources}
}

// A Mux is all that the daemon keeps (section 4.1). It does no I/O. Times count from any fixed moment, are not
// negative, and do not go back. It is not safe for concurrent use.
type Mux struct {
	config Config
	log    *slog.Logger

	byT      map[[15]byte]*session // T follows from S, so that this is a table of both
	byPort   map[uint16]*session
	learners []*session // the sessions with learn
	lastID   uint32

	flows    map[flowKey]*flow
	bySource map[uint32]*flow
	heard    list.List // all flows; the one whose client was heard longest ago is first
	bindings list.List // the bound flows; the one whose session was heard longest ago is first
	sources  sourcePool

	known   map[Client]*source
	unbound list.List     // the sources without bindings; the one that was heard longest ago is first
	probes  *rate.Limiter // deliveries by probing

	probesAgain *rate.Limiter // of these, those of clients that were probed before

	out   []Delivery
	found []*session // by targets
	drops map[string]uint64
}

// New returns a Mux without sessions. log is told of sessions and their new clients, never of keys, tokens or contents.
func New(config Config, log *slog.Logger) *Mux {
	m := &Mux{log: log,
		byT: make(map[[15]byte]*session), byPort: make(map[uint16]*session),
		flows: make(map[flowKey]*flow), bySource: make(map[uint32]*flow), known: make(map[Client]*source),
		drops: make(map[string]uint64)}
	m.sources = sourcePool{size: config.LoopbackSources, first: config.FirstSource % config.LoopbackSources,
		held: make(map[int64]int)}
	m.SetConfig(config)
	return m
}

// SetConfig changes all but the loopback sources. Existing sessions and flows stay, even those beyond a new limit.
func (m *Mux) SetConfig(config Config) {
	m.config, m.probes = config, perSecond(config.ProbeRate, config.ProbeRate)
	m.probesAgain = perSecond((config.ProbeRate+1)/2, max((config.ProbeRate+1)/2, config.MaxLearnSessions))
	for _, s := range m.byPort {
		s.rate = perSecond(config.FlowRate, config.FlowRate)
	}
}

func perSecond(n, burst int) *rate.Limiter { return rate.NewLimiter(rate.Limit(n), burst) }

// at is a time of the Mux for a limit.
func at(now time.Duration) time.Time { return time.Unix(0, int64(now)) }

// FromClient takes a datagram D from c and returns what to send (section 4.3). The result is good until the next call.
func (m *Mux) FromClient(now time.Duration, c Client, ecn byte, D []byte) []Delivery {
	m.expire(now)
	m.out = m.out[:0]
	if err := m.fromClient(now, c, ecn, D); err != nil {
		m.drop(err)
	}
	return m.out
}

func (m *Mux) fromClient(now time.Duration, c Client, ecn byte, D []byte) error {
	h, P, err := udpmux.ParseClient(D)
	switch {
	case err != nil:
		return err
	case m.config.Modes&h.Mode == 0:
		return errModeOff
	case h.Mode == udpmux.Learn:
		return m.fromLearner(now, c, ecn, P)
	}
	s := m.byT[h.T]
	if h.Mode == udpmux.Port {
		s = m.byPort[h.Port]
	}
	if s == nil || s.Modes&h.Mode == 0 {
		return errNoSession
	}
	f := m.flows[flowKey{c, s.id, h.Mode}]
	if f == nil {
		if !s.rate.AllowN(at(now), 1) {
			return errFlowRate
		}
		if f = m.newFlow(now, s, h.Mode, c); f == nil {
			return errNoSource
		}
	}
	m.send(now, f, ecn, P)
	return nil
}

// send notes that f's client was heard, and sends P.
func (m *Mux) send(now time.Duration, f *flow, ecn byte, P []byte) {
	f.heard = now
	m.heard.MoveToBack(f.order)
	f.session.count(now, f, P)
	m.out = append(m.out, Delivery{f.source, f.session.Port, ecn, P})
}

// FromBackend takes a datagram P from 127.0.0.1 and port to a loopback source. If ok, it goes to c (section 4.6).
func (m *Mux) FromBackend(now time.Duration, port uint16, source uint32, P []byte) (c Client, ok bool) {
	m.expire(now)
	f := m.bySource[source]
	switch {
	case udpmux.ParseBackend(P) != nil:
		m.drop(errFaulty)
		return c, false
	case f == nil:
		m.drop(errNoFlow)
		return c, false
	case f.session.Port != port:
		m.drop(errNotBackend)
		return c, false
	case f.answered == never:
		m.log.Info("client answered", "session", f.session.id, "uid", f.session.UID, "client", f.key.client.Address())
	}
	f.answered = now
	f.session.out += uint64(len(P))
	if f.key.mode == udpmux.Learn {
		m.bind(f)
	}
	return f.key.client, true
}

// expire ends what has run out of time.
func (m *Mux) expire(now time.Duration) {
	for e := m.heard.Front(); e != nil && now-e.Value.(*flow).heard >= m.config.FlowIdle; e = m.heard.Front() {
		m.endFlow(now, e.Value.(*flow))
	}
	for e := m.bindings.Front(); e != nil && now-e.Value.(*flow).answered >= m.config.FlowIdle; e = m.bindings.Front() {
		m.unbind(e.Value.(*flow))
	}
}

// drop counts a datagram and does nothing else: there is no answer.
func (m *Mux) drop(reason error) { m.drops[reason.Error()]++ }

// NotSent counts datagrams that the system did not take.
func (m *Mux) NotSent(n uint64) { m.drops["the system would not send it"] += n }

// Drops returns how many datagrams were dropped, by reason.
func (m *Mux) Drops() map[string]uint64 { return maps.Clone(m.drops) }
