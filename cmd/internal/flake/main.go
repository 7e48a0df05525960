// Command flake judges every target many times on a machine that is kept busy, in random order, and tells of each scenario
// whose outcome was not always the same. "make flake" calls it.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance"
)

func main() {
	runs := pflag.Int("runs", 50, "how often each target is judged")
	targets := pflag.StringSlice("target", conformance.TargetNames(), "the targets")
	burn := pflag.Bool("burn", false, "use a processor until the parent ends: what this program starts to keep the machine busy")
	pflag.Parse()
	if *burn {
		parent := os.Getppid()
		for b := sha256.Sum256(nil); os.Getppid() == parent; b = sha256.Sum256(b[:]) {
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	flaky, err := flake(ctx, *targets, *runs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "flake:", err)
		os.Exit(2)
	}
	if flaky > 0 {
		os.Exit(1)
	}
}

// flake gives the number of scenarios whose outcome was not always the same.
func flake(ctx context.Context, targets []string, runs int) (flaky int, err error) {
	dir, err := os.MkdirTemp("", "flake")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "muxspec")
	if out, err := exec.Command("go", "build", "-o", program, "./cmd/muxspec").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building muxspec: %w\n%s", err, out)
	}
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
	for _, name := range targets {
		target, err := conformance.LoadTarget(filepath.Join("conformance", "targets", name+".toml"))
		if err != nil {
			return 0, err
		}
		if err := target.Found(); err != nil {
			fmt.Printf("%s: left out: %v\n", name, err)
			continue
		}
		n, err := repeat(ctx, program, name, runs)
		if err != nil {
			return 0, err
		}
		flaky += n
	}
	return flaky, nil
}

// repeat judges a target and prints the scenarios with more than one outcome, and how often each.
func repeat(ctx context.Context, program, name string, runs int) (flaky int, err error) {
	outcomes := make(map[string]map[string]int)
	why := make(map[string]string) // the first of each outcome
	for n := range runs {
		fmt.Fprintf(os.Stderr, "%s: %d of %d\n", name, n+1, runs)
		file := filepath.Join("conformance", "targets", name+".toml")
		out, err := exec.CommandContext(ctx, program, "run", "--target", file, "--shuffle", "--json", "-").Output()
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		var rep conformance.Report
		if jsonErr := json.Unmarshal(out, &rep); jsonErr != nil {
			return 0, fmt.Errorf("%s: no report: %w", name, err)
		}
		for _, rule := range rep.Rules {
			for _, s := range rule.Scenarios {
				id := rule.ID + " " + s.Name
				if outcomes[id] == nil {
					outcomes[id] = make(map[string]int)
				}
				outcomes[id][string(s.Outcome)]++
				if o := id + string(s.Outcome); why[o] == "" {
					why[o] = strings.Join(append([]string{s.Reason}, s.Proof...), "\n    ")
				}
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(outcomes)) {
		if len(outcomes[id]) == 1 {
			continue
		}
		flaky++
		var counts []string
		for _, o := range slices.Sorted(maps.Keys(outcomes[id])) {
			counts = append(counts, fmt.Sprintf("%s %d", o, outcomes[id][o]))
		}
		fmt.Printf("%s: %s: %s\n", name, id, strings.Join(counts, ", "))
		for o, n := range outcomes[id] {
			if n <= runs/2 {
				fmt.Printf("  %s: %s\n", o, why[id+o])
			}
		}
	}
	fmt.Printf("%s: %d runs, %d scenarios, %d not always the same\n", name, runs, len(outcomes), flaky)
	return flaky, nil
}
