//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"regexp"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// bareLoop is a subject that others are compared with.
const bareLoop = "bare loop"

// measures are all of them, in the table's order, without their tasks. Speeds are cut into slices: where the kernel
// puts client and server, on one core or on two, can halve them, and that changes from second to second.
var measures = []struct {
	rig.Measure
	way     way
	service string
	run     func(*runner, answer) rig.Run
}{
	{speed("HELP by 1 client", bareLoop), list, "", rate(1)},
	{speed("HELP by 32 clients", bareLoop), list, "", rate(32)},
	{speed("built-in by 1 client", bareLoop), builtin, "", rate(1)},
	{speed("built-in by 32 clients", bareLoop), builtin, "", rate(32)},
	{speed("program by 1 client", "tcpserver"), started, "", rate(1)},
	{speed("program by 32 clients", "tcpserver"), started, "", rate(32)},
	{rig.Measure{Name: "idle connections", Units: memory}, list, "", (*runner).idle},
	{flow("forwarding, to the service"), forward, "sink", bulk(rig.Upload)},
	{flow("forwarding, from the service"), forward, "source", bulk(rig.Download)},
}

var memory = []rig.Unit{{Name: "KiB per connection", Base: bareLoop}}

func speed(name, base string) rig.Measure {
	units := []rig.Unit{{Name: "connections/s", Base: base}, {Name: "server CPU, µs each", Base: base}}
	return rig.Measure{Name: name, Slices: 3, Units: units}
}

func flow(name string) rig.Measure {
	units := []rig.Unit{{Name: "MB/s", Base: "direct"}, {Name: "server CPU, s/GiB", Base: bareLoop}}
	return rig.Measure{Name: name, Units: units}
}

// plan gives the measures, with those subjects that have a way for them, and what tcpmuxd should reach.
func (r *runner) plan() (what string, all []rig.Measure, aims []rig.Aim, err error) {
	if r.hi, err = tinyProgram(r.Dir); err != nil {
		return "", nil, nil, fmt.Errorf("the program to start: %w", err)
	}
	subjects := r.subjects()
	for _, m := range measures {
		for _, s := range subjects {
			if answer, ok := s.ways[m.way]; ok {
				s.Note = answer.note
				m.Tasks = append(m.Tasks, r.Task(s.Subject, m.service, m.run(r, answer)))
			}
		}
		all = append(all, m.Measure)
		switch base := m.Units[len(m.Units)-1].Base; {
		case m.way == forward:
			aims = append(aims, rig.Aim{Measure: m.Name, Subject: "tcpmuxd", Unit: 1, Base: base, AtMost: 1.1})
		case len(m.Units) > 1:
			aims = append(aims, rig.Aim{Measure: m.Name, Subject: "tcpmuxd", Base: base, AtLeast: 0.9})
		}
	}
	what = fmt.Sprintf("A measurement takes %v s; the program that servers start is one of a few bytes.", r.Seconds)
	return what, all, aims, nil
}

func rate(clients int) func(*runner, answer) rig.Run {
	return func(_ *runner, a answer) rig.Run { return rig.Rate(clients, a.talk) }
}

// idle measures connections that have sent nothing yet.
func (r *runner) idle(a answer) rig.Run {
	return r.Idle(func(*net.TCPConn) error { return nil }, a.talk())
}

func bulk(move rig.Move) func(*runner, answer) rig.Run {
	return func(_ *runner, a answer) rig.Run { return rig.Bulk(a.ask, move) }
}

// ask asks a forwarder for its service, if it wants to be asked.
func (a answer) ask(c *net.TCPConn) error {
	if a.request == "" {
		return nil
	}
	return rig.Ask(c, a.request, positive)
}

// talk gives a client's: it sends the request, and reads the whole answer up to its end.
func (a answer) talk() rig.Talk {
	want := regexp.MustCompile("^(?:" + a.pattern + ")$")
	buf := make([]byte, 4096)
	var last []byte // the last answer, known to be good
	return func(c *net.TCPConn) error {
		if _, err := io.WriteString(c, a.request); err != nil {
			return err
		}
		n, err := io.ReadFull(c, buf)
		if err != io.ErrUnexpectedEOF { // it ends before buf is full
			return fmt.Errorf("an answer of %d bytes: %w", n, err)
		}
		if string(buf[:n]) == string(last) {
			return nil
		}
		if !want.Match(buf[:n]) {
			return fmt.Errorf("wrong answer %.80q", buf[:n])
		}
		last = append(last[:0], buf[:n]...)
		return nil
	}
}
