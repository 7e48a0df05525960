//go:build linux

package rig

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// WarmUp goes before a slice: a program that was just started has not found its pace, Go's memory management least of all.
const WarmUp = 200 * time.Millisecond

// A Load is what a number of clients have achieved.
type Load struct {
	Exchanges int
	PerSecond float64
}

// Drive lets clients work side by side for a while, each doing one exchange after the other. The first failed exchange ends it.
func Drive(ctx context.Context, clients int, d time.Duration, client func() (exchange func() error)) (Load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var all Load
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
			all.Exchanges += n
			// Each by its own end: one that waits for long must not make the others look slow.
			all.PerSecond += float64(n) / took.Seconds()
		})
	}
	wg.Wait()
	return all, context.Cause(ctx)
}
