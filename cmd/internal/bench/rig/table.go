//go:build linux

package rig

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// print writes the tables and what has become of the aims.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s. Other programs kept %.2f cores busy meanwhile.\n%s\n", r.machine, r.others, r.what)
	fmt.Fprintf(w, "Medians of %d; a ratio is the median of the repetitions' ratios. The clients run on the same "+
		"machine. CPU is that of all\nprocesses of what is measured, started programs included. Memory is "+
		"proportional set size, per connection its growth.\n", r.repeat)
	const quiet = 0.2
	if r.others > quiet {
		fmt.Fprintln(w, "The machine was not quiet: the figures are provisional.")
	}
	if r.interrupted {
		fmt.Fprintln(w, "INTERRUPTED: not all was measured.")
	}
	var last []Unit
	for _, result := range r.results {
		if !slices.Equal(result.Units, last) {
			last = result.Units
			fmt.Fprint(w, head(last))
		}
		for _, e := range result.entries {
			fmt.Fprint(w, result.row(e))
		}
	}
	fmt.Fprintln(w)
	for _, a := range r.aims {
		fmt.Fprint(w, r.verdict(a))
	}
}

// head begins a table.
func head(units []Unit) string {
	names, line := "\n| measure | subject |", "|---|---|"
	for _, u := range units {
		names += fmt.Sprintf(" %s | min – max |", u.Name)
		line += "--:|--:|"
		if u.Base != "" {
			names += fmt.Sprintf(" ÷ %s |", u.Base)
			line += "--:|"
		}
	}
	return names + " |\n" + line + "---|\n"
}

// row is an entry's line.
func (r *result) row(e *entry) string {
	row := fmt.Sprintf("| %s | %s |", r.Name, e.subject)
	for i, u := range r.Units {
		if values := e.column(i); len(values) == 0 {
			row += " - | |"
		} else {
			least, most := slices.Min(values), slices.Max(values)
			row += fmt.Sprintf(" %s | %s – %s |", number(median(values)), number(least), number(most))
		}
		if ratio := r.value(e.subject, i, u.Base); u.Base == "" {
			continue
		} else if isAbsent(ratio) {
			row += " |"
		} else {
			row += fmt.Sprintf(" %.2f |", ratio)
		}
	}
	note := e.note
	if e.failure != nil {
		note = "FAILED: " + e.failure.Error()
	}
	return fmt.Sprintf("%s %s |\n", row, strings.ReplaceAll(note, "|", "\\|"))
}

// verdict says what has become of an aim, unless its subject was left out.
func (r *report) verdict(a Aim) string {
	i := slices.IndexFunc(r.results, func(r *result) bool { return r.Name == a.Measure && r.find(a.Subject) != nil })
	if i < 0 {
		return ""
	}
	want := "≥ " + number(a.AtLeast)
	if a.AtMost > 0 {
		want = "≤ " + number(a.AtMost)
	}
	if a.Base != "" {
		want += " × " + a.Base
	}
	name := fmt.Sprintf("%s, %s, %s %s", a.Measure, a.Subject, r.results[i].Units[a.Unit].Name, want)
	switch got := r.results[i].value(a.Subject, a.Unit, a.Base); {
	case isAbsent(got):
		return fmt.Sprintf("- not measured: %s\n", name)
	case a.met(got):
		return fmt.Sprintf("- pass: %s: %s\n", name, number(got))
	default:
		return fmt.Sprintf("- miss: %s: %s\n", name, number(got))
	}
}

// number writes a value with three digits, or with all before the point.
func number(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
