//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"time"
)

// warmUp goes before each slice: a server that was just started has not found its pace, Go's memory management least of all.
const warmUp = 200 * time.Millisecond

// rate measures exchanges per second, and the server's processor time for one, in µs.
func rate(clients int) func(context.Context, *runner, way) ([]float64, error) {
	return func(ctx context.Context, r *runner, w way) ([]float64, error) {
		s, port, err := r.start(ctx, w)
		defer s.stop()
		if err != nil {
			return nil, err
		}
		if _, err := drive(ctx, clients, warmUp, port, w); err != nil {
			return nil, s.trouble(err)
		}
		before := s.cpu()
		l, err := drive(ctx, clients, r.slice, port, w)
		if err != nil {
			return nil, s.trouble(err)
		}
		cpu := s.cpu() - before
		return []float64{l.perSecond, float64(cpu.Microseconds()) / float64(l.exchanges)}, nil
	}
}

// idlers is the number of idle connections.
const idlers = 1000

// idle measures the memory per connection that has sent nothing yet, in KiB. In the end each of them has to be served: none
// was dropped.
func idle(ctx context.Context, r *runner, w way) ([]float64, error) {
	s, port, err := r.start(ctx, w)
	defer s.stop()
	if err != nil {
		return nil, err
	}
	before, err := settled(ctx, s, port)
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
		return nil, s.trouble(err)
	}
	after, err := settled(ctx, s, port)
	if err != nil {
		return nil, err
	}
	for i, c := range conns {
		if err := newClient(port, w).finish(c); err != nil {
			return nil, s.trouble(fmt.Errorf("idle connection %d: %w", i+1, err))
		}
		c.Close()
	}
	return []float64{float64(after-before) / 1024 / idlers}, nil
}

// crowd opens the idle connections, as fast as the server accepts them: where its queue is full, the kernel would try
// again only a second later.
func crowd(ctx context.Context, port int) (conns []*net.TCPConn, err error) {
	for i := range idlers {
		const queue = 4
		for i%queue == 0 {
			if waiting, _ := listening(port); waiting == 0 {
				break
			}
			if ctx.Err() != nil {
				return conns, context.Cause(ctx)
			}
			time.Sleep(time.Millisecond)
		}
		// Several addresses, because servers limit the connections from one.
		c, err := net.DialTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%8))}, loopback(port))
		if err != nil {
			return conns, fmt.Errorf("idle connection %d: %w", i+1, err)
		}
		conns = append(conns, c)
	}
	return conns, nil
}

// settled waits until all connections are accepted and the server's memory has stopped changing.
func settled(ctx context.Context, s *server, port int) (bytes int, err error) {
	const pause, wanted = 100 * time.Millisecond, 5
	last, same := -1<<40, 0
	for range 100 {
		if bytes, err = s.memory(); err != nil {
			return 0, err
		}
		const page = 4096
		if waiting, _ := listening(port); waiting > 0 || abs(bytes-last) > 4*page {
			last, same = bytes, 0
		} else if same++; same == wanted {
			return bytes, nil
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
	return 0, fmt.Errorf("memory still changes after %v", 100*pause)
}

func abs(n int) int { return max(n, -n) }
