//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// printHead begins a table.
func (e *entry) printHead(w io.Writer) {
	fmt.Fprint(w, "\n| measure | subject |")
	for _, u := range e.Units {
		fmt.Fprintf(w, " %s | min – max | ratio |", u)
	}
	fmt.Fprint(w, " |\n|---|---|", strings.Repeat("--:|--:|--:|", len(e.Units)), "---|\n")
}

// printRow writes an entry's line.
func (r *report) printRow(w io.Writer, e *entry) {
	fmt.Fprintf(w, "| %s | %s |", e.Measure, e.Subject)
	for i := range e.Units {
		values := e.column(i)
		if len(values) == 0 {
			fmt.Fprint(w, " - | | |")
			continue
		}
		fmt.Fprintf(w, " %s | %s – %s |", number(median(values)), number(slices.Min(values)), number(slices.Max(values)))
		if ratio, ok := r.ratio(e, i); ok {
			fmt.Fprintf(w, " %.2f × %s |", ratio, e.units[i].base)
		} else {
			fmt.Fprint(w, " - |")
		}
	}
	note := e.Note
	if e.Failure != "" {
		note = "FAILED: " + e.Failure
	}
	fmt.Fprintf(w, " %s |\n", strings.ReplaceAll(note, "|", "\\|"))
}

// printAim says what has become of an aim.
func (r *report) printAim(w io.Writer, a aim) {
	i := slices.IndexFunc(r.Entries, func(e *entry) bool { return e.Measure == a.measure && e.Subject == "tcpmuxd" })
	if i < 0 {
		return
	}
	e := r.Entries[i]
	u := e.units[a.unit]
	want := fmt.Sprintf("≥ %.2f", a.atLeast)
	if a.atMost > 0 {
		want = fmt.Sprintf("≤ %.2f", a.atMost)
	}
	ratio, ok := r.ratio(e, a.unit)
	verdict := "miss"
	switch {
	case !ok:
		fmt.Fprintf(w, "- not measured: %s, %s %s × %s\n", a.measure, u.name, want, u.base)
		return
	case a.atMost > 0 && ratio <= a.atMost, a.atMost == 0 && ratio >= a.atLeast:
		verdict = "pass"
	}
	fmt.Fprintf(w, "- %s: %s, %s %s × %s: %.2f\n", verdict, a.measure, u.name, want, u.base, ratio)
}
