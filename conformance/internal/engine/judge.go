package engine

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// slowTimer is the longest timer that a run waits for unasked.
const slowTimer = 2 * time.Second

// How many scenarios with an instance of their own run at the same time: of those that work, and of those that wait and
// leave the processors to others.
const workAtOnce, waitAtOnce = 3, 12

// judge runs the scenarios. The roles are independent, so they are judged side by side.
func (r *run) judge(selected []Scenario) {
	working, waiting := make(chan struct{}, workAtOnce), make(chan struct{}, waitAtOnce)
	var all sync.WaitGroup
	defer all.Wait()
	for _, kind := range r.suite.roles {
		var mine []Scenario
		for _, s := range selected {
			if s.Role == kind.Name {
				mine = append(mine, s)
			}
		}
		if len(mine) > 0 {
			part := &roleRun{run: r, role: kind.Name, kind: kind, verbs: kind.allVerbs(),
				working: working, waiting: waiting, gone: make(map[string]bool)}
			all.Go(func() { part.judge(mine) })
		}
	}
}

// A roleRun is a run's part for one role.
type roleRun struct {
	*run
	role   string
	kind   Role
	verbs  verbs
	recent []time.Duration // what the latest good exchanges took
	// spinner: even a good exchange leaves a process that takes all the processor time that it can get. Such a target
	// is judged one scenario at a time, in its plain variant, each with a fresh instance.
	spinner bool
	shared  *Instance // of a server, for scenarios that need no instance of their own
	before  *Scenario // the last one played on it
	// broken says why a good exchange does not work. What is judged all the same can fail; a pass means nothing, since
	// a program that refuses everything also refuses what it should.
	broken string
	base   string          // the baseline's rule
	gone   map[string]bool // axis values that the baseline does not work with
	// A scenario with an instance of its own needs one of these places, which all roles share.
	working, waiting chan struct{}
}

// judge runs a role's scenarios: those that share an instance one after another, and the others beside them.
func (r *roleRun) judge(selected []Scenario) {
	base, _ := r.suite.find(r.kind.Baseline, r.role)
	r.base = base.Rule.ID
	first := r.baseline(base)
	defer func() { r.stop(r.shared) }()
	if r.spinner = first.Outcome == report.Pass && r.spins(r.shared); r.spinner {
		r.shared = r.anew(base, r.shared)
	}
	if first.Outcome == report.Violation {
		r.broken = "a good exchange does not work: " + first.Reason
	}
	selected = r.guard(selected, first)
	shared, works, waits, last := r.sortOut(selected, base, first)
	var others sync.WaitGroup
	if r.spinner {
		r.judgeAlone(slices.Concat(works, waits), make(chan struct{}, 1))
	} else {
		others.Go(func() { r.judgeAlone(works, r.working) })
		others.Go(func() { r.judgeAlone(waits, r.waiting) })
	}
	for _, s := range shared {
		if r.goesOn(s) && r.serves(s) {
			began := time.Now()
			result := r.confirmed(s, began, r.play(s, r.shared), r.playAgain)
			r.finishAs(s.Variant, r.reduced(s, result, r.playAgain))
			r.shared = r.bracket(s, r.shared)
			last := s
			r.before = &last
		}
	}
	others.Wait()
	if last != nil && r.goesOn(*last) {
		r.finish(r.play(*last, r.shared))
	}
	if first.Outcome == report.Pass && r.shared != nil && r.ctx.Err() == nil && len(r.Rules)+len(r.Scenarios) == 0 {
		r.profile(r.shared)
	}
}

// sortOut files what need not be run, and sorts the others: those that share an instance, those with their own instance
// that work, those that wait, and the one that comes last.
func (r *roleRun) sortOut(selected []Scenario, base Scenario, first report.ScenarioResult) (
	shared, works, waits []Scenario, last *Scenario) {
	for _, s := range selected {
		switch {
		case s.Name == base.Name && s.Variant == "":
			r.finish(first)
		case first.Outcome != report.Pass && !(first.Outcome == report.Violation && s.Alone) && r.ctx.Err() == nil:
			r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Blocked, By: r.base,
				Reason: report.NoExchange + ": " + first.Reason})
		case r.left(s):
			r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant})
		case r.lacks(s) != "":
			r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Unsupported,
				Reason: r.lacks(s)})
		case s.Name == r.kind.Bracket && s.Variant == "":
			last = &s
		case !r.kind.Fresh && (!s.Own || r.Target.Address != ""):
			shared = append(shared, s)
		case s.waits():
			waits = append(waits, s)
		default:
			works = append(works, s)
		}
	}
	return shared, works, waits, last
}

