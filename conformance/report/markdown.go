package report

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Markdown writes the report as a page: a table of the rules, followed by the evidence of each violation.
func Markdown(w io.Writer, r *Report) {
	fmt.Fprintf(w, "# %s as %s\n\n", escape(r.Target), strings.Join(r.Roles, ", "))
	s := r.Summary
	fmt.Fprintf(w, "Judged %d of %d rules, listed %d", s.Judged, s.Rules, s.Listed)
	for _, o := range Outcomes {
		if n := s.Count[o]; n > 0 {
			fmt.Fprintf(w, ", %d %s", n, o)
		}
	}
	fmt.Fprintf(w, "; exit code %d. muxspec %s, digest `%.12s`.\n\n| rule | level | class | outcome | "+
		"|\n|---|---|---|---|---|\n", s.Exit, r.Suite.Version, r.Suite.Digest)
	for _, rule := range r.Rules {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", id(r, rule), rule.Level, rule.Class, strong(rule.Outcome),
			cell(rule.Rule.Text))
	}
	for i, fact := range slices.Sorted(maps.Keys(r.Profile)) {
		if i == 0 {
			fmt.Fprint(w, "\nChoices that the page leaves open:\n\n")
		}
		fmt.Fprintf(w, "- %s: %s\n", escape(fact), escape(r.Profile[fact]))
	}
	for _, m := range s.Missing {
		fmt.Fprintf(w, "\nA listed deviation did not occur: %s.\n", m)
	}
	if s.Exit == ExitInconclusive && s.Judged == 0 {
		fmt.Fprintf(w, "\nNo conclusion: %s.\n", NoneJudged)
	}
	said := make(map[string]bool) // why many are blocked is said at the first
	for _, rule := range r.Rules {
		for _, scenario := range rule.Scenarios {
			block := scenario.Outcome == Blocked && !said[scenario.Reason]
			if block || scenario.Outcome == Violation || scenario.Outcome == Inconclusive {
				markdownScenario(w, r, rule, scenario)
				said[scenario.Reason] = true
			}
		}
	}
}

// markdownScenario writes what a scenario found.
func markdownScenario(w io.Writer, r *Report, rule RuleResult, s ScenarioResult) {
	note := ""
	switch {
	case s.Known:
		note = " (listed)"
	case s.Outcome == Blocked:
		note = " (blocked)"
	}
	fmt.Fprintf(w, "\n## %s, %s%s\n\n%s\n\n%s\n", id(r, rule), s.Full(), note, cell(rule.Rule.Text), escape(s.Reason))
	if len(s.Proof) > 0 {
		fence := "```"
		for text := strings.Join(s.Proof, "\n"); strings.Contains(text, fence); {
			fence += "`"
		}
		fmt.Fprintf(w, "\n%s\n%s\n%s\n", fence, strings.Join(s.Proof, "\n"), fence)
	}
}

// id names a rule, with the role where the report is of several that have to keep it.
func id(r *Report, rule RuleResult) string {
	if len(r.Roles) > 1 && len(rule.Rule.Roles) > 1 {
		return rule.ID + " (" + strings.TrimPrefix(rule.Role, rule.Protocol+"-") + ")"
	}
	return rule.ID
}

// strong makes what needs attention stand out.
func strong(o Outcome) string {
	if m := mark(o); m != string(o) {
		return "**" + m + "**"
	}
	return string(o)
}

// escape takes what Markdown and HTML would make of a text that is the target's: its bytes are in it.
func escape(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
	return regexp.MustCompile("[\\\\`*_\\[\\]#|~!]").ReplaceAllString(s, `\$0`)
}

// cell makes a text fit into a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(s)
}
