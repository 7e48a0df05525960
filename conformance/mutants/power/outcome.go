package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/mutants"
)

// An outcome is what all mutants together tell of the suite.
type outcome struct {
	Mutants []result        `json:"mutants"`
	Count   map[verdict]int `json:"count"`
	// Without are the rules that no mutant breaks, and Unseen the scenarios that no mutant has made fail. Both are
	// empty where only some mutants were judged.
	Without []string `json:"rules_without_mutant"`
	Unseen  []string `json:"scenarios_without_violation"`
	Seconds float64  `json:"seconds"`
}

// sum puts the results together; part says that they are not of all mutants.
func sum(results []result, part bool, took time.Duration) (*outcome, error) {
	o := &outcome{Mutants: results, Count: make(map[verdict]int), Without: []string{}, Unseen: []string{},
		Seconds: took.Seconds()}
	for _, r := range results {
		o.Count[r.Verdict]++
	}
	if part {
		return o, nil
	}
	all, err := mutants.All()
	if err != nil {
		return nil, err
	}
	without, err := mutants.Without(all)
	if err != nil {
		return nil, err
	}
	for _, r := range without {
		o.Without = append(o.Without, r.ID)
	}
	for _, s := range conformance.Scenarios() {
		saw := func(v sighting) bool { return v.Scenario == s.Name }
		if slices.Contains(mutants.Roles(), s.Role) && !slices.ContainsFunc(results, func(r result) bool {
			return r.Verdict == killed && slices.ContainsFunc(r.Seen, saw)
		}) {
			o.Unseen = append(o.Unseen, s.Name)
		}
	}
	return o, nil
}

// good says whether the suite has shown its power. A scenario that has never failed is worth a look, but no failure:
// another scenario of its rule may be stricter.
func (o *outcome) good() bool {
	return o.Count[killed] == len(o.Mutants) && len(o.Without) == 0
}

// print writes the table and the totals; verbose adds what the scenarios saw.
func (o *outcome) print(w io.Writer, verbose bool) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tMUTANT\tVERDICT\tSEEN BY\tSECONDS")
	for _, r := range o.Mutants {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.1f\n", r.Rule, r.Mutant, r.Verdict, r.seenBy(), r.Seconds)
	}
	t.Flush()
	for _, r := range o.Mutants {
		if verbose && r.Verdict == killed {
			r.print(w)
		}
	}
	// What is to be mended stands at the end.
	for _, r := range o.Mutants {
		if r.Verdict != killed {
			r.print(w)
		}
	}
	fmt.Fprintf(w, "\nkilled %d of %d, survived %d, misattributed %d, errors %d; %.0f s\n",
		o.Count[killed], len(o.Mutants), o.Count[survived], o.Count[misattributed], o.Count[failed], o.Seconds)
	if len(o.Without) > 0 {
		fmt.Fprintf(w, "rules without a mutant: %s\n", strings.Join(o.Without, ", "))
	}
	if len(o.Unseen) > 0 {
		fmt.Fprintf(w, "scenarios that no mutant has made fail: %s\n", strings.Join(o.Unseen, ", "))
	}
}

// print writes what the scenarios saw, or what kept them from judging.
func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s (%s), %s:\n", r.Mutant, r.Rule, r.Verdict)
	for _, s := range r.Seen {
		fmt.Fprintf(w, "  %s %s: %s\n", s.Rule, s.Scenario, s.Reason)
	}
	if r.Error != "" {
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(strings.TrimSpace(r.Error), "\n", "\n  "))
	}
}

// seenBy names the scenarios; those of other rules with their rule.
func (r result) seenBy() string {
	var names []string
	for _, s := range r.Seen {
		if s.Rule != r.Rule {
			names = append(names, s.Rule+" "+s.Scenario)
		} else {
			names = append(names, s.Scenario)
		}
	}
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("%d more", len(names)-3))
	}
	return strings.Join(names, ", ")
}
