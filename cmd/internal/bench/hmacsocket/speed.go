//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// bulk measures one long stream to the service: MB/s, and the pair's processor time for a GiB in s.
func (r *runner) bulk(pieces int) func(context.Context, *pair, subject) ([]float64, error) {
	return func(ctx context.Context, p *pair, s subject) ([]float64, error) {
		c, closer, err := p.dial(ctx)
		if err != nil {
			return nil, err
		}
		defer closer()
		total := uint64(r.bytes) / uint64(pieces) / uint64(max(s.share, 1))
		answer := make([]byte, 8)
		announce := binary.BigEndian.AppendUint64(nil, total)
		c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write(announce); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(c, answer); err != nil {
			return nil, fmt.Errorf("the service's readiness: %w", err)
		}
		c.SetDeadline(time.Now().Add(10 * patience))
		before, begin := p.cpu(), time.Now()
		b := make([]byte, chunk)
		for left := total; left > 0; {
			n, err := c.Write(b[:min(left, chunk)])
			if err != nil {
				return nil, err
			}
			left -= uint64(n)
		}
		if _, err := io.ReadFull(c, answer); err != nil {
			return nil, fmt.Errorf("the service's count: %w", err)
		}
		took, cpu := time.Since(begin).Seconds(), p.cpu()-before
		if got := binary.BigEndian.Uint64(answer); got != total {
			return nil, fmt.Errorf("%d bytes sent, %d arrived", total, got)
		}
		values := []float64{float64(total) / 1e6 / took, rig.Absent}
		if p.client != nil {
			values[1] = cpu / float64(total) * (1 << 30)
		}
		return values, nil
	}
}

// pass measures how fast one core hashes: MB/s, and processor time for a GiB in s. The time is the thread's own, so that others on the
// machine do not count.
func (r *runner) pass(hash func() hash.Hash) func(context.Context) ([]float64, error) {
	return func(context.Context) ([]float64, error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		now := func() float64 {
			var t unix.Timespec
			unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
			return float64(t.Nano()) / 1e9
		}
		h, b, out := hash(), make([]byte, 64<<10), []byte(nil)
		bytes, took := 0.0, 0.0
		for begin := now(); took < 0.15; took = now() - begin {
			for range 16 {
				h.Reset()
				h.Write(b)
				out = h.Sum(out[:0])
				bytes += float64(len(b))
			}
		}
		return []float64{bytes / 1e6 / took, took / bytes * (1 << 30)}, nil
	}
}

// pingPong measures how long a message of 64 bytes takes to the service and back: the median and the 99th percentile, in µs.
func (r *runner) pingPong(pieces int) func(context.Context, *pair, subject) ([]float64, error) {
	return func(ctx context.Context, p *pair, _ subject) ([]float64, error) {
		c, closer, err := p.dial(ctx)
		if err != nil {
			return nil, err
		}
		defer closer()
		c.SetDeadline(time.Now().Add(r.time + patience))
		b := make([]byte, 64)
		var took []float64
		slice := r.time / time.Duration(pieces)
		for begin := time.Now(); time.Since(begin) < rig.WarmUp+slice; {
			at := time.Now()
			if _, err := c.Write(b); err != nil {
				return nil, err
			}
			if _, err := io.ReadFull(c, b); err != nil {
				return nil, err
			}
			if at.Sub(begin) > rig.WarmUp {
				took = append(took, float64(time.Since(at).Nanoseconds())/1e3)
			}
		}
		if len(took) == 0 {
			return nil, fmt.Errorf("no message came back in %v", slice)
		}
		slices.Sort(took)
		return []float64{took[len(took)/2], took[len(took)*99/100]}, nil
	}
}
