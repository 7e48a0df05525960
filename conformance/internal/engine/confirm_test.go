package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// TestConfirmed: on a busy machine a scenario that failed is played again, unless it is known to fail; on an idle one
// it is not.
func TestConfirmed(t *testing.T) {
	busy, idle := proc.PulseWith(time.Second), proc.PulseWith(0)
	known := []Deviation{{Rule: "", Scenario: "s"}}
	fail, pass, blocked := report.Violation, report.Pass, report.Blocked
	for _, c := range []struct {
		name    string
		pulse   *proc.Pulse
		known   []Deviation
		first   report.Outcome
		next    []report.Outcome // of the plays that follow
		want    report.Outcome
		crowded bool // it may be played again for that reason
	}{
		{name: "idle", pulse: idle, first: fail, want: fail, crowded: true},
		{name: "fails again", pulse: busy, first: fail, next: []report.Outcome{fail}, want: fail},
		{name: "fails at last", pulse: busy, first: fail, next: []report.Outcome{pass, fail}, want: fail},
		{name: "does not", pulse: busy, first: fail, next: []report.Outcome{pass, pass}, want: report.Inconclusive},
		{name: "cannot tell", pulse: busy, first: fail, next: []report.Outcome{report.Inconclusive, pass},
			want: report.Inconclusive},
		{name: "blocked", pulse: busy, first: blocked, next: []report.Outcome{pass, pass}, want: report.Inconclusive},
		{name: "blocked again", pulse: busy, first: blocked, next: []report.Outcome{blocked}, want: blocked},
		{name: "blocked, then fails", pulse: busy, first: blocked, next: []report.Outcome{fail}, want: fail},
		{name: "fails, then blocked", pulse: busy, first: fail, next: []report.Outcome{pass, blocked}, want: fail},
		{name: "passes", pulse: busy, first: pass, want: pass},
		{name: "known", pulse: busy, known: known, first: fail, want: fail},
	} {
		if c.crowded && proc.Crowded() {
			continue
		}
		r := &roleRun{run: &run{Options: Options{Target: &Target{Known: c.known}}, ctx: t.Context(), pulse: c.pulse}}
		plays := 0
		got := r.confirmed(Scenario{Name: "s"}, time.Now().Add(-time.Minute), report.ScenarioResult{Outcome: c.first,
			Reason: "why"}, func(Scenario) report.ScenarioResult {
			plays++
			return report.ScenarioResult{Outcome: c.next[plays-1], Reason: "why"}
		})
		if got.Outcome != c.want || plays != len(c.next) || !strings.HasSuffix(got.Reason, "why") {
			t.Errorf("%s: %s (%s) after %d more plays, want %s after %d", c.name, got.Outcome, got.Reason, plays,
				c.want, len(c.next))
		}
	}
}
