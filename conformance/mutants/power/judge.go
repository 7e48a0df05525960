package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/mutants"
	"github.com/muxspec/muxspec/conformance/report"
)

// A verdict is what became of a mutant.
type verdict string

const (
	killed        verdict = "killed"        // a scenario of its rule sees a violation
	misattributed verdict = "misattributed" // only scenarios of other rules do
	survived      verdict = "survived"      // none does
	failed        verdict = "error"         // nothing can be concluded
)

// A result is a verdict with its reasons.
type result struct {
	Rule    string  `json:"rule"`
	Mutant  string  `json:"mutant"`
	Verdict verdict `json:"verdict"`
	// Seen are the scenarios that saw a violation: of its own rule where it is killed, of others where it is
	// misattributed.
	Seen    []sighting `json:"seen,omitempty"`
	Error   string     `json:"error,omitempty"`
	Seconds float64    `json:"seconds"`
}

// A sighting is a scenario that saw a violation.
type sighting struct {
	Rule     string `json:"rule"`
	Scenario string `json:"scenario"`
	Reason   string `json:"reason"`
}

// A judge judges one mutant.
type judge struct {
	root    string // of the tree
	dir     string // for all that the mutant needs and leaves
	mutant  mutants.Mutant
	options []string // of the suite's runs
	search  search
}

// A search is how mutants are looked for without scenarios: by "muxspec explore" or "muxspec fuzz". The zero search
// plays scenarios.
type search struct {
	command string
	limit   time.Duration // for each role
}

const (
	// runLimit is more than all scenarios take if each waits as long as it can.
	runLimit = 5 * time.Minute
	// tries is how often a mutant is judged where the suite cannot tell, which happens on a busy machine.
	tries = 3
)

func (j judge) judge(ctx context.Context) result {
	began := time.Now()
	defer os.RemoveAll(j.dir)
	r := result{Rule: j.mutant.Rule.ID, Mutant: j.mutant.Name}
	program, err := j.build(ctx)
	if err == nil && j.search.command != "" {
		r.Verdict, r.Seen, err = j.find(ctx, program)
	} else if err == nil {
		r.Verdict, r.Seen, err = j.look(ctx, program)
	}
	if err != nil {
		r.Verdict, r.Error = failed, err.Error()
	}
	r.Seconds = time.Since(began).Seconds()
	return r
}

// build makes the suite's program with the mutant in place of the reference.
func (j judge) build(ctx context.Context) (program string, err error) {
	if err := os.MkdirAll(filepath.Join(j.dir, "tmp"), 0o755); err != nil {
		return "", err
	}
	return j.mutant.Build(ctx, j.root, j.dir)
}

// look lets the rule's own scenarios judge, those that take seconds included, and if they see nothing, all.
func (j judge) look(ctx context.Context, program string) (verdict, []sighting, error) {
	own, _, kept := j.run(ctx, program, "--slow", "--rule", j.mutant.Rule.ID)
	if len(own) > 0 {
		return killed, own, nil
	}
	// What looks back on the other scenarios belongs to a rule, too, and has seen none of them until now. It comes
	// last, so that a run that ends at the first violation may end before it.
	own, others, err := j.run(ctx, program)
	if len(own) == 0 && len(others) > 0 {
		j.options = slices.DeleteFunc(slices.Clone(j.options), func(o string) bool { return o == failFast })
		own, others, err = j.run(ctx, program)
	}
	switch {
	case len(own) > 0:
		return killed, own, nil
	case len(others) > 0:
		return misattributed, others, nil
	case kept != nil: // its own scenarios did not judge it
		return failed, nil, kept
	}
	return survived, nil, err
}

// find searches the roles that have to keep the rule until a violation of any rule is found. A sighting's scenario is
// then the number of moves.
func (j judge) find(ctx context.Context, program string) (verdict, []sighting, error) {
	tmp := filepath.Join(j.dir, "tmp")
	var unsure error
	for _, role := range j.mutant.Rule.Roles {
		cmd := exec.CommandContext(ctx, program, j.search.command, role, "--fail-fast", "--save", tmp, "--duration",
			j.search.limit.String())
		cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it has servers to end
		cmd.WaitDelay = time.Minute
		out, err := cmd.CombinedOutput()
		switch cmd.ProcessState.ExitCode() {
		case report.ExitOK:
			continue
		case report.ExitViolation:
			return killed, foundIn(string(out)), nil
		}
		unsure = errors.Join(unsure, fmt.Errorf("muxspec %s %s: %w\n%s", j.search.command, role, err, out))
	}
	return survived, nil, unsure
}

// found is what a search prints of a finding.
var found = regexp.MustCompile(`(?m)^FAIL +(\S+) after \S+ in (.*?): (.*)\n  (\d+ moves?)`)

// foundIn gives what a search has printed of its findings, or all that it has printed where a good exchange fails.
func foundIn(out string) (all []sighting) {
	for _, m := range found.FindAllStringSubmatch(out, -1) {
		all = append(all, sighting{Rule: m[1], Scenario: m[4], Reason: m[2] + ": " + m[3]})
	}
	if all == nil {
		all = append(all, sighting{Scenario: "a good exchange", Reason: strings.TrimSpace(out)})
	}
	return all
}

// run runs the mutant's suite on the mutant and gives the violations of its rule and of others. If there are none,
// the error says what kept a scenario from judging.
func (j judge) run(ctx context.Context, program string, selection ...string) (own, others []sighting, err error) {
	var unsure error
	for range tries {
		all := new(report.Report) // of all roles that have to keep the rule
		for _, role := range j.mutant.Rule.Roles {
			rep, err := j.report(ctx, program, role, selection)
			if err != nil {
				return nil, nil, err
			}
			all.Rules = append(all.Rules, rep.Rules...)
		}
		var blocked error
		own, others, blocked, unsure = j.sort(all, len(selection) > 0)
		if len(own)+len(others) > 0 || unsure == nil {
			return own, others, blocked
		}
	}
	return nil, nil, unsure
}

// sort puts the scenarios that did not pass in order. Where they were all to be played, one of the mutant's rule that
// was not has not judged it.
func (j judge) sort(rep *report.Report, wholly bool) (own, others []sighting, blocked, unsure error) {
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			seen := sighting{rule.ID, s.Name, s.Reason}
			why := fmt.Errorf("%s is %s: %s\n%s", s.Name, s.Outcome, s.Reason, strings.Join(s.Proof, "\n"))
			switch {
			case s.Outcome == report.Violation && !s.Known && rule.ID == j.mutant.Rule.ID:
				own = append(own, seen)
			case s.Outcome == report.Violation && !s.Known:
				others = append(others, seen)
			case s.Outcome == report.Blocked, s.Outcome == report.Unsupported && rule.ID == j.mutant.Rule.ID && wholly:
				blocked = errors.Join(blocked, why)
			case s.Outcome == report.Inconclusive:
				unsure = errors.Join(unsure, why)
			}
		}
	}
	return own, others, blocked, unsure
}

// report runs the mutant's program in a role, which re-executes itself as the target.
func (j judge) report(ctx context.Context, program, role string, selection []string) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	// A fault may show in roles whose rule it does not break; those need not see it.
	return mutants.Report(ctx, program, filepath.Join(j.dir, "tmp"), role, slices.Concat(selection, j.options)...)
}
