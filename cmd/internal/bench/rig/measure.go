//go:build linux

package rig

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Absent is a value that a subject cannot have, in the JSON file, too.
const Absent = -1

// A Unit is one of the figures that a measurement gives.
type Unit struct {
	Name string
	Base string // the subject that the ratio compares with, if there is one
}

// A Measure is what is measured.
type Measure struct {
	Name      string
	Units     []Unit
	Slices    int  // that each subject's time is cut into, the subjects taking turns; 0 is 1
	Ascending bool // the least value comes first in the table
	Tasks     []Task
	Derived   []Derived
}

// A Task is a measure of one subject.
type Task struct {
	Subject string
	Absent  string // why the subject cannot be had here
	Note    string
	Run     func(context.Context) ([]float64, error) // one value for each unit, or Absent
}

// A Derived is a subject whose values are made of those of others.
type Derived struct {
	Subject string
	Of      []string
	Value   func(of [][]float64) []float64
}

// An Aim is what a subject's value, or the ratio of it to that of Base, should be.
type Aim struct {
	Measure, Subject string
	Unit             int
	Base             string  // "" is no ratio
	AtLeast          float64 // or
	AtMost           float64
}

// bases says which subjects others are compared with or made of.
func (m *Measure) bases(aims []Aim) map[string]bool {
	all := map[string]bool{}
	for _, u := range m.Units {
		all[u.Base] = true
	}
	for _, a := range aims {
		all[a.Base] = true
	}
	for _, d := range m.Derived {
		for _, of := range d.Of {
			all[of] = all[of] || all[d.Subject]
		}
	}
	return all
}

// Choose keeps what words ask for, those of subjects and those of measures, and what that is compared with. A word that fits nothing
// is a mistake.
func Choose(measures []Measure, aims []Aim, words []string) ([]Measure, error) {
	var names, kinds []string
	for _, word := range words {
		m := slices.ContainsFunc(measures, func(m Measure) bool { return fits(m.Name, []string{word}) })
		s := slices.ContainsFunc(measures, func(m Measure) bool {
			return slices.ContainsFunc(m.Tasks, func(t Task) bool { return fits(t.Subject, []string{word}) })
		})
		switch {
		case s:
			names = append(names, word)
		case m:
			kinds = append(kinds, word)
		default:
			return nil, fmt.Errorf("%q is in no name", word)
		}
	}
	var wanted []Measure
	for _, m := range measures {
		if len(kinds) > 0 && !fits(m.Name, kinds) {
			continue
		}
		of := slices.DeleteFunc(slices.Clone(aims), func(a Aim) bool { return a.Measure != m.Name || !fits(a.Subject, names) })
		bases := m.bases(of)
		m.Tasks = slices.DeleteFunc(slices.Clone(m.Tasks), func(t Task) bool {
			return len(names) > 0 && !fits(t.Subject, names) && !bases[t.Subject]
		})
		wanted = append(wanted, m)
	}
	return wanted, nil
}

// fits says whether one of the words is in the name.
func fits(name string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(word))
	})
}

// Run measures, until it is done or interrupted.
func (r *Report) Run(ctx context.Context, measures []Measure, repeat int) {
	r.Repeat = repeat
	for round := range repeat {
		for i := range measures {
			fmt.Fprintf(os.Stderr, "%d/%d %s\n", round+1, repeat, measures[i].Name)
			if r.turn(ctx, &measures[i], i+round); ctx.Err() != nil {
				r.Interrupted = true
				return
			}
		}
	}
}

// turn measures each subject once. They take turns at the measure's slices, and another one begins each time.
func (r *Report) turn(ctx context.Context, m *Measure, first int) {
	pieces := max(m.Slices, 1)
	for i := range pieces * len(m.Tasks) {
		t := m.Tasks[(i+i/len(m.Tasks)+first)%len(m.Tasks)]
		e := r.entry(m, t.Subject)
		e.Note = cmp.Or(t.Absent, t.Note)
		if t.Absent != "" || e.Failure != "" {
			continue
		}
		values, err := t.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		e.add(values, err)
		if len(e.slices) == pieces {
			e.close()
		}
	}
	for _, d := range m.Derived {
		r.derive(m, d)
	}
}

// derive makes a repetition's value, if there is one of each that it is made of.
func (r *Report) derive(m *Measure, d Derived) {
	var of [][]float64
	for _, subject := range d.Of {
		e := r.find(m.Name, subject)
		if e == nil || e.Failure != "" || len(e.Values) == 0 {
			return
		}
		of = append(of, e.Values[len(e.Values)-1])
	}
	e := r.entry(m, d.Subject)
	e.Note = "made of: " + strings.Join(d.Of, ", ")
	e.slices = [][]float64{d.Value(of)}
	e.close()
}
