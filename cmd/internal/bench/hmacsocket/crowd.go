//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// rate measures connections per second, each with a byte to the service and back, and the pair's processor time for one in µs.
func (r *runner) rate(pieces int) func(context.Context, *pair, subject) ([]float64, error) {
	return func(ctx context.Context, p *pair, _ subject) ([]float64, error) {
		client := func() func() error { return p.exchange }
		if _, err := rig.Drive(ctx, r.clients, rig.WarmUp, client); err != nil {
			return nil, err
		}
		before := p.cpu()
		l, err := rig.Drive(ctx, r.clients, r.time/time.Duration(pieces), client)
		if err != nil {
			return nil, err
		}
		values := []float64{l.PerSecond, rig.Absent}
		if p.client != nil {
			values[1] = (p.cpu() - before) * 1e6 / float64(l.Exchanges)
		}
		return values, nil
	}
}

// idle measures the memory per connection that has carried a byte each way and now is silent, in KiB: of both programs, and of each. In
// the end each connection has to carry another: none was dropped.
func (r *runner) idle(ctx context.Context, p *pair, _ subject) ([]float64, error) {
	if err := p.exchange(); err != nil {
		return nil, err
	}
	before, err := rig.Settled(ctx, p.port, p.client, p.server)
	if err != nil {
		return nil, err
	}
	var conns []*net.TCPConn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range r.idlers {
		c, err := net.DialTCP("tcp4", nil, rig.Loopback(p.port))
		if err != nil {
			return nil, fmt.Errorf("idle connection %d: %w", i+1, err)
		}
		conns = append(conns, c)
		if err := touch(c); err != nil || ctx.Err() != nil {
			return nil, fmt.Errorf("idle connection %d: %w", i+1, err)
		}
	}
	after, err := rig.Settled(ctx, p.port, p.client, p.server)
	if err != nil {
		return nil, err
	}
	for i, c := range conns {
		if err := touch(c); err != nil {
			return nil, fmt.Errorf("idle connection %d, later: %w", i+1, err)
		}
	}
	each := func(i int) float64 { return float64(after[i]-before[i]) / 1024 / float64(r.idlers) }
	return []float64{each(0) + each(1), each(0), each(1)}, nil
}
