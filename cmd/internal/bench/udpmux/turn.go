//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"net/netip"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// A turn is a subject at work, with clients before it and a backend after it. These two are threads of this program;
// the processor time that counts is the relay's alone.
type turn struct {
	clients clients
	backend *backend
	relay   rig.Programs // none where nothing is between the ends
	agent   *agent.Conn
}

// A measurement gives one value for each unit, or rig.Absent.
type measurement func(context.Context, time.Duration, *turn) ([]float64, error)

// task measures a subject with some clients, a flow each.
func (r *runner) task(s subject, flows int, run measurement) rig.Task {
	return rig.Task{Subject: s.Name, Absent: s.Absent, Note: s.Note,
		Run: func(ctx context.Context, d time.Duration) (values []float64, err error) {
			t := &turn{}
			if t.backend, err = newBackend(); err != nil {
				return nil, err
			}
			defer t.stop()
			to, header, err := r.forward(ctx, t, s)
			if err == nil {
				err = t.clients.open(ctx, flows, netip.AddrPortFrom(loopback, uint16(to)), header)
			}
			if err == nil {
				values, err = run(ctx, d, t)
			}
			return values, t.relay.Trouble(err)
		}}
}

// forward starts what is between the ends. It gives the port that clients send to, and what they send before P.
func (r *runner) forward(ctx context.Context, t *turn, s subject) (to int, header []byte, err error) {
	if s.Programs == nil {
		return t.backend.port, nil, nil
	}
	if to, err = rig.FreePort(); err != nil {
		return 0, nil, err
	}
	p, err := r.Start(s.Programs(rig.Ports{Front: to, Back: t.backend.port})[0].Argv)
	if err != nil {
		return 0, nil, err
	}
	t.relay = rig.Programs{p}
	if s.mode != 0 {
		header, err = t.register(ctx, s.mode, agent.SocketDialer(r.socket()))
	}
	return to, header, err
}

// register plays the session's agent, whose connection stays open.
func (t *turn) register(ctx context.Context, mode udpmux.Mode, dial agent.Dialer) (header []byte, err error) {
	err = t.relay.Await(ctx, func() (err error) {
		t.agent, err = dial.Connect(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := udpmux.Frame{Type: udpmux.Register, Modes: mode, Port: uint16(t.backend.port)}
	rand.Read(f.S[:])
	if mode == udpmux.Token {
		T := udpmux.TokenOf(f.S)
		header = append([]byte{0x01}, T[:]...)
	}
	return header, t.agent.Register(ctx, f)
}

// stop ends everything.
func (t *turn) stop() {
	t.clients.close()
	t.relay.Stop()
	if t.agent != nil {
		t.agent.Close()
	}
	t.backend.stop()
}
