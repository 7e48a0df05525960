package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/rogpeppe/go-internal/testscript"
)

// memory is where Linux has a file system in memory.
const memory = "/dev/shm"

// unpack writes the scripts to where testscript reads them, and gives it a folder for its own: two for each. Nothing of
// that lasts, so it is in memory if possible.
func (r *run) unpack(selected []Scenario) (err error) {
	if os.Getenv("TMPDIR") == "" {
		r.scratch, err = os.MkdirTemp(memory, "muxspec")
	}
	if r.scratch == "" {
		r.scratch, err = os.MkdirTemp(r.root, "s")
	}
	if err != nil {
		return err
	}
	for _, dir := range []string{"scripts", "work"} {
		if err := os.Mkdir(filepath.Join(r.scratch, dir), 0o755); err != nil {
			return err
		}
	}
	for _, kind := range r.suite.roles {
		base, _ := r.suite.find(kind.Baseline, kind.Name)
		selected = append(selected, base)
	}
	for _, s := range selected {
		if err := os.WriteFile(r.script(s), []byte(s.Text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// script is the file of a scenario's text. No two variants of a name differ only in what replaces a slash.
func (r *run) script(s Scenario) string {
	name := s.Name
	if s.Variant != "" {
		name += "@" + strings.NewReplacer("/", "|", " ", "_").Replace(s.Variant)
	}
	return filepath.Join(r.scratch, "scripts", name+".txtar")
}

// play runs one scenario's script.
func (r *roleRun) play(s Scenario, in *Instance) report.ScenarioResult {
	rec := NewRecord()
	rec.Tape = r.tape.Play(s.full(), s.Rule.ID+" "+s.Role+": "+s.Title)
	session := r.newSession(s, in, rec)
	defer context.AfterFunc(r.ctx, session.interrupt)()
	t := &scriptT{rec: rec}
	if err := attempt(session.apply); err != nil {
		rec.end(err)
	} else {
		t.Run(s.Name, func(t testscript.T) {
			testscript.RunT(t, testscript.Params{
				Files:       []string{r.script(s)},
				WorkdirRoot: filepath.Join(r.scratch, "work"),
				Cmds:        r.verbs.commands(),
				Setup: func(env *testscript.Env) error {
					env.Values[sessionKey{}] = session
					return nil
				},
			})
		})
	}
	result := r.result(s, session.In, rec)
	session.close()
	rec.Tape.End(strings.TrimSuffix("end of "+s.full()+": "+string(result.Outcome)+": "+result.Reason, ": "))
	return result
}

// result puts a scenario's record into words.
func (r *run) result(s Scenario, in *Instance, rec *Record) report.ScenarioResult {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if r.ctx.Err() != nil { // which may be why it failed
		return report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Inconclusive,
			Reason: r.interrupted()}
	}
	result := report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: rec.outcome,
		Reason: rec.reason, By: rec.by, Seconds: time.Since(rec.began).Seconds()}
	if rec.outcome == report.Pass || rec.outcome == report.Unsupported {
		return result
	}
	result.Proof = append(result.Proof, rec.lines()...)
	if rec.unproven {
		result.Proof = append(result.Proof, "(not proven: that the target read the segments one by one)")
	}
	if in != nil && in.Process != nil {
		if how := in.Process.Ended(); how != "" {
			result.Proof = append(result.Proof, "the target has ended: "+how)
		}
		if states := in.Process.Members().States(); rec.late && len(states) > 0 {
			result.Proof = append(result.Proof, states[:min(len(states), fewStates)]...)
		}
		result.Proof = append(result.Proof, outputOf(in.Process)...)
	}
	return result
}

// fewStates is how many processes of a target the evidence describes.
const fewStates = 3

// outputLines is how much of it is shown.
const outputLines = 8

// outputOf gives the end of what the program printed, for the evidence.
func outputOf(p *proc.Process) (lines []string) {
	for _, out := range []struct {
		name string
		tail *proc.Tail
	}{{"stdout", p.Stdout}, {"stderr", p.Stderr}} {
		text := strings.TrimRight(out.tail.String(), "\n")
		if text == "" {
			continue
		}
		all := strings.Split(text, "\n")
		if len(all) > outputLines {
			lines = append(lines, fmt.Sprintf("%s: … %d lines", out.name, len(all)-outputLines))
			all = all[len(all)-outputLines:]
		}
		for _, line := range all {
			lines = append(lines, fmt.Sprintf("%s: %s", out.name, quoteBytes([]byte(line))))
		}
	}
	return lines
}

// A scriptT lets testscript run outside go test: a failure without a verb's verdict is the suite's own.
type scriptT struct{ rec *Record }

var _ testscript.T = (*scriptT)(nil)

func (t *scriptT) Skip(args ...any) {
	t.rec.conclude(report.Unsupported, "%s", fmt.Sprint(args...))
	runtime.Goexit()
}

func (t *scriptT) Fatal(args ...any) {
	t.rec.conclude(report.Inconclusive, "%s", strings.TrimSpace(fmt.Sprint(args...)))
	runtime.Goexit()
}

func (t *scriptT) FailNow() { t.Fatal("the scenario's script failed") }

func (t *scriptT) Parallel() {}

func (t *scriptT) Log(...any) {} // the record has it all

func (t *scriptT) Verbose() bool { return false }

// Run runs f to its end, however it ends.
func (t *scriptT) Run(_ string, f func(testscript.T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				t.rec.conclude(report.Inconclusive, "panic in the suite: %v\n%s", p, debug.Stack())
			}
		}()
		f(t)
	}()
	<-done
}
