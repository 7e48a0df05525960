// Command flake measures how often the suite's own verdicts depend on luck. "make flake" calls it.
//
// Each mode judges the reference, all roles, which keeps every rule; a verdict other than that is a false alarm:
//
//	busy     60 runs, four at a time, which is more than two processors carry
//	frozen   40 runs, each frozen with all that it starts for 0.05 to 2 s, at random moments
//	signals  100 runs, each ended by SIGTERM at a random moment: it is over within 2 s and leaves nothing
//
// A run is good if no rule fails and its exit code is 0, or 3 with the reason. A fourth mode, targets, judges all
// targets on a busy machine and tells which scenarios did not always have the same outcome.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance"
)

// A mode repeats runs of the program and gives the number of those that were not good.
type mode func(ctx context.Context, program string, o options) (bad int, err error)

var modes = map[string]mode{"busy": busy, "frozen": frozen, "signals": signals, "targets": targets}

type options struct {
	runs    int // 0: as many as the mode does by itself
	targets []string
}

// usually gives the number of runs.
func (o options) usually(n int) int {
	if o.runs > 0 {
		return o.runs
	}
	return n
}

func main() {
	var o options
	pflag.IntVar(&o.runs, "runs", 0, "how many runs (default: the mode's own number)")
	pflag.StringSliceVar(&o.targets, "target", conformance.TargetNames(), "of the mode targets: which ones")
	burn := pflag.Bool("burn", false, "use a processor until the parent ends: "+
		"what the mode targets starts to keep the machine busy")
	pflag.Parse()
	if *burn {
		burnUntilOrphaned()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bad, err := all(ctx, pflag.Args(), o)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "flake:", err)
		stop()
		os.Exit(2)
	case bad > 0:
		stop()
		os.Exit(1)
	}
}

// all does the modes one after the other.
func all(ctx context.Context, names []string, o options) (bad int, err error) {
	if len(names) == 0 {
		names = []string{"busy", "frozen", "signals"}
	}
	dir, err := os.MkdirTemp("", "flake")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "muxspec")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/muxspec")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building muxspec: %w\n%s", err, out)
	}
	for _, name := range names {
		do, ok := modes[name]
		if !ok {
			return bad, fmt.Errorf("unknown mode %q, there are: busy, frozen, signals, targets", name)
		}
		switch n, err := do(ctx, program, o); {
		case errors.Is(err, errors.ErrUnsupported):
			fmt.Printf("%s: left out: %v\n", name, err)
		case err != nil:
			return bad, fmt.Errorf("%s: %w", name, err)
		default:
			bad += n
		}
	}
	return bad, nil
}
