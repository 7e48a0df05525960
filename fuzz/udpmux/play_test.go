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

func (p *play) registers(s step) error {
	to := p.server(s.A)
	if to.inode == 0 {
		return nil // there is no such socket
	}
	modes := []ref.Mode{ref.Learn, ref.Token, 7, 3, ref.Port, 7, 3, 6}[s.B%8]
	return p.register(mux.Registration{UID: to.uid, Modes: modes, Backend: mux.Backend{Port: to.port, Inode: to.inode},
		S: wire.DeriveS(to.K)})
}

// seizes: somebody registers another server's S for his own socket.
func (p *play) seizes(s step) error {
	own, other := p.server(s.A), p.server(s.B)
	if own.inode == 0 {
		return nil
	}
	return p.register(mux.Registration{UID: own.uid, Modes: 7, Backend: mux.Backend{Port: own.port, Inode: own.inode},
		S: wire.DeriveS(other.K)})
}

// rekeys: the socket stays.
func (p *play) rekeys(s step) error {
	to := p.server(s.A)
	inode := to.inode
	p.renew(to)
	to.inode = inode
	return nil
}

func (p *play) ends(s step) error {
	p.server(s.A).inode = 0
	return nil
}

// starts another server at the port, perhaps of another user.
func (p *play) starts(s step) error {
	to := p.server(s.A)
	to.uid = uint32(1000 + s.B%2)
	p.renew(to)
	return nil
}

func (p *play) polls(step) error {
	p.mux.Poll(p.now, p.alive)
	p.model.poll(p.now, p.alive)
	return p.agree()
}

// wrapped is P in one of the forms.
func (s *server) wrapped(form int, P []byte) []byte {
	switch form % 3 {
	case 0:
		P, _ = wire.WriteToken(nil, wire.DeriveT(wire.DeriveS(s.K)), P)
	case 1:
		P, _ = wire.WritePort(nil, s.port, P)
	}
	return P
}

// user sends; his number is the next, or a bit ahead. He is at home, or behind a NAT's address and port that others
// have, too.
func (p *play) user(s step) error {
	from := p.server(s.A)
	return p.userFrom(from, client(5*(s.A%len(p.servers)*(s.A%2))), s)
}

// roams sends from anywhere.
func (p *play) roams(s step) error { return p.userFrom(p.server(s.A), client(s.C), s) }

func (p *play) userFrom(from *server, c mux.Client, s step) error {
	from.nonce += []uint64{1, 1, 2, 34, 100}[s.D%5]
	return p.sends(c, s.D, from.wrapped(s.B, from.genuine(from.nonce)))
}

// replays what was seen, late ones first, from anywhere.
func (p *play) replays(s step) error {
	if len(p.stored) == 0 {
		return nil
	}
	D := p.stored[len(p.stored)-1-s.A%len(p.stored)]
	return p.sends(client(s.B), s.C, slices.Clone(D))
}

// forges garbage for a session, with any number.
func (p *play) forges(s step) error {
	to := p.server(s.A)
	nonce := []uint64{0, to.nonce, to.nonce - min(to.nonce, 32), to.nonce - min(to.nonce, 33),
		1<<56 - 1, to.nonce + 32, 1}[s.D%7]
	return p.sends(client(s.C), s.D, to.wrapped(s.B, garbage(nonce)))
}

// scans: many clients send one datagram each, and soon after that one who may be known.
func (p *play) scans(s step) error {
	for i := range s.D%8 + 1 {
		err := p.advance(1)
		if err == nil {
			// From 20 on it is learn.
			err = p.sends(client(s.C+i), i, p.server(s.A).wrapped(min(s.B, 20), garbage(uint64(i))))
		}
		if err != nil {
			return err
		}
	}
	c := client(s.A % 6)
	return errors.Join(p.advance(time.Duration(s.B)*25*time.Millisecond), p.sends(c, s.D, garbage(p.highest(c)+1)))
}

// broken datagrams reach nobody: they have a fault, or the token or port of no session.
func (p *play) broken(s step) error {
	to := p.server(s.A)
	D := to.wrapped(s.B, to.genuine(to.nonce))
	switch s.D % 5 {
	case 0:
		D = D[:s.C*len(D)/40]
	case 1:
		D = append(D, make([]byte, 2048)...)
	case 2: // the header, or the beginning of P
		D[s.C%min(17, len(D))] ^= 1 << (s.C % 8)
	case 3:
		D[0] = byte(2 + s.C%2)
	case 4:
		D = answer(to.nonce)
	}
	return p.sends(client(s.C), s.D, D)
}

// answers to where the newest genuine datagram came from, as mosh-server does for 40 s: its sender gets it, or nobody,
// whoever forged or replayed in the meantime. (UDPMUX-13, 17.)
func (p *play) answers(s step) error {
	from := p.server(s.A)
	if from.inode == 0 || !from.hasPeer {
		return nil
	}
	c, ok, err := p.back(from.port, from.peer, answer(uint64(s.B)))
	if err == nil && ok && c != from.from && from.run == p.runs && p.now-from.at < 40*time.Second {
		err = fmt.Errorf("%v gets what is for %v", c.Address(), from.from.Address())
	}
	return err
}

