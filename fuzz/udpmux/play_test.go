package udpmux

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	ref "github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// A plan is what is played: the daemon's limits, and what happens. A step is one of the methods of play; A to D are its
// parameters, of which any number is good.
type plan struct {
	Limits limits
	First  step // B and C say in which modes all register
	Steps  []step
}

type limits struct {
	Modes                                       ref.Mode
	Sessions, PerUID, Learn                     int
	Flows, FlowsPerSession, Addresses, FlowRate int
	ProbeRate, Sources                          int
}

type step struct {
	Kind       string
	A, B, C, D int
}

var kinds = map[string]func(*play, step) error{
	"register": (*play).registers, "seize": (*play).seizes, "rekey": (*play).rekeys,
	"end": (*play).ends, "start": (*play).starts, "poll": (*play).polls,
	"user": (*play).user, "roam": (*play).roams, "replay": (*play).replays,
	"forge": (*play).forges, "scan": (*play).scans, "broken": (*play).broken,
	"answer": (*play).answers, "reply": (*play).replies, "stale": (*play).stale, "fake": (*play).fakes,
	"sleep": (*play).sleeps, "due": (*play).due, "fall": (*play).falls, "stay": (*play).stays,
	"restart": (*play).restarts,
}

// likely are the kinds, some of them several times.
var likely = []string{"register", "register", "register", "seize", "rekey", "end", "start", "poll",
	"user", "user", "user", "user", "user", "roam", "roam",
	"replay", "replay", "forge", "forge", "forge", "scan", "scan", "broken", "answer", "answer", "answer",
	"answer", "reply", "reply", "stale", "fake", "fake",
	"sleep", "sleep", "sleep", "due", "due", "due", "due", "due", "due", "fall", "fall", "stay", "restart"}

var number = rapid.IntRange(0, 39)

var plans = rapid.Custom(func(t *rapid.T) plan {
	few := func(name string, some ...int) int { return rapid.SampledFrom(some).Draw(t, name) }
	return plan{
		limits{
			Modes: ref.Mode(few("modes", 7, 7, 7, 7, 3, 1, 2, 5)), Sessions: few("sessions", 5, 3, 1024),
			PerUID: few("per uid", 64, 2, 3), Learn: few("learn", 64, 1, 2), Flows: few("flows", 65536, 4, 7),
			FlowsPerSession: few("flows per session", 256, 2, 3), Addresses: few("addresses", 1<<22, 1<<22, 6, 12),
			FlowRate: few("flow rate", 256, 1, 3), ProbeRate: few("probe rate", 4096, 5,
				7),
			Sources: few("sources", 4096, 1, 3),
		},
		step{B: number.Draw(t, "first mode"), C: number.Draw(t, "next mode")},
		rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{rapid.SampledFrom(likely).Draw(t, "kind"), number.Draw(t, "A"),
				number.Draw(t, "B"), number.Draw(t, "C"), number.Draw(t, "D")}
		}), few("at least", 1, 30, 100, 200), 400).Draw(t, "steps"), // so that they are many, and can be made few
	}
})

// A server is a mosh-server and its user. It knows what is genuine, and sends to where the newest of that came from.
type server struct {
	port    uint16
	inode   uint64 // 0: it is not there
	uid     uint32
	K       wire.K
	nonce   uint64 // the user's next
	seen    uint64 // what comes must not be less
	peer    uint32 // the address that it sends to
	from    mux.Client
	at      time.Duration
	run     uint32
	hasPeer bool
}

// A play is a daemon, its sessions, and everybody who can send to it.
type play struct {
	config  mux.Config
	mux     *mux.Mux
	model   *model
	now     time.Duration
	inodes  uint64
	runs    uint32
	servers []*server
	stored  [][]byte       // what was seen on the way
	passed  []mux.Delivery // what backends have got, and from whom
	callers map[uint32]call
}

// A call is the last datagram that a backend got from an address.
type call struct {
	client mux.Client
	port   uint16
	at     time.Duration
}

