package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

// targetRuns is how often the mode targets judges each target.
const targetRuns = 50

// burnUntilOrphaned uses a processor.
func burnUntilOrphaned() {
	parent := os.Getppid()
	for b := sha256.Sum256(nil); os.Getppid() == parent; b = sha256.Sum256(b[:]) {
	}
}

// targets gives the number of scenarios whose outcome was not always the same.
func targets(ctx context.Context, program string, o options) (flaky int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	for range runtime.NumCPU() {
		burner := exec.CommandContext(ctx, self, "--burn")
		if err := burner.Start(); err != nil {
			return 0, err
		}
		defer func() { burner.Process.Kill(); burner.Wait() }()
	}
	for _, name := range o.targets {
		target, err := conformance.LoadTarget(filepath.Join("conformance", "targets", name+".toml"))
		if err != nil {
			return 0, err
		}
		if err := conformance.Found(target); err != nil {
			fmt.Printf("%s: left out: %v\n", name, err)
			continue
		}
		n, err := repeat(ctx, program, name, o.usually(targetRuns))
		if err != nil {
			return 0, err
		}
		flaky += n
	}
	return flaky, nil
}

// counts are how often each scenario had each outcome, and why it had it first.
type counts struct {
	outcomes map[string]map[report.Outcome]int
	why      map[string]string
}

// add counts a report.
func (c counts) add(rep *report.Report) {
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			id := rule.ID + " " + s.Name
			if c.outcomes[id] == nil {
				c.outcomes[id] = make(map[report.Outcome]int)
			}
			c.outcomes[id][s.Outcome]++
			if o := id + string(s.Outcome); c.why[o] == "" {
				c.why[o] = strings.Join(append([]string{s.Reason}, s.Proof...), "\n    ")
			}
		}
	}
}

// repeat judges a target and prints the scenarios with more than one outcome, and how often each.
func repeat(ctx context.Context, program, name string, runs int) (flaky int, err error) {
	c := counts{make(map[string]map[report.Outcome]int), make(map[string]string)}
	for n := range runs {
		fmt.Fprintf(os.Stderr, "%s: %d of %d\n", name, n+1, runs)
		file := filepath.Join("conformance", "targets", name+".toml")
		cmd := exec.CommandContext(ctx, program, "run", "--target", file, "--shuffle", "--json", "-")
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it ends what it has started
		cmd.WaitDelay = 5 * time.Second
		out, err := cmd.Output()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		var rep report.Report
		if jsonErr := json.Unmarshal(out, &rep); jsonErr != nil {
			return 0, fmt.Errorf("%s: no report: %w", name, err)
		}
		c.add(&rep)
	}
	for _, id := range slices.Sorted(maps.Keys(c.outcomes)) {
		outcomes := c.outcomes[id]
		if len(outcomes) == 1 {
			continue
		}
		flaky++
		fmt.Printf("%s: %s:", name, id)
		for _, o := range slices.Sorted(maps.Keys(outcomes)) {
			fmt.Printf(" %s %d", o, outcomes[o])
		}
		fmt.Println()
		for o, n := range outcomes {
			if n <= runs/2 {
				fmt.Printf("  %s: %s\n", o, c.why[id+string(o)])
			}
		}
	}
	fmt.Printf("%s: %d runs, %d scenarios, %d not always the same\n", name, runs, len(c.outcomes), flaky)
	return flaky, nil
}
