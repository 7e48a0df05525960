package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scenarios with a part in every run: the first decides whether anything can be judged, the second tells whether a good
// exchange worked behind each of the others.
const (
	baselineScenario = "baseline"
	bracketScenario  = "still-serving"
)

// slowTimer is the longest timer that a run waits for without being asked to.
const slowTimer = 2 * time.Second

// ownAtOnce is how many scenarios with an instance of their own run at the same time.
const ownAtOnce = 3

// unpack writes the scripts to where testscript reads them.
func (r *run) unpack(selected []Scenario) error {
	for _, dir := range []string{"scripts", "work"} {
		if err := os.Mkdir(filepath.Join(r.root, dir), 0o755); err != nil {
			return err
		}
	}
	base, _ := findScenario(baselineScenario)
	for _, s := range append([]Scenario{base}, selected...) {
		if err := os.WriteFile(r.script(s), []byte(s.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) script(s Scenario) string { return filepath.Join(r.root, "scripts", s.Name+".txtar") }

// judge runs the scenarios: those that share an instance one after the other, the others beside them.
func (r *run) judge(selected []Scenario) {
	shared, err := r.start()
	base, _ := findScenario(baselineScenario)
	var first ScenarioResult
	if err != nil {
		rec := newRecord()
		rec.conclude(Violation, "%v", err)
		first = r.result(base, shared, rec)
	} else {
		first = r.play(base, shared)
	}
	defer func() { r.stop(shared) }()

	var others sync.WaitGroup
	places := make(chan struct{}, ownAtOnce)
	for _, s := range selected {
		switch {
		case s.Name == base.Name:
			r.finish(first)
		case first.Outcome != Pass:
			r.finish(ScenarioResult{Name: s.Name, Outcome: Blocked, Reason: "a good exchange does not work: " + first.Reason})
		case r.ctx.Err() != nil:
			r.finish(ScenarioResult{Name: s.Name, Outcome: Inconclusive, Reason: "the run was interrupted"})
		case r.lacks(s) != "":
			r.finish(ScenarioResult{Name: s.Name, Outcome: Unsupported, Reason: r.lacks(s)})
		case s.Name == bracketScenario:
			others.Wait()
			r.finish(r.play(s, shared))
		case s.Own && r.Target.Address == "":
			others.Add(1)
			places <- struct{}{}
			go func() {
				defer others.Done()
				defer func() { <-places }()
				r.playAlone(s)
			}()
		default:
			r.finish(r.play(s, shared))
			shared = r.bracket(s, shared)
		}
	}
	others.Wait()
	if first.Outcome == Pass && len(r.Rules)+len(r.Scenarios) == 0 {
		r.facts = r.profile(shared)
	}
}

// lacks says what the target lacks for the scenario.
func (r *run) lacks(s Scenario) string {
	if s.Own && r.Target.Address != "" && !r.Hostile {
		return "it could harm a server that others use: --hostile does it"
	}
	for _, need := range s.Needs {
		switch {
		case need == "processes" && (r.Target.Address != "" || !canSeeProcesses):
			return "the target's processes cannot be seen from here"
		case need == "processes":
		case need == "request_timeout":
			stated, err := r.stated(need)
			switch {
			case !r.Target.uses(need) && r.Target.Timers[need] == "":
				return "the target states no " + need
			case err == nil && stated > slowTimer && !r.Slow:
				return fmt.Sprintf("the target's %s is %v: --slow waits that long", need, stated)
			}
		case !slices.Contains(r.Target.Services, need):
			return fmt.Sprintf("the target has no service %q", need)
		}
	}
	return ""
}

// playAlone runs a scenario on an instance of its own.
func (r *run) playAlone(s Scenario) {
	in, err := r.start()
	defer r.stop(in)
	if err != nil {
		rec := newRecord()
		rec.conclude(Inconclusive, "another instance of the target did not start: %v", err)
		r.finish(r.result(s, in, rec))
		return
	}
	result := r.play(s, in)
	r.bracketCheck(s, in)
	r.finish(result)
}

// start starts an instance. Where no sign tells that it listens, a good exchange is tried until one works.
func (r *run) start() (*instance, error) {
	in, err := r.Target.start(r.values, r.root)
	if err != nil || in.process == nil || in.listens {
		return in, err
	}
	for deadline := time.Now().Add(startLimit); in.process.ended() == "" && time.Now().Before(deadline); {
		s := r.newSession(in, newRecord())
		o, _ := s.goodExchange()
		s.close()
		if o == Pass {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return in, nil // the baseline says what is wrong
}

// bracket checks that a good exchange works behind a scenario, and gives the instance for the next: a new one if not.
func (r *run) bracket(s Scenario, in *instance) *instance {
	if r.bracketCheck(s, in) {
		return in
	}
	r.stop(in)
	next, err := r.start()
	if err != nil {
		r.mu.Lock()
		r.brackets = append(r.brackets, fmt.Sprintf("behind %s: starting the target anew: %v", s.Name, err))
		r.mu.Unlock()
	}
	return next
}

func (r *run) bracketCheck(s Scenario, in *instance) bool {
	rec := newRecord()
	session := r.newSession(in, rec)
	defer session.close()
	o, reason := session.goodExchange()
	if o != Pass {
		r.mu.Lock()
		r.brackets = append(r.brackets, fmt.Sprintf("behind %s: %s", s.Name, reason))
		r.mu.Unlock()
	}
	return o == Pass
}

func (r *run) stop(in *instance) {
	if in != nil {
		in.stop(r.Keep)
	}
}

// play runs one scenario's script.
func (r *run) play(s Scenario, in *instance) ScenarioResult {
	rec := newRecord()
	session := r.newSession(in, rec)
	t := &scriptT{rec: rec}
	t.Run(s.Name, func(t testscript.T) {
		testscript.RunT(t, testscript.Params{
			Files:       []string{r.script(s)},
			WorkdirRoot: filepath.Join(r.root, "work"),
			Cmds:        verbs,
			Setup: func(env *testscript.Env) error {
				env.Values[sessionKey{}] = session
				return nil
			},
		})
	})
	session.close()
	return r.result(s, in, rec)
}

// result puts a scenario's record into words.
func (r *run) result(s Scenario, in *instance, rec *record) ScenarioResult {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	result := ScenarioResult{Name: s.Name, Outcome: rec.outcome, Reason: rec.reason, Seconds: time.Since(rec.began).Seconds()}
	if rec.outcome == Pass || rec.outcome == Unsupported {
		return result
	}
	result.Proof = append(result.Proof, rec.lines...)
	if rec.unproven {
		result.Proof = append(result.Proof, "(not proven: that the target read the segments one by one)")
	}
	if in != nil && in.process != nil {
		if how := in.process.ended(); how != "" {
			result.Proof = append(result.Proof, "the target has ended: "+how)
		}
		result.Proof = append(result.Proof, in.process.output()...)
	}
	return result
}

// A scriptT lets testscript run outside go test: a failure without a verdict of a verb is the suite's own.
type scriptT struct{ rec *record }

var _ testscript.T = (*scriptT)(nil)

func (t *scriptT) Skip(args ...any) {
	t.rec.conclude(Unsupported, "%s", fmt.Sprint(args...))
	runtime.Goexit()
}
func (t *scriptT) Fatal(args ...any) {
	t.rec.conclude(Inconclusive, "%s", strings.TrimSpace(fmt.Sprint(args...)))
	runtime.Goexit()
}
func (t *scriptT) FailNow()      { t.Fatal("the scenario's script failed") }
func (t *scriptT) Parallel()     {}
func (t *scriptT) Log(...any)    {} // the record has it all
func (t *scriptT) Verbose() bool { return false }

// Run runs f to its end, however it ends.
func (t *scriptT) Run(_ string, f func(testscript.T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				t.rec.conclude(Inconclusive, "panic in the suite: %v\n%s", p, debug.Stack())
			}
		}()
		f(t)
	}()
	<-done
}
