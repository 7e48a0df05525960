//go:build linux

package main

import (
	"context"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// Measures of floods, by what is sent.
const (
	strangers = "flood of learn's form"
	guesses   = "flood of a wrong token"
	replays   = "flood of a session's token" // as somebody on the way may see it
)

const (
	floodSources = 10000
	floodRate    = 100000 // datagrams per second
	learners     = 64     // as many learn sessions as there can be without an option
)

// flood measures live sessions, 2000 round trips per second in all, while others flood the daemon.
func (r *runner) floods(builds []string) (all []rig.Measure) {
	for _, kind := range []string{strangers, guesses, replays} {
		m := rig.Measure{Name: kind, Ascending: true, Units: []rig.Unit{{Name: "lost, %"}, {Name: "p50, ms"}, {Name: "p99, ms"},
			{Name: "flood, datagrams/s"}, {Name: "CPU of a core, %"}}}
		for _, b := range r.moshds(builds) {
			for _, mode := range []udpmux.Mode{udpmux.Token, udpmux.Learn} {
				if kind == replays && mode == udpmux.Learn {
					continue // has no token
				}
				m.Tasks = append(m.Tasks, r.task(r.ours(b, mode, flooded...), crowd{learners, learners}, r.flood(kind)))
			}
		}
		all = append(all, m)
	}
	return all
}

// flood floods a daemon while its sessions go on.
func (r *runner) flood(kind string) func(context.Context, *turn) ([]float64, error) {
	return func(ctx context.Context, t *turn) (values []float64, err error) {
		target := Target{To: t.front, Sources: floodSources, PerSecond: floodRate}
		switch kind {
		case guesses:
			target.Header = append([]byte{0x01}, make([]byte, 15)...)
		case replays:
			target.Header = t.header(0)
		}
		var flood part
		defer func() { flood.stop() }()
		if err := r.startPart(ctx, &flood, nil, "flood"); err != nil {
			return nil, err
		}
		if err := flood.do(ctx, "Flood.Begin", target, nil, 0); err != nil {
			return nil, err
		}
		if _, err := t.pace(ctx, rig.WarmUp); err != nil {
			return nil, err
		}
		before, begin := t.relay.CPU(), time.Now()
		got, err := t.pace(ctx, r.time)
		if err != nil {
			return nil, err
		}
		used := (t.relay.CPU() - before).Seconds() / time.Since(begin).Seconds()
		var sent Flooded
		err = flood.do(ctx, "Flood.End", struct{}{}, &sent, 0)
		return []float64{got.lost(), got.P50 / 1e3, got.P99 / 1e3, float64(sent.Sent) / sent.Took.Seconds(), 100 * used}, err
	}
}
