package engine

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/user"
	"slices"
	"sync"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/pcap"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// Options say what a run judges, and how.
type Options struct {
	Target *Target
	Role   string // empty: all of the target's
	// Rules, Scenarios, Classes and Level select; empty ones select all.
	Rules, Scenarios, Classes []string
	Level                     string
	// Until selects the rules of that release and those before it, such as "v0.1.0"; empty for all.
	Until string
	// Program is the path of a program that has the subcommand "service" and the reference programs: {muxspec}.
	Program string
	Version string // of the suite, for the report
	// Patience is the least time that a target has for an answer. A slow one gets 20 times what a good exchange
	// usually takes.
	Patience time.Duration
	// Start is how long a target has until it listens. If it is 0, the target's file says it, or it is [DefaultStart].
	Start   time.Duration
	Hostile bool  // also do what could harm somebody else's server
	Slow    bool  // scenarios that take more than some seconds, too
	Strict  bool  // a warning makes the run unsuccessful
	Keep    bool  // leave the instances' folders
	Shuffle bool  // in random order
	Seed    int64 // of that order and of the draws
	// Quick plays scenarios in their plain variant alone. Otherwise each is played at all borders of what it varies
	// over, and in Draws randomly drawn variants.
	Quick bool
	Draws int
	// AllVariants plays each scenario in each value of its role's axes, too.
	AllVariants bool
	FailFast    bool // stop at the first violation
	// Packets, if not nil, takes what the scenarios send and receive over TCP and UDP, as a file in the format pcapng.
	Packets io.Writer
	// Timeout is how long the run may take, if it is above 0; what is not judged by then is inconclusive.
	Timeout time.Duration
	// Done, if not nil, is told of every scenario that is over, one call at a time.
	Done func(report.ScenarioResult, int, int)
}

// A run is [Suite.Run] at work.
type run struct {
	Options
	suite  *Suite
	ctx    context.Context
	root   string // folder of all that is left on disk
	ground *proc.Ground
	// scratch is the folder of the scripts, and of those that testscript makes for them.
	scratch string
	pulse   *proc.Pulse
	canary  *canary
	tape    *pcap.Writer
	values  map[string]string // of placeholders of all roles

	mu      sync.Mutex
	results map[scenarioID]report.ScenarioResult
	stopped bool // at the first violation
	facts   map[string]string
	pauses  []pause
	done    int
	total   int
	// abandoned: the run has ended without the scenarios still at work.
	abandoned bool
}

// Run judges a target. An error says that nothing could be judged: because of this machine, if it is an [Unable], or
// because of what was asked for. Whatever else happens is in the report.
func (u *Suite) Run(ctx context.Context, o Options) (*report.Report, error) {
	r, selected, finish, err := u.open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer finish()
	rep := &report.Report{Target: o.Target.Name, Roles: o.Target.Roles, Made: r.made()}
	if o.Role != "" {
		rep.Roles = []string{o.Role}
	}
	rep.Inputs = r.inputs(rep.Roles)
	defer r.inTime(ctx)()
	if o.Packets != nil {
		r.tape = pcap.New(o.Packets)
		defer r.tape.Close() // a scenario that does not end goes on
	}
	began := time.Now()
	r.judgeUntil(selected)
	r.report(rep, selected, time.Since(began))
	return rep, nil
}

// open prepares a run, and gives what is to be played; finish takes away what the run has left.
func (u *Suite) open(ctx context.Context, o Options) (r *run, selected []Scenario, finish func(), err error) {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if err := u.Check(o.Target); err != nil {
		return nil, nil, nil, fmt.Errorf("target: %w", err)
	}
	if selected, err = u.selection(o); err != nil {
		return nil, nil, nil, err
	}
	if selected, err = u.plays(selected, o); err != nil {
		return nil, nil, nil, err
	}
	r = &run{Options: o, suite: u, ctx: ctx, results: make(map[scenarioID]report.ScenarioResult),
		facts: make(map[string]string), total: len(selected)}
	if err := u.Found(o.Target); err != nil {
		return nil, nil, nil, err
	}
	var end []func()
	ends := func() {
		for _, f := range slices.Backward(end) {
			f()
		}
	}
	defer func() {
		if err != nil {
			ends()
		}
	}()
	made := r // which a return with an error forgets
	end = append(end, func() {
		if made.root != "" && !o.Keep {
			os.RemoveAll(made.root)
		}
	})
	if err := r.able(); err != nil {
		return nil, nil, nil, err
	}
	r.setValues()
	r.pulse = proc.StartPulse()
	r.ground = proc.NewGround(r.root, r.pulse)
	r.canary = newCanary()
	end = append(end, func() { close(r.pulse.Stop) }, r.canary.close, func() { os.RemoveAll(made.scratch) })
	return r, selected, ends, r.unpack(selected)
}

// with gives the placeholders' values for the scenario.
func (r *roleRun) with(s Scenario) map[string]string {
	values := maps.Clone(r.values)
	for _, timer := range r.kind.Timers {
		values[timer] = longTimer
		if slices.Contains(s.Needs, timer) {
			values[timer] = shortTimer
		}
	}
	r.kind.Values(r.Target, s, values)
	return values
}

// setValues gives the placeholders of all roles their values.
func (r *run) setValues() {
	r.values = map[string]string{"muxspec": r.Program}
	if u, err := user.Current(); err == nil {
		r.values["user"] = u.Username
	}
}

// A pause is a place between two scenarios where a good exchange did not work, or the suite could not tell.
type pause struct {
	role, after string // after that scenario
	outcome     report.Outcome
	reason      string
}

// notePause takes note of what went wrong after a scenario.
func (r *roleRun) notePause(s Scenario, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, reason := OutcomeOf(err)
	r.pauses = append(r.pauses, pause{r.role, s.Name, o, reason})
}

// between gives what went wrong between the scenarios of a role: where a good exchange failed, and where the suite
// itself had trouble.
func (r *run) between(role string) (failed, unclear []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pauses {
		switch text := "after " + p.after + ": " + p.reason; {
		case p.role != role:
		case p.outcome == report.Inconclusive:
			unclear = append(unclear, text)
		default:
			failed = append(failed, text)
		}
	}
	return failed, unclear
}

// A scenarioID names a scenario in one of its variants. The script of a rule for both roles is a scenario in each.
type scenarioID struct{ role, name, variant string }

// finish files a scenario's result, which has no outcome if it was not played.
func (r *roleRun) finish(s report.ScenarioResult) { r.finishAs(s.Variant, s) }

// finishAs files the result of a play that was asked for in a variant and also failed in one with fewer values.
func (r *roleRun) finishAs(variant string, s report.ScenarioResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.abandoned {
		return
	}
	if r.broken != "" && s.Outcome == report.Pass {
		s.Outcome, s.Reason, s.By = report.Blocked, r.broken, r.base
	}
	r.results[scenarioID{r.role, s.Name, variant}] = s
	r.stopped = r.stopped || r.FailFast && s.Outcome == report.Violation
	r.done++
	if r.Done != nil {
		r.Done(s, r.done, r.total)
	}
}