// replies: sessions answer whatever reached them lately.
func (p *play) replies(s step) error {
	for i := range min(len(p.passed), 1+s.A%6) {
		d := p.passed[len(p.passed)-1-i]
		if _, _, err := p.back(d.Port, d.Source, answer(uint64(s.B))); err != nil {
			return err
		}
	}
	return nil
}

// stale: a session answers what reached it once.
func (p *play) stale(s step) error {
	if len(p.passed) == 0 {
		return nil
	}
	d := p.passed[s.A*len(p.passed)/40]
	_, _, err := p.back(d.Port, d.Source, answer(uint64(s.B)))
	return err
}

// fakes: a local user sends, from another port, to another address, or what is no answer.
func (p *play) fakes(s step) error {
	port, address, P := p.server(s.A).port, uint32(s.B), answer(uint64(s.C))
	if len(p.passed) > 0 {
		d := p.passed[len(p.passed)-1-s.B%len(p.passed)]
		if address = d.Source; s.D%2 == 0 {
			port = d.Port
		}
	}
	switch s.D % 7 {
	case 0:
		P = P[:23]
	case 2:
		P = append(P, make([]byte, 2048)...)
	case 4:
		P[0] = 0x7f
	case 6:
		address++
	}
	_, _, err := p.back(port, address, P)
	return err
}

// times are those of the options, and just before them: a step takes a nanosecond by itself.
var times = func() (all []time.Duration) {
	for _, t := range []time.Duration{time.Millisecond, 250 * time.Millisecond, time.Second,
		3 * time.Second, 5 * time.Second, 7 * time.Second, 10 * time.Second,
		60 * time.Second, 110 * time.Second, 120 * time.Second} {
		all = append(all, t-2, t-1, t)
	}
	return all
}()

func (p *play) sleeps(s step) error { return p.advance(times[(s.A+s.B)%len(times)]) }

// due is the moment at which time changes something, or just before it; then a client sends to whom that matters.
func (p *play) due(s step) error {
	type moment struct {
		at     time.Duration
		client mux.Client
	}
	var moments []moment
	for _, s := range p.model.sources {
		moments = append(moments, moment{s.began + p.config.ProbeTime, s.client},
			moment{s.probed + p.config.ProbeRetry, s.client}, moment{s.since + p.config.ProbeAfter, s.client})
	}
	for _, f := range p.model.flows {
		moments = append(moments, moment{f.heard + p.config.FlowIdle, f.client},
			moment{f.answered + p.config.FlowIdle, f.client})
	}
	latest := never
	for _, at := range p.model.givenUp {
		latest = max(latest, at)
	}
	moments = append(moments, moment{latest + p.config.FlowReuse, client(s.C)})
	before := []time.Duration{0, 0, 1, 300 * time.Millisecond}[s.B%4]
	moments = slices.DeleteFunc(moments, func(m moment) bool { return m.at-before <= p.now })
	if len(moments) == 0 {
		return nil
	}
	m := moments[s.A*len(moments)/40]
	if err := p.advance(m.at - before - p.now); err != nil {
		return err
	}
	return p.sends(m.client, s.D, p.server(s.C).wrapped(2-s.D%5/4, garbage(p.highest(m.client)+1)))
}

// highest is a client's highest nonce, as far as learn mode knows.
func (p *play) highest(c mux.Client) uint64 {
	if s := p.model.sourceOf(c); s != nil {
		return s.highest
	}
	return 0
}

// falls: a client's nonce falls by as much as the option says, or nearly.
func (p *play) falls(s step) error {
	if len(p.model.sources) == 0 {
		return nil
	}
	c := p.model.sources[s.A*len(p.model.sources)/40].client
	return p.sends(c, s.D, garbage(max(p.highest(c), 40)-31-uint64(s.B%3)))
}

// stays: a client goes on sending, for minutes, and one session at most answers, perhaps seldom.
func (p *play) stays(s step) error {
	c, times, pause, seldom := client(s.A%6), 15, 9*time.Second, 1
	if s.C%2 > 0 {
		times, pause, seldom = 40, 1100*time.Millisecond, 17
	}
	for i := range times {
		err := errors.Join(p.advance(pause), p.sends(c, s.D, garbage(p.highest(c)+1)))
		for _, f := range p.model.flows {
			if err == nil && i%seldom == 0 && f.client == c && f.session.Port == p.server(s.B).port {
				_, _, err = p.back(f.session.Port, f.address, answer(0))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// restarts, but not so often; mostly the agents register again.
func (p *play) restarts(s step) (err error) {
	if s.A%3 > 0 {
		return nil
	}
	p.boot()
	if s.B%4 > 0 {
		err = p.allRegister(s)
	}
	return err
}

func (p *play) allRegister(s step) (err error) {
	for i := range p.servers {
		if err == nil {
			err = p.registers(step{A: i, B: s.B + s.C*i})
		}
	}
	return err
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
