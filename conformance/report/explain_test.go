package report

import (
	"testing"
	"time"
)

// A block is explained by a rule of the same role that is broken in the same run, also where that is listed. One that nothing
// explains makes the run inconclusive, if a MUST rule could not be judged because of it.
func TestExplained(t *testing.T) {
	rule := func(role, id, level string, s ScenarioResult) RuleResult {
		r := RuleResult{ID: id, Role: role, Level: level, Scenarios: []ScenarioResult{s}}
		r.Judge()
		return r
	}
	blocked := ScenarioResult{Outcome: Blocked, By: "TCPMUX-1"}
	for _, c := range []struct {
		name        string
		other       RuleResult
		level       string
		unexplained bool
		exit        int
	}{
		{"broken and listed", rule("server", "TCPMUX-1", "MUST", ScenarioResult{Outcome: Violation, Known: true}), "MUST", false, ExitOK},
		{"broken", rule("server", "TCPMUX-1", "SHOULD", ScenarioResult{Outcome: Violation}), "MUST", false, ExitOK},
		{"kept", rule("server", "TCPMUX-1", "MUST", ScenarioResult{Outcome: Pass}), "MUST", true, ExitInconclusive},
		{"kept, for a SHOULD", rule("server", "TCPMUX-1", "MUST", ScenarioResult{Outcome: Pass}), "SHOULD", true, ExitOK},
		{"another rule", rule("server", "TCPMUX-2", "SHOULD", ScenarioResult{Outcome: Violation}), "MUST", true, ExitInconclusive},
		{"another role's", rule("client", "TCPMUX-1", "SHOULD", ScenarioResult{Outcome: Violation}), "MUST", true, ExitInconclusive},
	} {
		r := &Report{Rules: []RuleResult{c.other, rule("server", "TCPMUX-3", c.level, blocked)}}
		r.Summarise(false, time.Second)
		if got := r.Rules[1].Scenarios[0].Unexplained; got != c.unexplained || r.Summary.Exit != c.exit {
			t.Errorf("%s: unexplained %v, exit code %d", c.name, got, r.Summary.Exit)
		}
	}
}
