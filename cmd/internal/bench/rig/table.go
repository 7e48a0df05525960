//go:build linux

package rig

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// print writes the tables and what has become of the aims.
func (r *Report) print(w io.Writer, aims []Aim) {
	fmt.Fprintf(w, "%s. Other programs kept %.2f cores busy meanwhile.\n%s\n", r.Machine, r.Others, r.What)
	fmt.Fprintf(w, "Medians of %d; a ratio is the median of the repetitions' ratios. The clients run on the same machine. CPU is that of all\n", r.Repeat)
	fmt.Fprintln(w, "processes of what is measured, started programs included. Memory is proportional set size, per connection its growth.")
	const quiet = 0.2
	if r.Others > quiet {
		fmt.Fprintln(w, "The machine was not quiet: the figures are provisional.")
	}
	if r.Interrupted {
		fmt.Fprintln(w, "INTERRUPTED: not all was measured.")
	}
	last := ""
	for _, e := range r.Entries {
		if head := fmt.Sprint(e.units); head != last {
			last = head
			e.printHead(w)
		}
		r.printRow(w, e)
	}
	fmt.Fprintln(w)
	for _, a := range aims {
		r.printAim(w, a)
	}
}

// printHead begins a table.
func (e *Entry) printHead(w io.Writer) {
	fmt.Fprint(w, "\n| measure | subject |")
	for _, u := range e.units {
		fmt.Fprintf(w, " %s | min – max |", u.Name)
		if u.Base != "" {
			fmt.Fprintf(w, " ÷ %s |", u.Base)
		}
	}
	fmt.Fprint(w, " |\n|---|---|")
	for _, u := range e.units {
		fmt.Fprint(w, "--:|--:|")
		if u.Base != "" {
			fmt.Fprint(w, "--:|")
		}
	}
	fmt.Fprint(w, "---|\n")
}

// printRow writes an entry's line.
func (r *Report) printRow(w io.Writer, e *Entry) {
	fmt.Fprintf(w, "| %s | %s |", e.Measure, e.Subject)
	for i, u := range e.units {
		values, ratio := e.column(i), ""
		if got, ok := r.ratio(e, i, u.Base); ok {
			ratio = fmt.Sprintf("%.2f", got)
		}
		if len(values) == 0 {
			fmt.Fprint(w, " - | |")
		} else {
			fmt.Fprintf(w, " %s | %s – %s |", number(median(values)), number(slices.Min(values)), number(slices.Max(values)))
		}
		if u.Base != "" {
			fmt.Fprintf(w, " %s |", ratio)
		}
	}
	note := e.Note
	if e.Failure != "" {
		note = "FAILED: " + e.Failure
	}
	fmt.Fprintf(w, " %s |\n", strings.ReplaceAll(note, "|", "\\|"))
}

// printAim says what has become of an aim.
func (r *Report) printAim(w io.Writer, a Aim) {
	e := r.find(a.Measure, a.Subject)
	if e == nil {
		return
	}
	want, base := fmt.Sprintf("≥ %s", number(a.AtLeast)), ""
	if a.AtMost > 0 {
		want = fmt.Sprintf("≤ %s", number(a.AtMost))
	}
	if a.Base != "" {
		base = " × " + a.Base
	}
	got, ok := r.ratio(e, a.Unit, a.Base)
	if values := e.column(a.Unit); a.Base == "" && len(values) > 0 {
		got, ok = median(values), true
	}
	name := fmt.Sprintf("%s, %s, %s %s%s", a.Measure, a.Subject, e.Units[a.Unit], want, base)
	verdict := "miss"
	switch {
	case !ok:
		fmt.Fprintf(w, "- not measured: %s\n", name)
		return
	case a.AtMost > 0 && got <= a.AtMost, a.AtMost == 0 && got >= a.AtLeast:
		verdict = "pass"
	}
	fmt.Fprintf(w, "- %s: %s: %s\n", verdict, name, number(got))
}

// number writes a value with three digits or all before the point.
func number(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
