package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/user"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say what a run judges, and how.
type Options struct {
	Target *Target
	Role   string // empty: all of the target's
	// Rules, Scenarios, Classes and Level select; empty ones select all.
	Rules, Scenarios, Classes []string
	Level                     string
	// Program is the path of a program that has the subcommand "service" and the reference programs: {muxspec}.
	Program string
	Version string // of the suite, for the report
	// Patience is the least time that a target has for an answer. A slow one gets 20 times its slowest good answer.
	Patience time.Duration
	Hostile  bool  // do to somebody else's server what could harm it
	Slow     bool  // scenarios that take more than some seconds, too
	Strict   bool  // a warning makes the run unsuccessful
	Keep     bool  // leave the instances' folders
	Shuffle  bool  // in random order
	Seed     int64 // of that order
	// Done, if not nil, is told of every scenario that is over; calls come one at a time.
	Done func(ScenarioResult, int, int)
}

// DefaultPatience is long enough for a program that starts another.
const DefaultPatience = 2 * time.Second

// A run is [Run] at work.
type run struct {
	Options
	ctx  context.Context
	root string // folder of all that is left on disk
	// scratch is the folder of the scripts, and of those that testscript makes for them.
	scratch string
	pulse   *pulse
	values  map[string]string // of placeholders that do not depend on the instance

	mu       sync.Mutex
	slowest  time.Duration // good exchange so far
	results  map[scenarioID]ScenarioResult
	facts    map[string]string
	brackets map[string][]string // what went wrong between the scenarios of a role
	done     int
	total    int
}

// Run judges a target. The error says that nothing could be judged because of what was asked for; whatever else happens is in
// the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	if err := o.Target.Check(); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	selected, err := o.selection()
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, ctx: ctx, results: make(map[scenarioID]ScenarioResult), brackets: make(map[string][]string),
		facts: make(map[string]string), total: len(selected)}
	r.setValues()
	if err := o.Target.Found(); err != nil {
		return nil, err
	}
	if r.root, err = os.MkdirTemp("", "muxspec"); err != nil {
		return nil, err
	}
	if !o.Keep {
		defer os.RemoveAll(r.root)
	}
	began := time.Now()
	r.pulse = startPulse()
	defer close(r.pulse.stop)
	defer func() { os.RemoveAll(r.scratch) }()
	if err := r.unpack(selected); err != nil {
		return nil, err
	}
	r.judge(selected)
	return r.report(selected, time.Since(began)), nil
}

// What timers are set to: short for a scenario that waits for one; for all others longer than a busy machine makes anything
// take.
const shortTimer, longTimer = "500ms", "1m"

// with gives the placeholders' values for the scenario.
func (r *run) with(s Scenario) map[string]string {
	values := maps.Clone(r.values)
	if isHMAC(s.Role) {
		values["hash"], values["token"] = r.Target.hashFor(s), string(token())
	}
	for _, need := range s.Needs {
		if slices.Contains(timers, need) {
			values[need] = shortTimer
		}
	}
	return values
}

// setValues gives the placeholders of commands and scripts their values.
func (r *run) setValues() {
	r.values = map[string]string{"muxspec": r.Program, "long": LongName}
	for _, timer := range timers {
		r.values[timer] = longTimer
	}
	if u, err := user.Current(); err == nil {
		r.values["user"] = u.Username
	}
	if r.values["any"] = r.Target.mainService(); r.values["any"] == "" {
		r.values["any"] = "echo" // what clients ask for
	}
	for _, name := range capabilities["tcpmux-server"] {
		if r.values[name] == "" {
			r.values[name] = name
		}
	}
}