// judgeAlone runs scenarios with instances of their own, as many at a time as there are places.
func (r *roleRun) judgeAlone(alone []Scenario, places chan struct{}) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, s := range alone {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			play := r.playAlone
			if r.kind.Fresh {
				play = func(s Scenario) report.ScenarioResult { return r.play(s, nil) }
			}
			if began := time.Now(); r.goesOn(s) {
				r.finishAs(s.Variant, r.reduced(s, r.confirmed(s, began, play(s), play), play))
			}
		})
	}
}

// goesOn says whether the scenario is to be played: the run was not interrupted, and its plain variant has not failed.
// If it is not, goesOn files that.
func (r *roleRun) goesOn(s Scenario) bool {
	r.mu.Lock()
	stopped := r.stopped
	failed := s.Variant != "" && r.results[scenarioID{s.Role, s.Name, ""}].Outcome == report.Violation
	r.mu.Unlock()
	switch {
	case r.ctx.Err() != nil:
		r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Inconclusive,
			Reason: r.interrupted()})
	case failed, r.spinner && s.Variant != "":
		// The plain variant's verdict stands; a slow server is not asked a dozen times.
		r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant})
	case stopped:
		r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Inconclusive,
			Reason: "the run has stopped at the first violation"})
	default:
		return true
	}
	return false
}

// baseline starts what the scenarios share, and plays the scenario that decides.
func (r *roleRun) baseline(base Scenario) report.ScenarioResult {
	if r.kind.Fresh {
		return r.play(base, nil)
	}
	var err error
	if r.shared, err = r.start(base); err != nil {
		rec := NewRecord()
		rec.conclude(report.Inconclusive, "%v", err)
		return r.result(base, r.shared, rec)
	}
	return r.play(base, r.shared)
}

// lacks says what the target lacks for the scenario.
func (r *roleRun) lacks(s Scenario) string {
	if s.Own && r.Target.Address != "" && !r.Hostile {
		return "it could harm a server that others use: --hostile does it"
	}
	if lacks := r.kind.Lacks(r.Target, s); lacks != "" {
		return lacks
	}
	for _, need := range s.Needs {
		switch {
		case need == slow && !r.Slow:
			return "it takes seconds: --slow does it"
		case need == ipv6 && !HasIPv6():
			return "this machine has no ::1"
		case need == root && os.Geteuid() != 0:
			return "only root can see it"
		case need == visible && (r.Target.Address != "" || !proc.CanSeeProcesses):
			return "the target's processes cannot be seen from here"
		case slices.Contains(anyRole, need):
		case slices.Contains(r.kind.Timers, need):
			stated, err := r.stated(r.role, need)
			switch {
			case !r.Target.Uses(r.role, need) && r.Target.Timers[need] == "":
				return fmt.Sprintf("the target states no %[1]s: its command can have {%[1]s}, "+
					"or its file a value under [timers] (--timer)", need)
			case err == nil && stated > slowTimer && !r.Slow:
				return fmt.Sprintf("the target's %s is %v: --slow waits that long", need, stated)
			}
		case !r.kind.Has(r.Target, need):
			return fmt.Sprintf("the target has no %s%s", need, r.kind.toAdd(need))
		}
	}
	return ""
}

// playAlone runs a scenario on an instance of its own.
func (r *roleRun) playAlone(s Scenario) report.ScenarioResult {
	in, err := r.start(s)
	defer r.stop(in)
	if err != nil {
		rec := NewRecord()
		rec.end(r.unstarted(s, in, err))
		return r.result(s, in, rec)
	}
	result := r.play(s, in)
	r.bracketCheck(s, in)
	return result
}

// unstarted says what it means if another instance did not start.
func (r *roleRun) unstarted(s Scenario, in *Instance, err error) error {
	if in != nil && in.Process != nil && in.Process.Ended() != "" {
		if verdict := r.kind.Unstarted(s, err); verdict != nil {
			return verdict
		}
	}
	return Inconclusive("another instance of the target did not start: %v", err)
}
