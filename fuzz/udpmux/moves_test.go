package udpmux

import (
	"errors"
	"fmt"
	"slices"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	ref "github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

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
