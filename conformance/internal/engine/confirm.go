package engine

import (
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// moreOnBusy is how often a scenario that failed on a busy machine is played again.
const moreOnBusy = 2

// confirmed gives a play's result. If the machine was busy and the scenario failed, or what it builds on did, it is
// played again: a target at fault fails again, and then the result stands. If it does not, the machine may have been
// at fault, and nothing can be concluded. On a machine that is not busy the first play decides, since a fault may show
// only sometimes; it does, too, where the run is to end at the first violation.
func (r *roleRun) confirmed(s Scenario, began time.Time, first report.ScenarioResult,
	again func(Scenario) report.ScenarioResult) report.ScenarioResult {
	failed := first.Outcome == report.Violation || first.Outcome == report.Blocked
	if !failed || r.expected(s) || r.FailFast || r.spinner || !r.busy(began) { // a spinner makes the machine busy
		return first
	}
	for range moreOnBusy {
		switch next := again(s); {
		case next.Outcome == report.Violation:
			return next
		case next.Outcome == report.Blocked, r.ctx.Err() != nil:
			return first
		}
	}
	first.Outcome, first.By = report.Inconclusive, ""
	first.Reason = "not seen again in two more plays, and this machine was busy: " + first.Reason
	return first
}

// playAgain plays a scenario once more on the instance that the scenarios share, or on the one that has to follow it.
func (r *roleRun) playAgain(s Scenario) report.ScenarioResult {
	if r.shared = r.bracket(s, r.shared); !r.lives() {
		return report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Inconclusive,
			Reason: "the target did not start again"}
	}
	return r.play(s, r.shared)
}

// expected says whether the target is known to fail the scenario.
func (r *roleRun) expected(s Scenario) bool {
	return slices.ContainsFunc(r.Target.Known, func(k Deviation) bool { return k.covers(s) })
}

// busy says whether this machine had more to do than it can since then: this program did not run when it should have,
// or too many programs want to run.
func (r *run) busy(since time.Time) bool { return r.pulse.Longest(since) > 0 || proc.Crowded() }
