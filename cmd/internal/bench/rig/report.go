//go:build linux

package rig

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// A report is what a run has found.
type report struct {
	machine     string
	others      float64 // cores that other programs kept busy, on average
	what        string  // one sentence or more for the reader
	repeat      int
	interrupted bool
	results     []*result // in the measures' order
	aims        []Aim
}

// A result is what was found at one measure.
type result struct {
	Measure
	entries []*entry
}

// An entry is what was found of one subject.
type entry struct {
	subject, note string
	failure       error       // the end of its measurements
	values        [][]float64 // by repetition, then by unit
	slices        [][]float64 // of the current repetition
}

// newResult has an entry for each subject, in their order.
func newResult(m Measure) *result {
	r := &result{Measure: m}
	for _, t := range m.Tasks {
		r.entries = append(r.entries, &entry{subject: t.Subject, note: cmp.Or(t.Absent, t.Note)})
	}
	for _, d := range m.Derived {
		if !slices.ContainsFunc(d.Of, func(subject string) bool { return r.find(subject) == nil }) {
			r.entries = append(r.entries, &entry{subject: d.Subject, note: "made of: " + strings.Join(d.Of, ", ")})
		}
	}
	return r
}

// run measures, until it is done or interrupted.
func (r *report) run(ctx context.Context, measures []Measure, d time.Duration) {
	for _, m := range measures {
		r.results = append(r.results, newResult(m))
	}
	begin, busy := time.Now(), others()
	for round := range r.repeat {
		for i, result := range r.results {
			if ctx.Err() == nil {
				fmt.Fprintf(os.Stderr, "%d/%d %s\n", round+1, r.repeat, result.Name)
				result.turn(ctx, i+round, d)
			}
		}
	}
	r.interrupted = ctx.Err() != nil
	r.others = max(0, (others()-busy)/time.Since(begin).Seconds())
}

// turn measures each subject for the time d. They take turns at the slices of it, and another one begins each time.
func (r *result) turn(ctx context.Context, first int, d time.Duration) {
	pieces := max(r.Slices, 1)
	for i := range pieces * len(r.Tasks) {
		t := r.Tasks[order(i, len(r.Tasks), first)]
		e := r.find(t.Subject)
		if t.Absent != "" || e.failure != nil {
			continue
		}
		values, err := t.Run(ctx, d/time.Duration(pieces))
		if ctx.Err() != nil {
			return
		}
		if e.slices = append(e.slices, values); err != nil {
			e.failure = err
			fmt.Fprintf(os.Stderr, "  %s: %v\n", e.subject, err)
		} else if len(e.slices) == pieces {
			r.close(e)
		}
	}
	for _, d := range r.Derived {
		r.derive(d)
	}
}

// close makes the slices the values of a repetition.
func (r *result) close(e *entry) {
	values := means(e.slices)
	fmt.Fprintf(os.Stderr, "  %s:", e.subject)
	for i, v := range values {
		if !isAbsent(v) {
			fmt.Fprintf(os.Stderr, " %s %s;", number(v), r.Units[i].Name)
		}
	}
	fmt.Fprintln(os.Stderr)
	e.values, e.slices = append(e.values, values), nil
}

// derive makes a repetition's values, or drops those of all if what they are made of has failed.
func (r *result) derive(d Derived) {
	e := r.find(d.Subject)
	if e == nil {
		return
	}
	var of [][]float64
	for _, subject := range d.Of {
		base := r.find(subject)
		if base.failure != nil || len(base.values) == 0 {
			e.values = nil
			return
		}
		of = append(of, base.values[len(base.values)-1])
	}
	e.slices = [][]float64{d.Value(of)}
	r.close(e)
}

// find gives a subject's entry, or nil.
func (r *result) find(subject string) *entry {
	if i := slices.IndexFunc(r.entries, func(e *entry) bool { return e.subject == subject }); i >= 0 {
		return r.entries[i]
	}
	return nil
}

// column gives a unit's values. There are none if a repetition has failed: the rest would be a choice.
func (e *entry) column(unit int) (values []float64) {
	for _, v := range e.values {
		if e.failure != nil || isAbsent(v[unit]) {
			return nil
		}
		values = append(values, v[unit])
	}
	return values
}

// value is the median of a unit's values, or of their ratios to those of a base, or Absent.
func (r *result) value(subject string, unit int, base string) float64 {
	e, b := r.find(subject), r.find(base)
	switch {
	case base == "" && e != nil:
		return median(e.column(unit))
	case e != nil && b != nil:
		return medianRatio(e.column(unit), b.column(unit))
	}
	return Absent
}

// failed says whether a measurement has failed or is missing.
func (r *report) failed() bool {
	return r.interrupted || slices.ContainsFunc(r.results, func(r *result) bool {
		return slices.ContainsFunc(r.entries, func(e *entry) bool { return e.failure != nil })
	})
}
