package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance"
)

// Markdown writes the report as a page: a table of the rules, behind it the evidence of each violation.
func Markdown(w io.Writer, r *conformance.Report) {
	fmt.Fprintf(w, "# %s as %s\n\n", r.Target, strings.Join(r.Roles, ", "))
	s := r.Summary
	fmt.Fprintf(w, "Judged %d of %d rules, listed %d", s.Judged, s.Rules, s.Listed)
	for _, o := range conformance.Outcomes {
		if n := s.Count[o]; n > 0 {
			fmt.Fprintf(w, ", %d %s", n, o)
		}
	}
	fmt.Fprintf(w, ". muxspec %s, digest `%.12s`.\n\n| rule | level | class | outcome | |\n|---|---|---|---|---|\n", r.Suite.Version, r.Suite.Digest)
	for _, rule := range r.Rules {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", id(r, rule), rule.Level, rule.Class, strong(rule.Outcome), cell(rule.Rule.Text))
	}
	for i, fact := range slices.Sorted(maps.Keys(r.Profile)) {
		if i == 0 {
			fmt.Fprint(w, "\nChosen where the page leaves the choice:\n\n")
		}
		fmt.Fprintf(w, "- %s: %s\n", fact, r.Profile[fact])
	}
	for _, m := range s.Missing {
		fmt.Fprintf(w, "\nA listed deviation did not occur: %s.\n", m)
	}
	for _, rule := range r.Rules {
		for _, scenario := range rule.Scenarios {
			if scenario.Outcome == conformance.Violation || scenario.Outcome == conformance.Inconclusive {
				markdownScenario(w, r, rule, scenario)
			}
		}
	}
}

// markdownScenario writes what a scenario found.
func markdownScenario(w io.Writer, r *conformance.Report, rule conformance.RuleResult, s conformance.ScenarioResult) {
	note := ""
	if s.Known {
		note = " (listed)"
	}
	fmt.Fprintf(w, "\n## %s, %s%s\n\n%s\n\n%s\n", id(r, rule), s.Name, note, rule.Rule.Text, s.Reason)
	if len(s.Proof) > 0 {
		fmt.Fprintf(w, "\n    %s\n", strings.Join(s.Proof, "\n    "))
	}
}

// id names a rule, with the role where the report is of several that have to keep it.
func id(r *conformance.Report, rule conformance.RuleResult) string {
	if len(r.Roles) > 1 && len(rule.Rule.Roles) > 1 {
		return rule.ID + " (" + strings.TrimPrefix(rule.Role, rule.Protocol+"-") + ")"
	}
	return rule.ID
}

// strong makes what needs attention stand out.
func strong(o conformance.Outcome) string {
	if m := mark(o); m != string(o) {
		return "**" + m + "**"
	}
	return string(o)
}

// cell makes a text fit into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
