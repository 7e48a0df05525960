//go:build linux

// This program compares moshd with other programs that forward UDP, and with nothing between the ends. Start reading
// at plan, which has what is measured; subjects.go has who is, and clients.go and backend.go what the ends are.
//
// What was lost is counted; what was changed ends the measure.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// A runner has what all measurements share.
type runner struct {
	rig.Bench
	window int  // datagrams that a flow keeps on its way
	plain  bool // a system call for each
}

func main() {
	runtime.GOMAXPROCS(8) // the ends are threads: the system alone is to decide which of them runs
	r := &runner{Bench: rig.Bench{
		Usage: `Compare moshd with nginx, socat, and nothing between the ends. All traffic stays on the loopback
interface.`,
		Name:     "moshd",
		Programs: []string{"moshd"},
	}}
	r.Options = func(fs *pflag.FlagSet) {
		fs.IntVar(&r.window, "window", 4, "how many datagrams a flow keeps on its way where as many as can be are sent")
		fs.BoolVar(&r.plain, "plain", false,
			"the ends make a system call for each datagram, as mosh's programs do, instead of one for many")
	}
	r.Plan = r.plan
	os.Exit(r.Main())
}

// Names of subjects and measures.
const (
	direct  = "direct"
	added   = " − " + direct
	latency = "latency"
)

// Where latency is measured.
const (
	latent = 100  // flows
	paced  = 2000 // round trips per second
)

func saturated(flows int) string {
	if flows == 1 {
		return "round trips by 1 flow"
	}
	return fmt.Sprintf("round trips by %d flows", flows)
}

// speed are the figures of a measure that sends as much as it can.
var speed = []rig.Unit{
	{Name: "round trips/s", Base: direct}, {Name: "CPU, µs per datagram"}, {Name: "memory, MB"}, {Name: "lost, %"}}

// plan gives all measures, in the table's order. Speeds are cut into slices: where the kernel puts the processes
// changes from second to second.
func (r *runner) plan() (what string, all []rig.Measure, _ []rig.Aim, _ error) {
	if r.window < 1 || r.window > batchSize {
		return "", nil, nil, fmt.Errorf("--window is from 1 to %d", batchSize)
	}
	ends := "send and receive many datagrams by a system call"
	if r.plain {
		perCall, ends = 1, "make a system call for each datagram"
	}
	subjects := []subject{{Subject: rig.Subject{Name: direct}}}
	for _, b := range r.Builds {
		for _, mode := range modes {
			subjects = append(subjects, r.ours(b, mode))
		}
	}
	subjects = append(subjects, r.nginx(), r.socat())
	for _, flows := range []int{1, 100, 1000} {
		m := rig.Measure{Name: saturated(flows), Slices: 2, Units: speed}
		for _, s := range subjects {
			if s.Name == "socat" && flows > 100 {
				s.Absent = "it has a process for each flow"
			}
			m.Tasks = append(m.Tasks, r.task(s, flows, r.saturate))
		}
		all = append(all, m)
	}
	what = fmt.Sprintf("A measurement takes %v s. mosh's datagrams have %d bytes; a flow keeps %d of them on "+
		"their way. Latency is of %d flows\nwith %d round trips per second in all. A datagram counts in each "+
		"direction. Memory is all of the forwarder's.\nThe ends %s.", r.Seconds, payload, r.window, latent, paced, ends)
	return what, append(all, r.latency(subjects)), aims(), nil
}

// saturate measures how much goes through, and what that costs the forwarder. A measurement is what lies between two
// counts: then the datagrams that are on their way at its beginning make up for those at its end.
func (r *runner) saturate(ctx context.Context, d time.Duration, t *turn) ([]float64, error) {
	sending, end := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- t.clients.saturate(sending, r.window) }()
	a, errA := t.count(ctx, rig.WarmUp)
	b, errB := t.count(ctx, d)
	end()
	if err := cmp.Or(<-done, errA, errB); err != nil {
		return nil, err
	}
	answered := b.answered - a.answered
	if answered == 0 {
		return nil, errors.New("nothing came back")
	}
	speed, lost := rig.PerSecond(int(answered), b.at.Sub(a.at)), rig.Percent(b.lost-a.lost, answered)
	if t.relay == nil {
		return []float64{speed, rig.Absent, rig.Absent, lost}, nil
	}
	memory, err := t.relay.Memory()
	return []float64{speed, rig.Each(b.used-a.used, int(2*answered)), float64(memory) / 1e6, lost}, err
}

// A count is what came back until some time, and the processor time that the forwarder has used.
type count struct {
	answered, lost int64
	used           time.Duration
	at             time.Time
}

// count counts when some time has passed.
func (t *turn) count(ctx context.Context, after time.Duration) (count, error) {
	err := rig.Wait(ctx, after)
	used := t.relay.CPU()
	return count{t.clients.answered.Load(), t.clients.lost.Load(), used, time.Now()}, err
}

// pace measures how long round trips take while datagrams are sent evenly.
func pace(ctx context.Context, d time.Duration, t *turn) ([]float64, error) {
	if _, _, err := t.clients.pace(ctx, rig.WarmUp); err != nil {
		return nil, err
	}
	took, lost, err := t.clients.pace(ctx, d)
	if err != nil {
		return nil, err
	}
	p50, p99 := rig.Micros(rig.Percentile(took, 50)), rig.Micros(rig.Percentile(took, 99))
	return []float64{p50, p99, rig.Percent(int64(lost), int64(len(took)))}, nil
}

// latency measures round trips at a rate that leaves the processors idle most of the time.
func (r *runner) latency(subjects []subject) rig.Measure {
	m := rig.Measure{Name: latency, Slices: 2,
		Units: []rig.Unit{{Name: "p50, µs", Base: direct}, {Name: "p99, µs", Base: direct}, {Name: "lost, %"}}}
	for _, s := range subjects {
		m.Tasks = append(m.Tasks, r.task(s, latent, pace))
		if s.Name != direct {
			of := []string{s.Name, direct}
			m.Derived = append(m.Derived, rig.Derived{Subject: s.Name + added, Of: of, Value: difference})
		}
	}
	return m
}

func difference(of [][]float64) []float64 {
	return []float64{of[0][0] - of[1][0], of[0][1] - of[1][1], rig.Absent}
}

// aims are what moshd should reach.
func aims() (all []rig.Aim) {
	for _, mode := range modes {
		name := "moshd " + mode.String()
		all = append(all,
			rig.Aim{Measure: saturated(100), Subject: name, Base: direct, AtLeast: 0.55},
			rig.Aim{Measure: saturated(1000), Subject: name, Base: direct, AtLeast: 0.38},
			rig.Aim{Measure: saturated(100), Subject: name, Unit: 1, AtMost: 4},
			rig.Aim{Measure: saturated(1000), Subject: name, Unit: 1, AtMost: 4},
			rig.Aim{Measure: saturated(1000), Subject: name, Unit: 2, AtMost: 20},
			rig.Aim{Measure: latency, Subject: name + added, AtMost: 35})
	}
	return all
}
