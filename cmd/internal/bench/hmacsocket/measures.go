//go:build linux

package main

import (
	"context"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// Kinds of measures, which are their names.
const (
	bulk, pingPong, opening, idling = "bulk", "ping-pong", "connections", "idle connections"
)

// gcm is what users compare with: authenticated, encrypted, and the fastest of its kind.
const gcm = "ssh aes128-gcm"

// measures are those of the subjects. The speeds are cut into slices: where the kernel puts the processes, on one core or on two,
// changes from second to second.
func (r *runner) measures(subjects []subject, hashes []string) []rig.Measure {
	flow := rig.Measure{Name: bulk, Slices: 2,
		Units: []rig.Unit{{Name: "MB/s", Base: "direct"}, {Name: "CPU of both, s/GiB", Base: gcm}}}
	flow.Tasks = r.tasks(subjects, bulk, r.bulk(flow.Slices))
	for _, hash := range hashes {
		pass := "a pass of " + hash
		flow.Tasks = append(flow.Tasks, rig.Task{Subject: pass, Run: r.pass(hashNames[hash]), Note: "one core, 64 KiB at once"})
		flow.Derived = append(flow.Derived, rig.Derived{Subject: floor(hash), Of: []string{pass, pass, "socat"}, Value: sum})
	}
	pong := rig.Measure{Name: pingPong, Slices: 2, Ascending: true, Units: []rig.Unit{{Name: "p50, µs", Base: "socat"}, {Name: "p99, µs", Base: "socat"}}}
	pong.Tasks = r.tasks(subjects, pingPong, r.pingPong(pong.Slices))
	open := rig.Measure{Name: opening, Slices: 2, Units: []rig.Unit{{Name: "connections/s", Base: "bare Go " + hashes[0]}, {Name: "CPU of both, µs each"}}}
	open.Tasks = r.tasks(subjects, opening, r.rate(open.Slices))
	idle := rig.Measure{Name: idling, Ascending: true, Units: []rig.Unit{{Name: "pair, KiB each"}, {Name: "client, KiB each"}, {Name: "server, KiB each"}}}
	idle.Tasks = r.tasks(subjects, idling, r.idle)
	return []rig.Measure{flow, pong, open, idle}
}

// floor is what no pair with that hash can cost less than: both ends hash everything and copy it.
func floor(hash string) string { return "floor of " + hash }

// sum adds up processor time; there is no speed.
func sum(of [][]float64) []float64 {
	total := 0.0
	for _, v := range of {
		total += v[1]
	}
	return []float64{rig.Absent, total}
}

// tasks are those of a measure.
func (r *runner) tasks(subjects []subject, kind string, run func(context.Context, *pair, subject) ([]float64, error)) (all []rig.Task) {
	service := "echo"
	if kind == bulk {
		service = "sink"
	}
	for _, s := range subjects {
		if s.skip[kind] {
			continue
		}
		all = append(all, rig.Task{Subject: s.name, Absent: s.absent, Note: s.notes[kind], Run: func(ctx context.Context) ([]float64, error) {
			p, err := r.start(ctx, s, service)
			defer p.stop()
			if err != nil {
				return nil, err
			}
			values, err := run(ctx, p, s)
			return values, p.trouble(err)
		}})
	}
	return all
}

// aims are what our pair should reach.
func aims(hashes []string) []rig.Aim {
	all := []rig.Aim{
		{Measure: bulk, Subject: "hmacsocket blake3", Unit: 1, Base: gcm, AtMost: 0.8},
		{Measure: bulk, Subject: "hmacsocket blake3", Unit: 1, Base: "stunnel", AtMost: 0.99},
		{Measure: bulk, Subject: "hmacsocket sha256", Unit: 1, Base: floor("sha256"), AtMost: 1.15},
	}
	for _, hash := range hashes {
		name := "hmacsocket " + hash
		all = append(all, rig.Aim{Measure: pingPong, Subject: name, Base: "socat", AtMost: 1.25},
			rig.Aim{Measure: opening, Subject: name, Base: "bare Go " + hash, AtLeast: 0.8},
			rig.Aim{Measure: idling, Subject: name, AtMost: 100})
	}
	return all
}
