package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/leftover"
	"github.com/muxspec/muxspec/conformance/report"
)

// A run is one of the program: in a folder of its own for all that it leaves on disk.
type run struct {
	cmd    *exec.Cmd
	dir    string
	report bytes.Buffer
	errors bytes.Buffer
}

// start starts the program, with a report on its standard output. Each run has another order of scenarios, and ends
// with ctx.
func start(ctx context.Context, program string, seed int) (*run, error) {
	dir, err := os.MkdirTemp("", "flake-run")
	if err != nil {
		return nil, err
	}
	args := []string{"run", "--shuffle", "--seed", strconv.Itoa(seed), "--json", "-"}
	r := &run{cmd: exec.CommandContext(ctx, program, args...), dir: dir}
	r.cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	r.cmd.Stdout, r.cmd.Stderr = &r.report, &r.errors
	r.cmd.Cancel = func() error { return r.cmd.Process.Signal(syscall.SIGTERM) } // it has servers to end
	// What it starts may live on and hold its output.
	r.cmd.WaitDelay = 5 * time.Second
	if err := r.cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return r, nil
}

// judge waits for the run's end and says what is wrong with its verdicts; the empty string is none. why is the reason
// of exit code 3.
func (r *run) judge() (wrong, why string) {
	defer os.RemoveAll(r.dir)
	err := r.cmd.Wait()
	var rep report.Report
	if jsonErr := json.Unmarshal(r.report.Bytes(), &rep); jsonErr != nil {
		return fmt.Sprintf("no report: %v: %s", err, r.errors.String()), ""
	}
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			text := fmt.Sprintf("%s %s: %s: %s", rule.ID, s.Name, s.Outcome, s.Reason)
			switch s.Outcome {
			case report.Violation, report.Blocked:
				wrong += strings.Join(append([]string{text}, s.Proof...), "\n    ") + "\n"
			case report.Inconclusive:
				why += text + "\n"
			}
		}
	}
	switch code := r.cmd.ProcessState.ExitCode(); {
	case wrong != "" || code == report.ExitOK:
	case code != report.ExitInconclusive || why == "":
		wrong = fmt.Sprintf("exit code %d: %s", code, r.errors.String())
	}
	if left := leftover.In(r.dir); len(left) > 0 {
		wrong += "it has left " + strings.Join(left, ", ") + "\n"
	}
	return wrong, why
}

// A tally counts the runs of a mode and prints what was wrong.
type tally struct {
	mu                 sync.Mutex
	name               string
	runs               int
	done, unclear, bad int
}

func (t *tally) add(wrong, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	switch {
	case wrong != "":
		t.bad++
		fmt.Printf("%s: run %d of %d: wrong:\n%s\n", t.name, t.done, t.runs, wrong)
	case why != "":
		t.unclear++
		fmt.Printf("%s: run %d of %d: inconclusive:\n%s\n", t.name, t.done, t.runs, why)
	}
	fmt.Fprintf(os.Stderr, "%s: %d of %d, %d inconclusive, %d wrong\n", t.name, t.done, t.runs, t.unclear, t.bad)
}

func (t *tally) end() int {
	fmt.Printf("%s: %d runs, %d with exit code 0, %d inconclusive, %d wrong\n",
		t.name, t.done, t.done-t.unclear-t.bad, t.unclear, t.bad)
	return t.bad
}

// repeatRuns does the runs, so many at the same time; with is what is done to each one until it has ended.
func repeatRuns(ctx context.Context, program, name string, runs, atOnce int,
	with func(*run, *tally) error) (bad int, err error) {
	t := &tally{name: name, runs: runs}
	places := make(chan struct{}, atOnce)
	failed := make(chan error, runs)
	var all sync.WaitGroup
	for n := range runs {
		places <- struct{}{}
		if ctx.Err() != nil || len(failed) > 0 {
			break
		}
		all.Go(func() {
			defer func() { <-places }()
			r, err := start(ctx, program, n+1)
			if err == nil {
				err = with(r, t)
			}
			if err != nil {
				failed <- err
			}
		})
	}
	all.Wait()
	close(failed)
	return t.end(), errors.Join(<-failed, ctx.Err())
}

// busy judges the reference on a machine that has too much to do.
func busy(ctx context.Context, program string, o options) (bad int, err error) {
	return repeatRuns(ctx, program, "busy", o.usually(60), 4, func(r *run, t *tally) error {
		t.add(r.judge())
		return nil
	})
}

// endTime is what a run has to end in after SIGTERM.
const endTime = 2 * time.Second

// signals ends runs of the reference at random moments.
func signals(ctx context.Context, program string, o options) (bad int, err error) {
	var mu sync.Mutex
	var worst time.Duration
	bad, err = repeatRuns(ctx, program, "signals", o.usually(100), 2, func(r *run, t *tally) error {
		defer os.RemoveAll(r.dir)
		ended := make(chan error, 1)
		go func() { ended <- r.cmd.Wait() }()
		select {
		case <-ended: // before its signal
			t.add("", "")
			return nil
		case <-time.After(time.Duration(rand.Int64N(int64(6 * time.Second)))):
		}
		began := time.Now()
		r.cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		took := time.Since(began)
		mu.Lock()
		worst = max(worst, took)
		mu.Unlock()
		wrong := ""
		if took > endTime {
			wrong = fmt.Sprintf("it ended %v after SIGTERM\n", took)
		}
		if left := leftover.In(r.dir); len(left) > 0 {
			wrong += "it has left " + strings.Join(left, ", ") + "\n"
		}
		t.add(wrong, "")
		return nil
	})
	fmt.Printf("signals: the slowest ended %v after SIGTERM\n", worst.Round(time.Millisecond))
	return bad, err
}
