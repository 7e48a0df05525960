package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// memory is where Linux has a file system in memory.
const memory = "/dev/shm"

// unpack writes the scripts to where testscript reads them, and gives it a folder for theirs: two for each, nothing of which lasts, so that
// they are in memory if possible.
func (r *run) unpack(selected []Scenario) (err error) {
	if os.Getenv("TMPDIR") == "" {
		r.scratch, err = os.MkdirTemp(memory, "muxspec")
	}
	if r.scratch == "" {
		r.scratch, err = os.MkdirTemp("", "muxspec")
	}
	if err != nil {
		return err
	}
	for _, dir := range []string{"scripts", "work"} {
		if err := os.Mkdir(filepath.Join(r.scratch, dir), 0o755); err != nil {
			return err
		}
	}
	for role, name := range baselines {
		base, _ := findScenario(name, role)
		selected = append(selected, base)
	}
	for _, s := range selected {
		if err := os.WriteFile(r.script(s), []byte(s.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) script(s Scenario) string { return filepath.Join(r.scratch, "scripts", s.Name+".txtar") }

// play runs one scenario's script.
func (r *roleRun) play(s Scenario, in *instance) ScenarioResult {
	rec := newRecord()
	session := r.newSession(in, rec)
	session.values = r.with(s)
	defer context.AfterFunc(r.ctx, session.interrupt)()
	t := &scriptT{rec: rec}
	t.Run(s.Name, func(t testscript.T) {
		testscript.RunT(t, testscript.Params{
			Files:       []string{r.script(s)},
			WorkdirRoot: filepath.Join(r.scratch, "work"),
			Cmds:        verbs,
			Setup: func(env *testscript.Env) error {
				env.Values[sessionKey{}] = session
				return nil
			},
		})
	})
	result := r.result(s, session.in, rec)
	session.close()
	return result
}

// result puts a scenario's record into words.
func (r *run) result(s Scenario, in *instance, rec *record) ScenarioResult {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if r.ctx.Err() != nil { // what has failed may have failed because of that
		return ScenarioResult{Name: s.Name, Outcome: Inconclusive, Reason: Interrupted}
	}
	result := ScenarioResult{Name: s.Name, Outcome: rec.outcome, Reason: rec.reason, Seconds: time.Since(rec.began).Seconds()}
	if rec.outcome == Pass || rec.outcome == Unsupported {
		return result
	}
	result.Proof = append(result.Proof, rec.lines()...)
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
