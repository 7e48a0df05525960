//go:build linux

package main

import (
	"context"
	"path/filepath"
	"regexp"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// A measure is what is measured, of each subject that has a way for its kind.
type measure struct {
	name   string
	kind   string
	units  []rig.Unit
	slices int                                                    // that its time is cut into
	run    func(context.Context, *runner, way) ([]float64, error) // one value for each unit, or rig.Absent
}

func speed(base string) []rig.Unit {
	return []rig.Unit{{Name: "connections/s", Base: base}, {Name: "server CPU, µs each", Base: base}}
}

var (
	memory = []rig.Unit{{Name: "KiB per connection", Base: "bare loop"}}
	flow   = []rig.Unit{{Name: "MB/s", Base: "direct"}, {Name: "server CPU, s/GiB", Base: "splice"}}
)

// cuts are the slices of a speed: where the kernel puts client and server, on one core or on two, can halve it, and that
// changes from second to second.
const cuts = 3

// measures are all of them, in the table's order.
var measures = []measure{
	{"HELP by 1 client", help, speed("bare loop"), cuts, rate(1)},
	{"HELP by 32 clients", help, speed("bare loop"), cuts, rate(32)},
	{"built-in by 1 client", builtin, speed("bare loop"), cuts, rate(1)},
	{"built-in by 32 clients", builtin, speed("bare loop"), cuts, rate(32)},
	{"program by 1 client", started, speed("tcpserver"), cuts, rate(1)},
	{"program by 32 clients", started, speed("tcpserver"), cuts, rate(32)},
	{"idle connections", idling, memory, 1, idle},
	{"forwarding, to the service", forward, flow, 1, bulk("sink", upload)},
	{"forwarding, from the service", forward, flow, 1, bulk("source", download)},
}

// aims are the ratios that tcpmuxd should reach.
var aims = []rig.Aim{
	{Measure: "HELP by 1 client", Subject: "tcpmuxd", Base: "bare loop", AtLeast: 0.9},
	{Measure: "HELP by 32 clients", Subject: "tcpmuxd", Base: "bare loop", AtLeast: 0.9},
	{Measure: "built-in by 1 client", Subject: "tcpmuxd", Base: "bare loop", AtLeast: 0.9},
	{Measure: "built-in by 32 clients", Subject: "tcpmuxd", Base: "bare loop", AtLeast: 0.9},
	{Measure: "program by 1 client", Subject: "tcpmuxd", Base: "tcpserver", AtLeast: 0.9},
	{Measure: "program by 32 clients", Subject: "tcpmuxd", Base: "tcpserver", AtLeast: 0.9},
	{Measure: "forwarding, to the service", Subject: "tcpmuxd", Unit: 1, Base: "splice", AtMost: 1.1},
	{Measure: "forwarding, from the service", Subject: "tcpmuxd", Unit: 1, Base: "splice", AtMost: 1.1},
}

// measures are those of the subjects.
func (r *runner) measures(subjects []subject) (all []rig.Measure) {
	for _, m := range measures {
		of := rig.Measure{Name: m.name, Units: m.units, Slices: m.slices}
		for _, s := range subjects {
			w, ok := s.ways[m.kind]
			if !ok {
				continue
			}
			of.Tasks = append(of.Tasks, rig.Task{Subject: s.name, Absent: s.absent, Note: w.note,
				Run: func(ctx context.Context) ([]float64, error) {
					r.slice = r.time / time.Duration(m.slices)
					return m.run(ctx, r, w)
				}})
		}
		all = append(all, of)
	}
	return all
}

// launch starts a server at a new port.
func (r *runner) launch(w way) (s *rig.Process, port int, err error) {
	if r.port, err = rig.FreePort(); err != nil {
		return nil, 0, err
	}
	s, err = rig.Start(w.argv(), filepath.Join(r.dir, "server"))
	return s, r.port, err
}

// start launches a server and waits for its first good answer.
func (r *runner) start(ctx context.Context, w way) (s *rig.Process, port int, err error) {
	s, port, err = r.launch(w)
	if err == nil {
		err = s.Trouble(ready(ctx, s, port, w))
	}
	return s, port, err
}

func quote(text string) string { return regexp.QuoteMeta(text) }
