package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/mutants"
	"github.com/muxspec/muxspec/conformance/report"
)

// A verdict is what became of a mutant.
type verdict string

const (
	killed     verdict = "killed"     // a scenario sees a violation
	hung       verdict = "hung"       // the suite does not come to an end with it
	blocked    verdict = "blocked"    // it does not start, or not even a good exchange works
	survived   verdict = "survived"   // no scenario sees it
	equivalent verdict = "equivalent" // none can, as is explained
	failed     verdict = "error"      // nothing can be concluded
)

// A result is a verdict with its reason.
type result struct {
	mutant
	Change   string  `json:"change"` // what stands in place of what
	Verdict  verdict `json:"verdict"`
	Role     string  `json:"role,omitempty"` // that decided
	Scenario string  `json:"scenario,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Seconds  float64 `json:"seconds"`
	// Targets are the fuzz targets that ran it, and whether each saw it.
	Targets map[string]bool `json:"targets,omitempty"`
}

// roles are who judges what a folder or a file of the reference holds: the longest path counts.
var roles = map[string][]string{
	"ref/accept":           {"tcpmux-server", "hmacsocket-server", "hmacsocket-client", "udpmux-daemon"},
	"ref/hmacsocket":       {"hmacsocket-server", "hmacsocket-client"},
	"ref/process":          {"tcpmux-server", "udpmux-server-agent", "udpmux-client-agent"},
	"ref/tcpmux":           {"tcpmux-server", "tcpmux-client"},
	"ref/tcpmux/client.go": {"tcpmux-client"},
	"ref/udpmux":           {"udpmux-daemon", "udpmux-server-agent", "udpmux-client-agent"},
	"ref/udpmux/agent":     {"udpmux-server-agent", "udpmux-client-agent"},
	"ref/udpmux/daemon":    {"udpmux-daemon"},
	"ref/udpmux/mux":       {"udpmux-daemon"},
}

func rolesOf(file string) []string {
	for at := file; at != "." && at != "/"; at = filepath.ToSlash(filepath.Dir(at)) {
		if r := roles[at]; r != nil {
			return r
		}
	}
	return nil
}

// A judge judges one mutant.
type judge struct {
	root    string        // of the tree
	dir     string        // for all that the mutant needs and leaves
	limit   time.Duration // for a run of one role
	mutant  mutant
	targets []target // that judge in place of scenarios, if there are any
}

// whole builds the mutant and judges it, and tells built what came of the former, which is the error.
func (j judge) whole(ctx context.Context, built func(error)) (r result, err error) {
	if len(j.targets) > 0 {
		err = j.buildTests(ctx)
		if built(err); err == nil {
			r = j.judgeByTargets(ctx)
		}
		return r, err
	}
	program, err := j.build(ctx)
	if built(err); err == nil {
		r = j.judge(ctx, program)
	}
	return r, err
}

// tries is how often a scenario judges where the suite cannot tell, which happens on a busy machine.
const tries = 3

// errNoProgram is why a mutant is not judged at all.
var errNoProgram = errors.New("it does not compile")

// build makes the suite's program with the mutant in place of the reference.
func (j judge) build(ctx context.Context) (program string, err error) {
	if err := os.MkdirAll(filepath.Join(j.dir, "tmp"), 0o755); err != nil {
		return "", err
	}
	changed, err := j.changed()
	if err != nil {
		return "", err
	}
	if program, err = mutants.Build(ctx, j.root, j.dir, changed); err != nil && ctx.Err() == nil {
		return "", fmt.Errorf("%w: %w", errNoProgram, err)
	}
	return program, err
}

// changed gives the mutant's file with the mutant, by its path in the tree.
func (j judge) changed() (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(j.root, filepath.FromSlash(j.mutant.File)))
	if err != nil {
		return nil, err
	}
	return map[string]string{j.mutant.File: j.mutant.apply(string(text))}, nil
}

// judge has each role look until one of them sees the mutant.
func (j judge) judge(ctx context.Context, program string) (r result) {
	began := time.Now()
	r = result{mutant: j.mutant, Change: j.mutant.change(), Verdict: survived}
	defer func() { r.Seconds = time.Since(began).Seconds() }()
	for _, role := range rolesOf(j.mutant.File) {
		v, s, err := j.look(ctx, program, role)
		if v == survived {
			continue
		}
		// That one role cannot tell does not keep the next from seeing it.
		r.Verdict, r.Role, r.Scenario, r.Reason = v, role, s.Full(), s.Reason
		if err != nil {
			r.Reason = err.Error()
		}
		if v != failed {
			break
		}
	}
	return r
}

// look gives what a role comes to, and the scenario that decided.
func (j judge) look(ctx context.Context, program, role string) (verdict, report.ScenarioResult, error) {
	var seen, unsure report.ScenarioResult
	var v verdict
	var again []string
	for range tries {
		rep, err := j.report(ctx, program, role, again)
		switch {
		case ctx.Err() != nil:
			return failed, seen, ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			return hung, seen, fmt.Errorf("no end within %v", j.limit)
		case err != nil:
			return failed, seen, err
		}
		var doubtful []string
		v, seen, doubtful = sort(rep)
		if v == killed || v == survived {
			return v, seen, nil
		}
		if unsure = seen; v == failed { // else nothing of the role works
			again = doubtful
		}
	}
	return v, unsure, fmt.Errorf("%s is %s: %s\n%s", unsure.Full(), unsure.Outcome, unsure.Reason,
		strings.Join(unsure.Proof, "\n"))
}

// sort gives what a report tells, the scenario that decides, and the options to play again those that do not tell.
func sort(rep *report.Report) (v verdict, decides report.ScenarioResult, doubtful []string) {
	v = survived
	busy := false
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			switch {
			case s.Outcome == report.Violation && !s.Known:
				return killed, s, nil
			case s.Outcome == report.Blocked && strings.HasPrefix(s.Reason, report.NoExchange):
				v, decides = blocked, s
			case s.Outcome == report.Blocked || s.Outcome == report.Inconclusive:
				doubtful = append(doubtful, "--scenario", s.Name)
				busy = busy || s.Outcome == report.Inconclusive
				if v == survived {
					v, decides = failed, s
				}
			}
		}
	}
	if v == blocked && busy { // it may be the machine that kept the exchange from working: all has to be played again
		return failed, decides, nil
	}
	return v, decides, doubtful
}

// report runs the mutant's program in a role, which re-executes itself as the target.
func (j judge) report(ctx context.Context, program, role string, again []string) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	options := append([]string{"--fail-fast", "--draws", "0"}, again...)
	return mutants.Report(ctx, program, filepath.Join(j.dir, "tmp"), role, options...)
}
