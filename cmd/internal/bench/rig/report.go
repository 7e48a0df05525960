//go:build linux

package rig

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// A Report is what a run has found.
type Report struct {
	Machine     string    `json:"machine"`
	Begin       time.Time `json:"begin"`
	End         time.Time `json:"end"`
	Others      float64   `json:"others"` // cores that other programs kept busy, on average
	What        string    `json:"what"`   // one sentence or more
	Repeat      int       `json:"repeat"`
	Interrupted bool      `json:"interrupted"`
	Entries     []*Entry  `json:"entries"`
	busy        float64   // what others had used when it began
}

// NewReport begins a report; what is for its reader.
func NewReport(what string) *Report {
	return &Report{Machine: machine(), Begin: time.Now(), What: what, busy: others()}
}

func (r *Report) save(file string) error {
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// An Entry is what was found of one subject at one measure.
type Entry struct {
	Measure string      `json:"measure"`
	Subject string      `json:"subject"`
	Units   []string    `json:"units"`
	Values  [][]float64 `json:"values"` // by repetition, then by unit
	Failure string      `json:"failure,omitempty"`
	Note    string      `json:"note,omitempty"`
	units   []Unit
	slices  [][]float64 // of the current repetition
}

func (r *Report) find(measure, subject string) *Entry {
	for _, e := range r.Entries {
		if e.Measure == measure && e.Subject == subject {
			return e
		}
	}
	return nil
}

// entry finds the entry, or makes it.
func (r *Report) entry(m *Measure, subject string) *Entry {
	if e := r.find(m.Name, subject); e != nil {
		return e
	}
	e := &Entry{Measure: m.Name, Subject: subject, units: m.Units}
	for _, u := range m.Units {
		e.Units = append(e.Units, u.Name)
	}
	r.Entries = append(r.Entries, e)
	return e
}

// add adds a slice of a measurement, or its failure, which is the end of it.
func (e *Entry) add(values []float64, err error) {
	if err != nil {
		e.Failure = err.Error()
		fmt.Fprintf(os.Stderr, "  %s: %v\n", e.Subject, err)
		return
	}
	e.slices = append(e.slices, values)
}

// close makes the slices the value of a repetition.
func (e *Entry) close() {
	means := make([]float64, len(e.units))
	fmt.Fprintf(os.Stderr, "  %s:", e.Subject)
	for i := range means {
		for _, s := range e.slices {
			means[i] += s[i] / float64(len(e.slices))
		}
		if means[i] != Absent {
			fmt.Fprintf(os.Stderr, " %s %s;", number(means[i]), e.Units[i])
		}
	}
	fmt.Fprintln(os.Stderr)
	e.Values, e.slices = append(e.Values, means), nil
}

// finish puts the entries in the order of the tables: that of the measures, and the better first. The order of the first repetition's
// turns means nothing.
func (r *Report) finish(measures []Measure) {
	r.End = time.Now()
	r.Others = max(0, (others()-r.busy)/r.End.Sub(r.Begin).Seconds())
	rank := func(e *Entry) int {
		return slices.IndexFunc(measures, func(m Measure) bool { return m.Name == e.Measure })
	}
	slices.SortStableFunc(r.Entries, func(a, b *Entry) int {
		n := rank(a)
		if n != rank(b) {
			return n - rank(b)
		}
		va, vb := a.column(0), b.column(0)
		switch {
		case len(va) == 0 || len(vb) == 0:
			return len(vb) - len(va)
		case median(va) == median(vb):
			return strings.Compare(a.Subject, b.Subject)
		case median(va) < median(vb) == measures[n].Ascending:
			return -1
		}
		return 1
	})
}

func (r *Report) failed() bool {
	return slices.ContainsFunc(r.Entries, func(e *Entry) bool { return e.Failure != "" })
}

// column gives a unit's values. There are none if a repetition has failed: the rest would be a choice.
func (e *Entry) column(unit int) (values []float64) {
	for _, v := range e.Values {
		if e.Failure != "" || v[unit] == Absent {
			return nil
		}
		values = append(values, v[unit])
	}
	return values
}

// ratio is the median of the repetitions' ratios to the base: noise that lasts meets both.
func (r *Report) ratio(e *Entry, unit int, base string) (ratio float64, ok bool) {
	b := r.find(e.Measure, base)
	if b == nil {
		return 0, false
	}
	mine, its := e.column(unit), b.column(unit)
	if len(mine) == 0 || len(mine) != len(its) {
		return 0, false
	}
	ratios := make([]float64, len(mine))
	for i := range mine {
		ratios[i] = mine[i] / its[i]
	}
	return median(ratios), true
}

// median is 0 if there are no values.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return (s[(n-1)/2] + s[n/2]) / 2
}
