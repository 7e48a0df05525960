package conformance

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// TestEveryRuleIsTried: each rule of a role that can be judged has a scenario, or says why it cannot be tested from
// outside.
func TestEveryRuleIsTried(t *testing.T) {
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		tried := slices.ContainsFunc(Scenarios(), func(s engine.Scenario) bool { return s.Rule.ID == r.ID })
		if tried == (r.Untested != "") {
			t.Errorf("%s: has a scenario: %v; says why it has none: %q", r.ID, tried, r.Untested)
		}
		for _, role := range r.Roles {
			if !slices.Contains(Roles(), role) {
				t.Errorf("%s is of the unknown role %s", r.ID, role)
			}
		}
	}
}

// What scenarios are played over makes no difference, as a rule of the same role says.
func TestAxes(t *testing.T) {
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range Axes() {
		for role, id := range a.Rules {
			if !slices.ContainsFunc(rules, func(r docs.Rule) bool {
				return r.ID == id && slices.Contains(r.Roles, role)
			}) {
				t.Errorf("%s of %s: no rule %s binds that role", a.Name, role, id)
			}
		}
	}
}

// givenRule is what may stand before a verb: given, and the rule that it rests on.
var givenRule = regexp.MustCompile(`^given ([A-Z]+-[0-9]+ )?`)

func TestScenarios(t *testing.T) {
	names := make(map[string]string) // to the rule: a name is one script's, in whatever protocol
	for _, s := range Scenarios() {
		if other := names[s.Name]; other != "" && other != s.Rule.ID {
			t.Errorf("%s is there twice, for %s and %s", s.Name, other, s.Rule.ID)
		}
		names[s.Name] = s.Rule.ID
		for _, was := range s.Was {
			if other := names[was]; other != "" && other != s.Rule.ID {
				t.Errorf("%s, an earlier name of %s, is another scenario's", was, s.Name)
			}
			names[was] = s.Rule.ID
		}
		if n := strings.Count(s.Text, "\n"); n > 40 {
			t.Errorf("%s: %d lines are too many to be read beside the page", s.Name, n)
		}
		if !strings.HasSuffix(s.Title, ".") {
			t.Errorf("%s: the title is no sentence: %q", s.Name, s.Title)
		}
		for line := range strings.Lines(s.Text) {
			fields := strings.Fields(givenRule.ReplaceAllString(strings.TrimSpace(line), ""))
			if len(fields) == 0 || fields[0] == "#" {
				continue
			}
			if !suite.HasVerb(s.Role, fields) {
				t.Errorf("%s: %q is no verb of the scenarios", s.Name, line)
			}
		}
	}
}

// TestOutcomes: a rule's outcome is the first that applies to its scenarios, and the exit code the first that applies
// to the rules.
func TestOutcomes(t *testing.T) {
	violation, known := report.ScenarioResult{Outcome: report.Violation},
		report.ScenarioResult{Outcome: report.Violation, Known: true}
	of := func(o report.Outcome) report.ScenarioResult { return report.ScenarioResult{Outcome: o} }
	for _, c := range []struct {
		level     string
		scenarios []report.ScenarioResult
		want      report.Outcome
		exit      int
	}{
		{"MUST", []report.ScenarioResult{of(report.Pass)}, report.Pass, report.ExitOK},
		{"MUST", []report.ScenarioResult{of(report.Pass), violation}, report.Fail, report.ExitViolation},
		{"MUST", []report.ScenarioResult{known, violation}, report.Fail, report.ExitViolation},
		{"MUST", []report.ScenarioResult{of(report.Inconclusive), violation}, report.Fail, report.ExitViolation},
		{"SHOULD", []report.ScenarioResult{violation}, report.Warn, report.ExitOK},
		{"SHOULD", []report.ScenarioResult{of(report.Pass)}, report.Pass, report.ExitOK},
		{"MUST", []report.ScenarioResult{of(report.Pass), of(report.Inconclusive)}, report.Inconclusive,
			report.ExitInconclusive},
		{"MUST", []report.ScenarioResult{of(report.Blocked), of(report.Inconclusive)}, report.Inconclusive,
			report.ExitInconclusive},
		{"MUST", []report.ScenarioResult{of(report.Blocked), known}, report.Blocked, report.ExitInconclusive},
		{"MUST", []report.ScenarioResult{of(report.Pass), known}, report.Known, report.ExitOK},
		{"MUST", []report.ScenarioResult{of(report.Pass), of(report.Unsupported)}, report.Pass, report.ExitOK},
		{"MUST", []report.ScenarioResult{of(report.Unsupported)}, report.Unsupported, report.ExitInconclusive},
	} {
		rule := report.RuleResult{Level: c.level, Scenarios: c.scenarios}
		rule.Judge()
		rep := report.Report{Rules: []report.RuleResult{rule}}
		rep.Summarise(false, time.Second)
		if rule.Outcome != c.want || rep.Summary.Exit != c.exit {
			t.Errorf("%s %+v: %s, exit %d; want %s, exit %d",
				c.level, c.scenarios, rule.Outcome, rep.Summary.Exit, c.want, c.exit)
		}
	}
}
