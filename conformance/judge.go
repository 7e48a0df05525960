package conformance

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// The scenarios with a part in every run of a role: the first decides whether anything can be judged, the second tells whether a
// good exchange worked behind each of the others.
var (
	baselines = map[string]string{
		"tcpmux-server": "baseline", "tcpmux-client": "client-baseline",
		"hmacsocket-server": "both-ways", "hmacsocket-client": "both-ways",
		udpDaemon: "token-both-ways", udpServerAgent: "agent-session", udpClientAgent: "agent-relay",
	}
	brackets = map[string]string{
		"tcpmux-server": "still-serving", "hmacsocket-server": "serves-on", "hmacsocket-client": "serves-on",
		udpDaemon: "works-on",
	}
)

// slow is what a scenario needs that takes seconds, and passing what one needs that only waits for a good part of a second.
const slow, passing = "slow", "time"

// slowTimer is the longest timer that a run waits for without being asked to.
const slowTimer = 2 * time.Second

// How many scenarios with an instance of their own run at the same time: of those that work, and of those that wait, which leave the
// processors to others.
const workAtOnce, waitAtOnce = 3, 12

// judge runs the scenarios. The roles do not know of each other, so that they are judged side by side.
func (r *run) judge(selected []Scenario) {
	working, waiting := make(chan struct{}, workAtOnce), make(chan struct{}, waitAtOnce)
	var all sync.WaitGroup
	defer all.Wait()
	for _, role := range Roles {
		var mine []Scenario
		for _, s := range selected {
			if s.Role == role {
				mine = append(mine, s)
			}
		}
		if len(mine) > 0 {
			part := &roleRun{run: r, role: role, working: working, waiting: waiting}
			all.Go(func() { part.judge(mine) })
		}
	}
}

// A roleRun is a run's part for one role.
type roleRun struct {
	*run
	role   string
	shared *instance // of a server, for the scenarios that need none of their own
	// What has an instance of its own needs a place, which all roles share.
	working, waiting chan struct{}
}

// judge runs a role's scenarios: those that share an instance one after the other, the others beside them.
func (r *roleRun) judge(selected []Scenario) {
	base, _ := findScenario(baselines[r.role], r.role)
	first := r.baseline(base)
	defer func() { r.stop(r.shared) }()
	var last *Scenario
	var shared, works, waits []Scenario
	for _, s := range selected {
		switch {
		case s.Name == base.Name:
			r.finish(first)
		case first.Outcome != Pass && r.ctx.Err() == nil:
			r.finish(ScenarioResult{Name: s.Name, Outcome: Blocked, Reason: "a good exchange does not work: " + first.Reason})
		case r.lacks(s) != "":
			r.finish(ScenarioResult{Name: s.Name, Outcome: Unsupported, Reason: r.lacks(s)})
		case s.Name == brackets[r.role]:
			last = &s
		case !isClient(r.role) && (!s.Own || r.Target.Address != ""):
			shared = append(shared, s)
		case s.waits():
			waits = append(waits, s)
		default:
			works = append(works, s)
		}
	}
	var others sync.WaitGroup
	others.Go(func() { r.judgeAlone(works, r.working) })
	others.Go(func() { r.judgeAlone(waits, r.waiting) })
	for _, s := range shared {
		if r.goesOn(s) {
			r.finish(r.play(s, r.shared))
			r.shared = r.bracket(s, r.shared)
		}
	}
	others.Wait()
	if last != nil && r.goesOn(*last) {
		r.finish(r.play(*last, r.shared))
	}
	if first.Outcome == Pass && r.shared != nil && r.ctx.Err() == nil && len(r.Rules)+len(r.Scenarios) == 0 {
		r.profile(r.shared)
	}
}

// judgeAlone runs scenarios with instances of their own, as many at the same time as there are places.
func (r *roleRun) judgeAlone(alone []Scenario, places chan struct{}) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, s := range alone {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			switch {
			case !r.goesOn(s):
			case isClient(r.role):
				r.finish(r.play(s, nil))
			default:
				r.playAlone(s)
			}
		})
	}
}

