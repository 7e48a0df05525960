//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// A unit is one of the figures that a measurement gives.
type unit struct {
	name string
	base string // the subject that the ratio compares with
}

// A measure is what is measured, of each subject that has a way for its kind.
type measure struct {
	name   string
	kind   string
	units  []unit
	slices int                                                    // that its time is cut into, the subjects taking turns
	run    func(context.Context, *runner, way) ([]float64, error) // one value for each unit, or absent
}

// absent is a value that a subject cannot have, in the JSON file, too.
const absent = -1

func speed(base string) []unit {
	return []unit{{"connections/s", base}, {"server CPU, µs each", base}}
}

var (
	memory = []unit{{"KiB per connection", "bare loop"}}
	flow   = []unit{{"MB/s", "direct"}, {"server CPU, s/GiB", "splice"}}
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

// An aim is a ratio that tcpmuxd should reach.
type aim struct {
	measure string
	unit    int
	atLeast float64 // or
	atMost  float64
}

var aims = []aim{
	{measure: "HELP by 1 client", atLeast: 0.9},
	{measure: "HELP by 32 clients", atLeast: 0.9},
	{measure: "built-in by 1 client", atLeast: 0.9},
	{measure: "built-in by 32 clients", atLeast: 0.9},
	{measure: "program by 1 client", atLeast: 0.9},
	{measure: "program by 32 clients", atLeast: 0.9},
	{measure: "forwarding, to the service", unit: 1, atMost: 1.1},
	{measure: "forwarding, from the service", unit: 1, atMost: 1.1},
}

// run measures, until it is done or interrupted.
func (r *runner) run(ctx context.Context, result *report, subjects []subject, wanted []measure, repeat int) {
	for round := range repeat {
		for i, m := range wanted {
			fmt.Fprintf(os.Stderr, "%d/%d %s\n", round+1, repeat, m.name)
			if r.turn(ctx, result, subjects, m, i+round); ctx.Err() != nil {
				result.Interrupted = true
				return
			}
		}
	}
}

// turn measures each subject once. They take turns at the measure's slices, and another one begins each time.
func (r *runner) turn(ctx context.Context, result *report, subjects []subject, m measure, first int) {
	r.slice = r.time / time.Duration(m.slices)
	for i := range m.slices * len(subjects) {
		s := subjects[(i+i/len(subjects)+first)%len(subjects)]
		w, ok := s.ways[m.kind]
		if !ok {
			continue
		}
		e := result.entry(m, s.name)
		e.Note = cmp.Or(s.absent, w.note)
		if s.absent != "" || e.Failure != "" {
			continue
		}
		values, err := m.run(ctx, r, w)
		if ctx.Err() != nil {
			return
		}
		e.add(values, err)
		if len(e.slices) == m.slices {
			e.close()
		}
	}
}

// launch starts a server at a new port.
func (r *runner) launch(w way) (s *server, port int, err error) {
	if r.port, err = freePort(); err != nil {
		return nil, 0, err
	}
	dir := filepath.Join(r.dir, "server")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, 0, err
	}
	s, err = startServer(w.argv(), dir)
	return s, r.port, err
}

// start launches a server and waits for its first good answer.
func (r *runner) start(ctx context.Context, w way) (s *server, port int, err error) {
	s, port, err = r.launch(w)
	if err == nil {
		err = s.trouble(ready(ctx, s, port, w))
	}
	return s, port, err
}

func quote(text string) string { return regexp.QuoteMeta(text) }