// selection gives the scenarios that were asked for, in the order to run them.
func (o *Options) selection() ([]Scenario, error) {
	roles := o.Target.Roles
	if o.Role != "" {
		if !slices.Contains(roles, o.Role) {
			return nil, fmt.Errorf("target %s has no role %q, it has: %s", o.Target.Name, o.Role, strings.Join(roles, ", "))
		}
		roles = []string{o.Role}
	}
	all := Scenarios()
	for _, id := range o.Rules {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Rule.ID == id }) {
			return nil, fmt.Errorf("no scenario shows a rule %q: muxspec list shows all", id)
		}
	}
	for _, name := range o.Scenarios {
		if _, ok := findScenario(name, ""); !ok {
			return nil, fmt.Errorf("unknown scenario %q: muxspec list shows all", name)
		}
	}
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	var selected []Scenario
	for _, s := range all {
		if slices.Contains(roles, s.Role) && in(o.Rules, s.Rule.ID) && in(o.Scenarios, s.Name) &&
			in(o.Classes, s.Rule.Class) && (o.Level == "" || o.Level == s.Rule.Level) {
			selected = append(selected, s)
		}
	}
	if len(selected) == 0 {
		return nil, errors.New("nothing is selected: no scenario fits all that was asked for")
	}
	if o.Shuffle {
		rand.New(rand.NewPCG(uint64(o.Seed), 0)).Shuffle(len(selected), func(i, j int) {
			selected[i], selected[j] = selected[j], selected[i]
		})
	}
	return selected, nil
}

// mostPatience is the longest that is waited for a slow target.
const mostPatience = 30 * time.Second

// limit is how long to wait for a target.
func (r *run) limit() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(r.Patience, min(20*r.slowest, mostPatience))
}

// failedBehind takes note of what went wrong between two scenarios.
func (r *roleRun) failedBehind(s Scenario, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.brackets[r.role] = append(r.brackets[r.role], "behind "+s.Name+": "+fmt.Sprintf(format, args...))
}

// readTime is how long to wait for a target to read what was sent. Some sleep for a second now and then.
func (r *run) readTime() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(200*time.Millisecond, 2*r.slowest)
}

// good takes note of how long a good exchange took.
func (r *run) good(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slowest = max(r.slowest, took)
}

// A scenarioID names a scenario: the script of a rule for both roles is one in each.
type scenarioID struct{ role, name string }

// finish files a scenario's result.
func (r *roleRun) finish(s ScenarioResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[scenarioID{r.role, s.Name}] = s
	r.done++
	if r.Done != nil {
		r.Done(s, r.done, r.total)
	}
}

// report puts the results together, rule by rule.
func (r *run) report(selected []Scenario, took time.Duration) *Report {
	rep := &Report{
		Suite: Suite{r.Version, Digest()}, Target: r.Target.Name, Roles: r.Target.Roles, Profile: r.facts,
	}
	if r.Role != "" {
		rep.Roles = []string{r.Role}
	}
	slices.SortStableFunc(selected, byRule)
	for _, s := range selected {
		result := r.results[scenarioID{s.Role, s.Name}]
		for _, k := range r.Target.Known {
			if !k.covers(s) {
				continue
			}
			result.Known = result.Outcome == Violation
			if result.Outcome == Pass && !k.Intermittent {
				rep.Summary.Missing = append(rep.Summary.Missing, k.id(s))
			}
		}
		if n := len(rep.Rules); n == 0 || rep.Rules[n-1].ID != s.Rule.ID || rep.Rules[n-1].Role != s.Role {
			rep.Rules = append(rep.Rules, RuleResult{ID: s.Rule.ID, Protocol: s.Rule.Protocol, Role: s.Role,
				Level: s.Rule.Level, Class: s.Rule.Class, Rule: s.Rule})
		}
		rule := &rep.Rules[len(rep.Rules)-1]
		rule.Scenarios = append(rule.Scenarios, result)
	}
	for i := range rep.Rules {
		rep.Rules[i].judge()
	}
	if r.Shuffle {
		rep.Summary.Shuffled = r.Seed
	}
	rep.summarise(r.Strict, took)
	return rep
}
