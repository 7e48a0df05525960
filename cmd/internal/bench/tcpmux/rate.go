//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// rate measures exchanges per second, and the server's processor time for one, in µs.
func rate(clients int) func(context.Context, *runner, way) ([]float64, error) {
	return func(ctx context.Context, r *runner, w way) ([]float64, error) {
		s, port, err := r.start(ctx, w)
		defer s.Stop()
		if err != nil {
			return nil, err
		}
		if _, err := drive(ctx, clients, rig.WarmUp, port, w); err != nil {
			return nil, s.Trouble(err)
		}
		before := s.CPU()
		l, err := drive(ctx, clients, r.slice, port, w)
		if err != nil {
			return nil, s.Trouble(err)
		}
		cpu := s.CPU() - before
		return []float64{l.PerSecond, float64(cpu.Microseconds()) / float64(l.Exchanges)}, nil
	}
}

// idlers is the number of idle connections.
const idlers = 1000

// idle measures the memory per connection that has sent nothing yet, in KiB. In the end each of them has to be served: none
// was dropped.
func idle(ctx context.Context, r *runner, w way) ([]float64, error) {
	s, port, err := r.start(ctx, w)
	defer s.Stop()
	if err != nil {
		return nil, err
	}
	before, err := rig.Settled(ctx, port, s)
	if err != nil {
		return nil, err
	}
	conns, err := crowd(ctx, port)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	if err != nil {
		return nil, s.Trouble(err)
	}
	after, err := rig.Settled(ctx, port, s)
	if err != nil {
		return nil, err
	}
	for i, c := range conns {
		if err := newClient(port, w).finish(c); err != nil {
			return nil, s.Trouble(fmt.Errorf("idle connection %d: %w", i+1, err))
		}
		c.Close()
	}
	return []float64{float64(after[0]-before[0]) / 1024 / idlers}, nil
}

// crowd opens the idle connections, as fast as the server accepts them: where its queue is full, the kernel would try
// again only a second later.
func crowd(ctx context.Context, port int) (conns []*net.TCPConn, err error) {
	for i := range idlers {
		const queue = 4
		for i%queue == 0 {
			if waiting, _ := rig.Listening(port); waiting == 0 {
				break
			}
			if ctx.Err() != nil {
				return conns, context.Cause(ctx)
			}
			time.Sleep(time.Millisecond)
		}
		// Several addresses, because servers limit the connections from one.
		c, err := net.DialTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%8))}, rig.Loopback(port))
		if err != nil {
			return conns, fmt.Errorf("idle connection %d: %w", i+1, err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}
