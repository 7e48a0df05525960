//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// patience is the longest that anything may take that takes a moment.
const patience = 20 * time.Second

// A turn is a subject at work, with clients before it and backends behind it.
type turn struct {
	runner           *runner
	subject          subject
	spaces           spaces
	clients, backend part
	relay            *rig.Process // nil where nothing is between the ends
	front            netip.AddrPort
	ports            []uint16   // the backends'
	keys             [][32]byte // S, of a moshd's sessions
	agents           []*udpmux.AgentConn
}

// A crowd is how many a turn has. Flows go to the sessions in turn.
type crowd struct{ flows, sessions int }

// start starts a subject, with its ends and their flows. The turn must be stopped though this fails.
func (r *runner) start(ctx context.Context, s subject, c crowd) (t *turn, err error) {
	t = &turn{runner: r, subject: s}
	here := netip.MustParseAddr("127.0.0.1")
	if s.spaces {
		here = backendAddress
		if t.spaces, err = r.newSpaces(ctx); err != nil {
			return t, err
		}
	}
	if err := r.startPart(ctx, &t.backend, t.spaces.backend, "backend"); err != nil {
		return t, err
	}
	if err := t.backend.do(ctx, "Backend.Open", Sockets{here, c.sessions}, &t.ports, 0); err != nil {
		return t, err
	}
	if err := t.forward(ctx, here); err != nil {
		return t, t.relay.Trouble(err)
	}
	if err := r.startPart(ctx, &t.clients, t.spaces.clients, "clients"); err != nil {
		return t, err
	}
	err = t.clients.do(ctx, "Clients.Open", t.routes(c), nil, patience)
	return t, t.relay.Trouble(err)
}

// forward starts what is between the ends.
func (t *turn) forward(ctx context.Context, here netip.Addr) error {
	port, err := rig.FreePort()
	if err != nil {
		return err
	}
	back := int(t.ports[0])
	t.front = netip.AddrPortFrom(here, uint16(port))
	switch s := t.subject; {
	case s.rules != nil:
		nft, _ := rig.Find(t.runner.root, "nft")
		return run(t.spaces.backend, nft, s.rules(port, back))
	case s.argv == nil:
		return nil
	default:
		t.relay, err = rig.Start(s.argv(port, back), filepath.Join(t.runner.dir, "relay"))
	}
	if err == nil && t.subject.mode != 0 {
		err = t.register(ctx)
	}
	return err
}

// startPart starts a part, in a process's network namespace if there is one.
func (r *runner) startPart(ctx context.Context, p *part, space *rig.Process, name string) (err error) {
	r.parts++
	socket := filepath.Join(r.dir, fmt.Sprint(r.parts))
	if p.Process, err = rig.Start(within(space, r.self, name, socket, strconv.FormatBool(r.plain)), filepath.Join(r.dir, name)); err != nil {
		return err
	}
	return p.dial(ctx, socket)
}

// register plays the session agents. Their connections stay open.
func (t *turn) register(ctx context.Context) error {
	dial := udpmux.SocketDialer(t.runner.socket)
	for i, port := range t.ports {
		var a *udpmux.AgentConn
		err := await(ctx, t.relay, func() (err error) {
			a, err = dial.Connect(ctx)
			return err
		})
		if err != nil {
			return fmt.Errorf("agent %d: %w", i+1, err)
		}
		t.agents = append(t.agents, a)
		f := udpmux.Frame{Type: udpmux.Register, Modes: t.subject.mode, Port: port}
		rand.Read(f.S[:])
		if err := a.Register(ctx, f); err != nil {
			return fmt.Errorf("session %d: %w", i+1, err)
		}
		t.keys = append(t.keys, f.S)
	}
	return nil
}

// header is what stands before P.
func (t *turn) header(session int) []byte {
	if t.subject.mode != udpmux.Token {
		return nil
	}
	T := udpmux.TokenOf(t.keys[session])
	return append([]byte{0x01}, T[:]...)
}

// routes are the flows'. Where there are more sessions, those in use lie scattered among them.
func (t *turn) routes(c crowd) (all []Route) {
	for i := range c.flows {
		session := i % c.sessions
		if c.sessions > c.flows {
			session = i * (c.sessions / c.flows)
		}
		to := t.front
		if t.relay == nil && t.subject.rules == nil {
			to = netip.AddrPortFrom(t.front.Addr(), t.ports[session])
		}
		all = append(all, Route{to, t.header(session), uint32(session)})
	}
	return all
}

// stop ends all processes.
func (t *turn) stop() {
	t.clients.stop()
	t.relay.Stop()
	for _, a := range t.agents {
		a.Close()
	}
	t.backend.stop()
	t.spaces.stop()
}