// goesOn says whether the run was not interrupted; else it files that for the scenario.
func (r *roleRun) goesOn(s Scenario) bool {
	if r.ctx.Err() == nil {
		return true
	}
	r.finish(ScenarioResult{Name: s.Name, Outcome: Inconclusive, Reason: Interrupted})
	return false
}

// baseline starts what the scenarios share, and plays the one that decides.
func (r *roleRun) baseline(base Scenario) ScenarioResult {
	if isClient(r.role) {
		return r.play(base, nil)
	}
	var err error
	if r.shared, err = r.start(base); err != nil {
		rec := newRecord()
		rec.conclude(Violation, "%v", err)
		return r.result(base, r.shared, rec)
	}
	return r.play(base, r.shared)
}

// lacks says what the target lacks for the scenario.
func (r *roleRun) lacks(s Scenario) string {
	if s.Own && r.Target.Address != "" && !r.Hostile {
		return "it could harm a server that others use: --hostile does it"
	}
	if lacks := r.Target.lacksOption(s); lacks != "" {
		return lacks
	}
	for _, need := range s.Needs {
		switch {
		case need == slow && !r.Slow:
			return "it takes seconds: --slow does it"
		case need == slow, need == passing:
		case need == "root" && !r.Target.has(r.role, need):
			return "only root can see it"
		case need == "ecn" && !r.Target.has(r.role, need):
			return "this system does not tell ECN bits"
		case need == "processes" && (r.Target.Address != "" || !canSeeProcesses):
			return "the target's processes cannot be seen from here"
		case need == "processes":
		case slices.Contains(timers, need):
			stated, err := r.stated(r.role, need)
			switch {
			case !r.Target.uses(r.role, need) && r.Target.Timers[need] == "":
				return "the target states no " + need
			case err == nil && stated > slowTimer && !r.Slow:
				return fmt.Sprintf("the target's %s is %v: --slow waits that long", need, stated)
			}
		case !r.Target.has(r.role, need):
			return fmt.Sprintf("the target has no %s", need)
		}
	}
	return ""
}

// playAlone runs a scenario on an instance of its own.
func (r *roleRun) playAlone(s Scenario) {
	in, err := r.start(s)
	defer r.stop(in)
	if err != nil {
		rec := newRecord()
		if s.Key != "" && in != nil && in.process != nil && in.process.ended() != "" { // with other keys it does start
			rec.conclude(Violation, "with this key the target does not start: %v", err)
		} else {
			rec.conclude(Inconclusive, "another instance of the target did not start: %v", err)
		}
		r.finish(r.result(s, in, rec))
		return
	}
	result := r.play(s, in)
	r.bracketCheck(s, in)
	r.finish(result)
}

// start starts an instance for a scenario. Where no sign tells that it listens, a good exchange is tried until one works.
func (r *roleRun) start(s Scenario) (*instance, error) {
	in, err := r.Target.start(r.ctx, s, r.with(s), r.root)
	if err != nil || in.process == nil || in.listens {
		return in, err
	}
	for deadline := time.Now().Add(startLimit); in.process.ended() == "" && time.Now().Before(deadline); {
		session := r.newSession(in, newRecord())
		o, _ := session.goodExchange()
		session.close()
		if o == Pass {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return in, nil // the baseline says what is wrong
}

// bracket checks that a good exchange works behind a scenario, and gives the instance for the next: a new one if not.
func (r *roleRun) bracket(s Scenario, in *instance) *instance {
	if r.bracketCheck(s, in) {
		return in
	}
	r.stop(in)
	next, err := r.start(s)
	if err != nil {
		r.failedBehind(s, "starting the target anew: %v", err)
	}
	return next
}

func (r *roleRun) bracketCheck(s Scenario, in *instance) bool {
	rec := newRecord()
	session := r.newSession(in, rec)
	defer session.close()
	if in.peer != nil {
		in.peer.back() // a scenario that failed may have left it away
	}
	o, reason := session.goodExchange()
	if o != Pass {
		r.failedBehind(s, "%s", reason)
	}
	return o == Pass
}

func (r *run) stop(in *instance) {
	if in != nil {
		in.stop(r.Keep)
	}
}
