package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/conformance/mutants"
	"github.com/muxspec/muxspec/docs"

	"github.com/muxspec/muxspec/conformance/report"
)

// TestSort: only a violation that is not listed counts, and for the mutant only one of its own rule.
func TestSort(t *testing.T) {
	scenario := func(name string, o report.Outcome, known bool) report.ScenarioResult {
		return report.ScenarioResult{Name: name, Outcome: o, Known: known}
	}
	rep := &report.Report{Rules: []report.RuleResult{
		{ID: "TCPMUX-5", Scenarios: []report.ScenarioResult{
			scenario("seen", report.Violation, false), scenario("listed", report.Violation, true),
			scenario("passed", report.Pass, false), scenario("unsure", report.Inconclusive, false),
		}},
		{ID: "TCPMUX-6", Scenarios: []report.ScenarioResult{
			scenario("other", report.Violation, false), scenario("blocked", report.Blocked, false),
			scenario("lacking", report.Unsupported, false),
		}},
	}}
	j := judge{mutant: mutants.Mutant{Rule: docs.Rule{ID: "TCPMUX-5"}}}
	own, others, blocked, unsure := j.sort(rep, true)
	if len(own) != 1 || own[0].Scenario != "seen" {
		t.Errorf("own rule: %v", own)
	}
	if len(others) != 1 || others[0].Rule != "TCPMUX-6" || others[0].Scenario != "other" {
		t.Errorf("other rules: %v", others)
	}
	if blocked == nil || !strings.HasPrefix(blocked.Error(), "blocked is blocked") {
		t.Errorf("blocked: %v", blocked)
	}
	if unsure == nil || !strings.HasPrefix(unsure.Error(), "unsure is inconclusive") {
		t.Errorf("unsure: %v", unsure)
	}
}

// TestOutcome: the suite is good only if every mutant is killed, and the scenarios that nothing has made fail are
// named.
func TestOutcome(t *testing.T) {
	saw := []sighting{{"TCPMUX-5", "nothing-between", "a NUL follows the reply line"}}
	for _, c := range []struct {
		results []result
		good    bool
		unseen  bool // the scenario
	}{
		{[]result{{Verdict: killed, Seen: saw}}, true, false},
		{[]result{{Verdict: killed, Seen: saw}, {Verdict: survived}}, false, false},
		{[]result{{Verdict: misattributed, Seen: saw}}, false, true},
		{[]result{{Verdict: failed}}, false, true},
	} {
		o, err := sum(c.results, false, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if unseen := slices.Contains(o.Unseen, "nothing-between"); o.good() != c.good || unseen != c.unseen {
			t.Errorf("%+v: good is %v, the scenario unseen is %v", c.results, o.good(), unseen)
		}
		var out strings.Builder
		o.print(&out, true)
		if !strings.Contains(out.String(), "scenarios that no mutant has made fail: ") {
			t.Errorf("%+v is shown as:\n%s", c.results, &out)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"--only", "nobody"}, {"argument"}, {"--option"}} {
		if code := power(args); code != exitUsage {
			t.Errorf("power %q: exit code %d, not %d", args, code, exitUsage)
		}
	}
}

// TestPartOf: the parts are apart, and together they are all.
func TestPartOf(t *testing.T) {
	all := []mutants.Mutant{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}
	for text, want := range map[string]string{"": "abcde", "1/1": "abcde", "1/2": "ace",
		"2/2": "bd", "3/3": "c", "6/6": ""} {
		some, err := partOf(all, text)
		got := ""
		for _, m := range some {
			got += m.Name
		}
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, expected %q", text, got, err, want)
		}
	}
	for _, text := range []string{"1", "0/2", "3/2", "-1/2", "a/b", "1/2/3"} {
		if _, err := partOf(all, text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
