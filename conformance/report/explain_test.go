package report

import (
	"bytes"
	"encoding/xml"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A block is explained by a rule of the same role that is broken in the same run, also where that is listed. One that
// nothing explains makes the run inconclusive, if a MUST rule could not be judged because of it.
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
		{"broken and listed", rule("server", "TCPMUX-1", "MUST", ScenarioResult{Outcome: Violation, Known: true}),
			"MUST", false, ExitOK},
		{"broken", rule("server", "TCPMUX-1", "SHOULD", ScenarioResult{Outcome: Violation}), "MUST", false, ExitOK},
		{"kept", rule("server", "TCPMUX-1", "MUST", ScenarioResult{Outcome: Pass}), "MUST", true, ExitInconclusive},
		{"kept, for a SHOULD", rule("server", "TCPMUX-1", "MUST", ScenarioResult{Outcome: Pass}), "SHOULD",
			true, ExitOK},
		{"another rule", rule("server", "TCPMUX-2", "SHOULD", ScenarioResult{Outcome: Violation}),
			"MUST", true, ExitInconclusive},
		{"another role's", rule("client", "TCPMUX-1", "SHOULD", ScenarioResult{Outcome: Violation}),
			"MUST", true, ExitInconclusive},
	} {
		r := &Report{Rules: []RuleResult{c.other, rule("server", "TCPMUX-3", c.level, blocked)}}
		r.Summarise(false, time.Second)
		if got := r.Rules[1].Scenarios[0].Unexplained; got != c.unexplained || r.Summary.Exit != c.exit {
			t.Errorf("%s: unexplained %v, exit code %d", c.name, got, r.Summary.Exit)
		}
	}
}

// TestMeans: whatever the outcomes are, JUnit's XML has a failure exactly if the exit code is 1, and otherwise an error
// exactly if it is 3.
func TestMeans(t *testing.T) {
	outcome := rapid.SampledFrom([]Outcome{Pass, Violation, Inconclusive, Blocked, Unsupported})
	rapid.Check(t, func(t *rapid.T) {
		var r Report
		for range rapid.IntRange(1, 3).Draw(t, "rules") {
			rule := RuleResult{ID: rapid.SampledFrom([]string{"A-1", "A-2"}).Draw(t, "id"), Role: "server",
				Level: rapid.SampledFrom([]string{"MUST", "SHOULD"}).Draw(t, "level")}
			for range rapid.IntRange(1, 3).Draw(t, "scenarios") {
				s := ScenarioResult{Outcome: outcome.Draw(t, "outcome")}
				s.Known = s.Outcome == Violation && rapid.Bool().Draw(t, "known")
				if s.Outcome == Blocked {
					s.By = rapid.SampledFrom([]string{"", "A-1", "A-2"}).Draw(t, "by")
				}
				rule.Scenarios = append(rule.Scenarios, s)
			}
			rule.Judge()
			r.Rules = append(r.Rules, rule)
		}
		if rapid.Bool().Draw(t, "gone") {
			r.Summary.Missing = []string{"A-3 gone"}
		}
		r.Summarise(rapid.Bool().Draw(t, "strict"), time.Second)
		var b bytes.Buffer
		var read testsuites
		if err := JUnit(&b, &r); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		want := ExitOK
		switch {
		case read.Failures > 0:
			want = ExitViolation
		case read.Errors > 0:
			want = ExitInconclusive
		}
		if r.Summary.Exit != want {
			t.Fatalf("exit code %d, and the XML means %d:\n%s", r.Summary.Exit, want, b.String())
		}
	})
}
