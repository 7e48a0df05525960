//go:build linux

package rig

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// WarmUp goes before a measurement: a program that was just started has not found its pace, Go's memory management
// least of all.
const WarmUp = 200 * time.Millisecond

// An exchange is what a client does again and again.
type exchange func() error

// exchange opens a connection and talks, which ends both directions.
func (t *Turn) exchange(talk Talk) error {
	c, err := net.DialTCP("tcp4", nil, Loopback(t.port))
	if err != nil {
		return err
	}
	defer c.Close()
	// Closing with a reset leaves no TIME_WAIT behind, of which the kernel bears only so many.
	c.SetLinger(0)
	return talk.with(c)
}

// Rate measures how many connections clients open in a second, side by side, and the programs' processor time for one
// in µs. Each client has a talk of its own.
func Rate(clients int, talk func() Talk) Run {
	return func(ctx context.Context, d time.Duration, t *Turn) ([]float64, error) {
		client := func() exchange {
			talk := talk()
			return func() error { return t.exchange(talk) }
		}
		if _, _, err := drive(ctx, clients, WarmUp, client); err != nil {
			return nil, err
		}
		before := t.CPU()
		n, perSecond, err := drive(ctx, clients, d, client)
		if err != nil || len(t.Programs) == 0 {
			return []float64{perSecond, Absent}, err
		}
		return []float64{perSecond, Each(t.CPU()-before, n)}, nil
	}
}

// drive lets clients work side by side for a while, each doing one exchange after the other. The first failed exchange
// ends it.
func drive(ctx context.Context, clients int, d time.Duration, client func() exchange) (
	total int, perSecond float64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			exchange := client()
			n, took := 0, time.Duration(0)
			for took < d && ctx.Err() == nil {
				if err := exchange(); err != nil {
					cancel(fmt.Errorf("exchange %d of a client: %w", n+1, err))
					return
				}
				n++
				took = time.Since(begin)
			}
			mu.Lock()
			defer mu.Unlock()
			total += n
			// Each by its own end: one that waits for long must not make the others look slow.
			perSecond += PerSecond(n, took)
		})
	}
	wg.Wait()
	return total, perSecond, context.Cause(ctx)
}

// A Move carries bytes in one direction.
type Move func(c *net.TCPConn, b []byte) (int, error)

// What goes to a sink, and what comes from a source.
var (
	Upload   Move = (*net.TCPConn).Write
	Download Move = (*net.TCPConn).Read
)

// Bulk measures a long stream, after what goes before it: MB/s, and the programs' processor time per GiB in s. It
// looks at the stream in its full flow, so that neither its beginning nor its end counts.
func Bulk(before Talk, move Move) Run {
	return Dialled(func(ctx context.Context, d time.Duration, t *Turn, c *net.TCPConn) ([]float64, error) {
		if err := before(c); err != nil {
			return nil, err
		}
		var moved atomic.Int64
		ended := make(chan error, 1)
		go func() {
			b := make([]byte, chunk)
			for {
				n, err := move(c, b)
				if moved.Add(int64(n)); err != nil {
					ended <- err
					return
				}
			}
		}()
		var bytes [2]int64
		var cpu [2]time.Duration
		var at [2]time.Time
		for i, wait := range []time.Duration{WarmUp, d} {
			select {
			case err := <-ended:
				return nil, fmt.Errorf("the stream has ended: %w", err)
			case <-time.After(wait):
			}
			at[i], bytes[i], cpu[i] = time.Now(), moved.Load(), t.CPU()
		}
		speed, cost := Flow(bytes[1]-bytes[0], at[1].Sub(at[0]), cpu[1]-cpu[0])
		if len(t.Programs) == 0 {
			cost = Absent
		}
		return []float64{speed, cost}, nil
	})
}

// Idle measures the memory of each program per connection that has done no more than begin, in KiB. In the end each
// connection has to talk: none was dropped. One goes before all, so that what is needed once is there.
func (b *Bench) Idle(begin, talk Talk) Run {
	return func(ctx context.Context, _ time.Duration, t *Turn) ([]float64, error) {
		if err := t.exchange(talk); err != nil {
			return nil, err
		}
		before, err := t.settled(ctx)
		if err != nil {
			return nil, err
		}
		conns, err := t.crowd(ctx, b.idlers, begin)
		defer func() {
			for _, c := range conns {
				c.Close()
			}
		}()
		if err != nil {
			return nil, err
		}
		after, err := t.settled(ctx)
		if err != nil {
			return nil, err
		}
		var values []float64
		for i := range after {
			values = append(values, growth(before[i], after[i], b.idlers))
		}
		for i, c := range conns {
			if err := talk.with(c); err != nil {
				return nil, fmt.Errorf("idle connection %d, later: %w", i+1, err)
			}
			c.Close()
		}
		return values, nil
	}
}

// crowd opens the idle connections, as fast as the server accepts them: where its queue is full, the kernel would try
// again only a second later.
func (t *Turn) crowd(ctx context.Context, n int, begin Talk) (conns []*net.TCPConn, err error) {
	for i := range n {
		const queue = 4
		for i%queue == 0 {
			if waiting, _ := listener(t.port); waiting == 0 {
				break
			}
			if err := Wait(ctx, time.Millisecond); err != nil {
				return conns, err
			}
		}
		// Several addresses, because servers limit the connections from one.
		c, err := net.DialTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%8))}, Loopback(t.port))
		if err == nil {
			conns = append(conns, c)
			err = begin.with(c)
		}
		if err != nil {
			return conns, fmt.Errorf("idle connection %d: %w", i+1, err)
		}
	}
	return conns, nil
}

// settled waits until all connections are accepted and the memory of each program, which it gives, has stopped
// changing.
func (t *Turn) settled(ctx context.Context) (bytes []int, err error) {
	const pause, wanted = 100 * time.Millisecond, 5
	bytes = make([]int, len(t.Programs))
	same := 0
	for range 100 {
		waiting, _ := listener(t.port)
		changed := waiting > 0
		for i, p := range t.Programs {
			now, err := p.memory()
			if err != nil {
				return nil, err
			}
			if max(now-bytes[i], bytes[i]-now) > 4*page {
				bytes[i], changed = now, true
			}
		}
		if same++; changed {
			same = 0
		}
		if same == wanted {
			return bytes, nil
		}
		if err := Wait(ctx, pause); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("memory still changes after %v", 100*pause)
}