func newPlay(l limits) *play {
	c := mux.DefaultConfig()
	c.Modes, c.MaxSessions, c.MaxSessionsPerUID, c.MaxLearnSessions = l.Modes, l.Sessions, l.PerUID, l.Learn
	c.MaxFlows, c.MaxFlowsPerSession, c.LoopbackSources, c.FlowRate = l.Flows, l.FlowsPerSession,
		uint32(l.Addresses), l.FlowRate
	c.ProbeRate, c.MaxSources = max(l.ProbeRate, l.Learn), l.Sources
	if uint64(l.Addresses) < 100 {
		c.ProbeRate = 4096 // what is to be in the bucket where addresses are short of, is not clear
	}
	p := &play{config: c}
	for i := range 5 {
		p.servers = append(p.servers, &server{port: uint16(2000 + i), uid: uint32(1000 + i/3)})
		p.renew(p.servers[i])
	}
	p.boot()
	return p
}

// renew is another mosh-server, at the same port.
func (p *play) renew(s *server) {
	p.inodes++
	*s = server{port: s.port, uid: s.uid, inode: p.inodes, K: wire.K{1, byte(p.inodes), byte(p.inodes >> 8)}}
}

func (p *play) boot() {
	p.runs++
	p.config.FirstSource = 1000003 * p.runs // random, in a daemon
	p.mux = mux.New(p.config, slog.New(slog.DiscardHandler))
	p.model = newModel(p.config)
	p.model.gone = p.gone
	p.callers = make(map[uint32]call)
}

const noFlow = "from the loopback side, to no flow"

// gone: a datagram from a port that is no backend's is dropped in any case, but for a reason.
func (p *play) gone(f *flow) bool {
	before := p.mux.Drops()[noFlow]
	if c, ok := p.mux.FromBackend(p.now, 1, f.address, answer(0)); ok {
		panic(fmt.Sprint("the port 1 has answered ", c))
	}
	return p.mux.Drops()[noFlow] > before
}

func (p *play) server(i int) *server { return p.servers[i%len(p.servers)] }

// client differs from another in one thing at least.
func client(i int) mux.Client {
	i %= 40
	c := mux.Client{RemotePort: 5000}
	c.Remote, c.Local = [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: byte(i / 5)},
		[16]byte{10: 0xff, 11: 0xff, 12: 192, 15: 1}
	switch i % 5 {
	case 1:
		c.RemotePort++
	case 2:
		c.Local[15]++
	case 3:
		c.Listener++
	case 4:
		c.Interface++
	}
	return c
}

// genuine is a P that only this server's user can make.
func (s *server) genuine(nonce uint64) []byte {
	p := binary.BigEndian.AppendUint64(nil, nonce)
	return append(p, s.tag(p)...)
}

func (s *server) tag(number []byte) []byte {
	h := hmac.New(sha256.New, s.K[:])
	h.Write(number)
	return h.Sum(nil)[:16]
}

func garbage(nonce uint64) []byte {
	return append(binary.BigEndian.AppendUint64(nil, nonce), make([]byte, 16)...)
}

func answer(nonce uint64) []byte { return garbage(1<<63 | nonce) }

// advance lets time pass.
func (p *play) advance(d time.Duration) error {
	p.now += d
	p.mux.Poll(p.now, func(mux.Backend) bool { return true }) // what time ends, ends
	p.model.tick(p.now)
	return p.agree()
}

// arrives is a delivery of what c has sent.
func (p *play) arrives(c mux.Client, d mux.Delivery) {
	d.P = slices.Clone(d.P)
	p.passed = append(p.passed, d)
	p.callers[d.Source] = call{c, d.Port, p.now}
	s := find(p.servers, func(s *server) bool { return s.port == d.Port && s.inode != 0 })
	if s == nil {
		return // the kernel refuses it
	}
	n := binary.BigEndian.Uint64(d.P)
	if len(d.P) == 24 && hmac.Equal(s.tag(d.P[:8]), d.P[8:]) && n >= s.seen {
		s.seen, s.peer, s.from, s.at, s.run, s.hasPeer = n+1, d.Source, c, p.now, p.runs, true
	}
}

// sends lets a client send, from a buffer that is used again.
func (p *play) sends(c mux.Client, ecn int, D []byte) error {
	buffer := slices.Clone(D)
	got := p.mux.FromClient(p.now, c, byte(ecn%4), buffer)
	for _, d := range got {
		p.arrives(c, d)
	}
	err := p.model.fromClient(p.now, c, byte(ecn%4), D, got)
	clear(buffer)
	p.stored = append(p.stored, D)
	if err != nil {
		return fmt.Errorf("from %v: %w", c.Address(), err)
	}
	return p.agree()
}

