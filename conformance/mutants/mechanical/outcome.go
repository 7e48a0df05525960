package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// An outcome is what the mutants together tell of the suite.
type outcome struct {
	Seed    uint64           `json:"seed"`
	Mutants []result         `json:"mutants"`
	Score   map[string]score `json:"score"` // by the folder of the reference
	Seconds float64          `json:"seconds"`
}

// A score counts verdicts.
type score map[verdict]int

// sum puts the results together.
func sum(seed uint64, results []result, took time.Duration) *outcome {
	o := &outcome{Seed: seed, Mutants: results, Score: make(map[string]score), Seconds: took.Seconds()}
	for _, r := range results {
		protocol := strings.Split(r.File, "/")[1]
		if o.Score[protocol] == nil {
			o.Score[protocol] = make(score)
		}
		o.Score[protocol][r.Verdict]++
	}
	return o
}

// total adds the protocols' scores up.
func (o *outcome) total() score {
	all := make(score)
	for _, s := range o.Score {
		for v, n := range s {
			all[v] += n
		}
	}
	return all
}

// good says whether nothing was left unseen.
func (o *outcome) good() bool {
	all := o.total()
	return all[survived] == 0 && all[failed] == 0
}

// print writes the table and the score.
func (o *outcome) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MUTANT\tVERDICT\tSEEN BY\tSECONDS")
	for _, r := range o.Mutants {
		seen := r.Scenario
		if r.Verdict != killed {
			seen = r.Role // an error's scenario saw nothing
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%.1f\n", r.ID, r.Verdict, seen, r.Seconds)
	}
	t.Flush()
	for _, r := range o.Mutants {
		if r.Verdict != killed {
			reason := strings.ReplaceAll(strings.TrimSpace(r.Change+"\n"+r.Reason), "\n", "\n  ")
			fmt.Fprintf(w, "\n%s, %s:\n  %s\n", r.ID, r.Verdict, reason)
		}
	}
	fmt.Fprintln(w)
	for _, protocol := range slices.Sorted(maps.Keys(o.Score)) {
		fmt.Fprintf(w, "%s: %s\n", protocol, o.Score[protocol])
	}
	o.printTargets(w)
	fmt.Fprintf(w, "all, of seed %d: %s; %.0f s\n", o.Seed, o.total(), o.Seconds)
}

// String says how many of those that can be seen were.
func (s score) String() string {
	seen := s[killed] + s[hung] + s[blocked]
	text := fmt.Sprintf("killed %d of %d", seen, seen+s[survived]+s[failed])
	for _, v := range []verdict{hung, blocked, survived, failed, equivalent} {
		if s[v] > 0 {
			text += fmt.Sprintf(", %s %d", v, s[v])
		}
	}
	return text
}
