//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// Subjects that others are compared with.
const (
	direct, veth = "direct", "veth"
	added        = " − " + direct
)

// Names of measures.
const (
	latency = "latency"
	lookUp  = "sessions"
)

// Where latency is measured.
const (
	latent = 100  // flows
	paced  = 2000 // round trips per second
)

func saturated(flows int) string { return "round trips by " + plural(flows) }

func plural(flows int) string {
	if flows == 1 {
		return "1 flow"
	}
	return fmt.Sprint(flows, " flows")
}

// speed are the figures of a measure that sends as much as it can.
func speed(base string) []rig.Unit {
	return []rig.Unit{{Name: "round trips/s", Base: base}, {Name: "CPU, µs per datagram"}, {Name: "memory, MB"}, {Name: "lost, %"}}
}

// measures are all, in the table's order. Speeds are cut into slices: where the kernel puts the processes changes from second to second.
func (r *runner) measures(builds []string) (all []rig.Measure) {
	var ours []subject
	for _, b := range r.moshds(builds) {
		ours = append(ours, r.ours(b, udpmux.Token, raised...), r.ours(b, udpmux.Learn, raised...))
	}
	subjects := append(append([]subject{{name: direct}}, ours...), r.nginx(), r.socat())
	kernel := []subject{r.veth(veth, false), r.veth("nft redirect", true)}
	for _, flows := range []int{1, 100, 1000} {
		m := rig.Measure{Name: saturated(flows), Slices: 2, Units: speed(direct)}
		for _, s := range subjects {
			if s.name == "socat" && flows > 100 {
				s.absent = "it has a process for each flow"
			}
			m.Tasks = append(m.Tasks, r.task(s, crowd{flows, 1}, r.saturate(m.Slices)))
		}
		all = append(all, m)
	}
	for _, flows := range []int{1, 100, 1000} {
		m := rig.Measure{Name: "between namespaces by " + plural(flows), Units: speed(veth)}
		for _, s := range kernel {
			m.Tasks = append(m.Tasks, r.task(s, crowd{flows, 1}, r.saturate(1)))
		}
		all = append(all, m)
	}
	return append(append(all, r.lookUp(builds), r.latency(subjects)), r.floods(builds)...)
}

// task measures a subject.
func (r *runner) task(s subject, c crowd, run func(context.Context, *turn) ([]float64, error)) rig.Task {
	return rig.Task{Subject: s.name, Absent: s.absent, Note: s.note, Run: func(ctx context.Context) ([]float64, error) {
		t, err := r.start(ctx, s, c)
		defer t.stop()
		if err != nil {
			return nil, err
		}
		values, err := run(ctx, t)
		return values, t.relay.Trouble(err)
	}}
}

// saturate measures how much goes through, and what that costs the forwarder.
func (r *runner) saturate(pieces int) func(context.Context, *turn) ([]float64, error) {
	return func(ctx context.Context, t *turn) ([]float64, error) {
		if err := t.clients.do(ctx, "Clients.Begin", Load{Window: r.window}, nil, 0); err != nil {
			return nil, err
		}
		a, usedA, errA := t.count(ctx, rig.WarmUp)
		b, usedB, errB := t.count(ctx, r.time/time.Duration(pieces))
		if err := cmp.Or(errA, errB, t.clients.do(ctx, "Clients.End", struct{}{}, nil, 0)); err != nil {
			return nil, err
		}
		answered := float64(b.Answered - a.Answered)
		if answered == 0 {
			return nil, errors.New("nothing came back")
		}
		values := []float64{answered / (b.At - a.At).Seconds(), rig.Absent, rig.Absent, percent(b.Lost-a.Lost, b.Answered-a.Answered)}
		if t.relay == nil {
			return values, nil
		}
		memory, err := t.relay.Memory()
		values[1], values[2] = float64((usedB-usedA).Nanoseconds())/1e3/(2*answered), float64(memory)/1e6
		return values, err
	}
}

// count gives, when some time has passed, what came back until then, and the processor time that the forwarder has used.
func (t *turn) count(ctx context.Context, after time.Duration) (n Count, used time.Duration, err error) {
	select {
	case <-ctx.Done():
		return n, 0, context.Cause(ctx)
	case <-time.After(after):
	}
	used = t.relay.CPU()
	err = t.clients.do(ctx, "Clients.Count", struct{}{}, &n, 0)
	return n, used, err
}

func percent(lost, answered int64) float64 { return 100 * float64(lost) / float64(lost+answered) }

// lookUp measures moshd with more and more sessions. With learn there are as many as there can be without an option.
func (r *runner) lookUp(builds []string) rig.Measure {
	m := rig.Measure{Name: lookUp, Units: speed(sessions("moshd token", 1))}
	for _, b := range r.moshds(builds) {
		for _, n := range []int{1, 1000, 10000} {
			s := r.ours(b, udpmux.Token, raised...)
			s.name = sessions(s.name, n)
			m.Tasks = append(m.Tasks, r.task(s, crowd{1000, n}, r.saturate(1)))
		}
		s := r.ours(b, udpmux.Learn, raised...)
		s.name = sessions(s.name, learners)
		m.Tasks = append(m.Tasks, r.task(s, crowd{1000, learners}, r.saturate(1)))
	}
	for _, n := range []int{1, 1000} {
		s := subject{name: sessions(direct, n)}
		m.Tasks = append(m.Tasks, r.task(s, crowd{1000, n}, r.saturate(1)))
	}
	return m
}

func sessions(name string, n int) string { return fmt.Sprintf("%s ×%d", name, n) }

// latency measures round trips at a rate that leaves the processors idle most of the time.
func (r *runner) latency(subjects []subject) rig.Measure {
	m := rig.Measure{Name: latency, Slices: 2, Ascending: true,
		Units: []rig.Unit{{Name: "p50, µs", Base: direct}, {Name: "p99, µs", Base: direct}, {Name: "lost, %"}}}
	for _, s := range subjects {
		m.Tasks = append(m.Tasks, r.task(s, crowd{latent, 1}, func(ctx context.Context, t *turn) ([]float64, error) {
			if _, err := t.pace(ctx, rig.WarmUp); err != nil {
				return nil, err
			}
			got, err := t.pace(ctx, r.time/time.Duration(m.Slices))
			return []float64{got.P50, got.P99, got.lost()}, err
		}))
		if s.name != direct {
			m.Derived = append(m.Derived, rig.Derived{Subject: s.name + added, Of: []string{s.name, direct}, Value: func(of [][]float64) []float64 {
				return []float64{of[0][0] - of[1][0], of[0][1] - of[1][1], rig.Absent}
			}})
		}
	}
	return m
}

// pace lets the clients send evenly for some time.
func (t *turn) pace(ctx context.Context, d time.Duration) (got Paced, err error) {
	err = t.clients.do(ctx, "Clients.Pace", Load{PerSecond: paced, For: d}, &got, d)
	return got, err
}

func (p Paced) lost() float64 { return percent(int64(p.Lost), int64(p.Answered)) }