// back lets a datagram come to the loopback side. Whoever the model says, it must be the one who called there.
func (p *play) back(port uint16, address uint32, P []byte) (c mux.Client, ok bool, err error) {
	c, ok = p.mux.FromBackend(p.now, port, address, P)
	want, wantOK, err := p.model.fromBackend(p.now, port, address, P)
	if err != nil {
		return c, ok, err
	}
	if ok != wantOK || ok && c != want {
		return c, ok, fmt.Errorf("port %d answers to %d: %v gets it (%t), not %v (%t)",
			port, address, c.Address(), ok, want.Address(), wantOK)
	}
	if who, known := p.callers[address]; ok &&
		(!known || who.client != c || who.port != port || p.now-who.at >= p.config.FlowIdle) {
		return c, ok, fmt.Errorf("port %d answers to %d: %v gets it, but there called %v",
			port, address, c.Address(), who)
	}
	return c, ok, p.agree()
}

// agree: both have the same sessions and flows.
func (p *play) agree() error {
	sessions, flows := p.mux.Counts()
	if sessions != len(p.model.sessions) || flows != len(p.model.flows) {
		return fmt.Errorf("%d sessions and %d flows, the model has %d and %d",
			sessions, flows, len(p.model.sessions), len(p.model.flows))
	}
	if f := find(p.model.flows, p.gone); f != nil {
		return fmt.Errorf("the flow of session %d for %v has ended", f.session.id, f.client.Address())
	}
	return nil
}

func (p *play) alive(b mux.Backend) bool {
	return find(p.servers, func(s *server) bool { return s.port == b.Port && s.inode == b.Inode }) != nil
}

func (p *play) register(r mux.Registration) error {
	id, err := p.mux.Register(p.now, r, p.alive)
	wantID, want := p.model.register(p.now, r, p.alive)
	var code wire.Code
	if refusal, ok := errors.AsType[*ref.Refusal](err); ok {
		code = wire.Code(refusal.Code)
	}
	if id != wantID || code != want || (err == nil) != (want == 0) {
		return fmt.Errorf("REGISTER of port %d, modes %s: %d, %v; the model has %d, %v",
			r.Port, r.Modes, id, err, wantID, want)
	}
	return p.agree()
}

// run plays a plan. The error says at which step it was not as it should be.
func run(plan plan) error {
	p := newPlay(plan.Limits)
	if err := p.allRegister(plan.First); err != nil {
		return fmt.Errorf("at first: %w", err)
	}
	for i, s := range plan.Steps {
		err := p.advance(1)
		if err == nil {
			err = kinds[s.Kind](p, s)
		}
		if errors.Is(err, errUnclear) {
			return errUnclear
		}
		if err != nil {
			return fmt.Errorf("step %d, %+v, at %v: %w", i, s, p.now, err)
		}
	}
	return p.finish()
}

// finish: without backends nothing is left, and new sessions work.
func (p *play) finish() error {
	for _, s := range p.servers {
		s.inode = 0
	}
	if err := p.polls(step{}); err != nil {
		return err
	}
	if sessions, flows := p.mux.Counts(); sessions+flows > 0 {
		return fmt.Errorf("%d sessions and %d flows are left over", sessions, flows)
	}
	s := p.servers[0]
	p.renew(s)
	if err := errors.Join(p.registers(step{B: 2}), p.advance(2*time.Minute)); err != nil {
		return err
	}
	if err := p.userFrom(s, client(0), step{}); err != nil && !errors.Is(err, errUnclear) {
		return err
	}
	if c, ok, err := p.back(s.port, s.peer, answer(0)); p.config.Modes&ref.Token != 0 &&
		(err != nil || !ok || c != client(0)) {
		return fmt.Errorf("a new session does not work: %v, %t, %v", c, ok, err)
	}
	return nil
}

func checkModel(r *rapid.T) {
	if err := run(plans.Draw(r, "plan")); err != nil && err != errUnclear {
		r.Fatal(err)
	}
}

func TestModel(t *testing.T) {
	for i := range 10 { // each is little
		t.Run(fmt.Sprint(i), func(t *testing.T) { rapid.Check(t, checkModel) })
	}
}
