package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// defineJudging defines the options of run and matrix that say what is judged, and how.
func defineJudging(fs *pflag.FlagSet, o *conformance.Options) {
	fs.StringSliceVar(&o.Rules, "rule", nil, "select the rule with this `ID`; repeatable")
	fs.StringSliceVar(&o.Scenarios, "scenario", nil, "select the scenario `NAME`, or NAME@VARIANT; repeatable")
	fs.StringSliceVar(&o.Classes, "class", nil, "select rules of this `CLASS`: rfc, interop, robustness or hardening; "+
		"repeatable")
	fs.StringVar(&o.Level, "level", "", "select rules of this `LEVEL`: MUST or SHOULD")
	fs.StringVar(&o.Until, "until", "", "select the rules of release `VERSION` and of those before it, such as v0.1.0")
	fs.BoolVar(&o.Slow, "slow", false, "also run scenarios that take many seconds")
	fs.DurationVar(&o.Patience, "patience", conformance.DefaultPatience, "the `TIME` to wait for an answer, at least")
	fs.BoolVar(&o.Quick, "quick", false, "play only the plain variant of each scenario")
	fs.IntVar(&o.Draws, "draws", 1, "the `NUMBER` of randomly drawn variants of each scenario, "+
		"in addition to the fixed ones")
	fs.DurationVar(&o.Start, "start-timeout", 0, "the `TIME` within which a target must listen "+
		"(default: what its file says, or 5s)")
	fs.Int64Var(&o.Seed, "seed", 0, "the `NUMBER` from which random order and drawn variants follow "+
		"(the order's default is the time)")
}

// checkJudging returns an error if one of these options has a value that makes no sense. It also says which program
// judges.
func checkJudging(fs *pflag.FlagSet, o *conformance.Options) (err error) {
	o.Version = cmdline.Version()
	if o.Program, err = ownProgram(); err != nil {
		return err
	}
	for i, id := range o.Rules {
		o.Rules[i] = strings.ToUpper(id)
	}
	o.Level = strings.ToUpper(o.Level)
	switch {
	case o.Patience <= 0:
		return fmt.Errorf("--patience %v: must be above 0", o.Patience)
	case o.Draws < 0:
		return fmt.Errorf("--draws %d: must not be negative", o.Draws)
	case fs.Changed("start-timeout") && o.Start <= 0:
		return fmt.Errorf("--start-timeout %v: must be above 0", o.Start)
	}
	if o.Level != "" && o.Level != "MUST" && o.Level != "SHOULD" {
		return fmt.Errorf("--level %s is neither MUST nor SHOULD", o.Level)
	}
	for _, class := range o.Classes {
		if !slices.Contains(docs.Classes, class) {
			return fmt.Errorf("unknown --class %s; the classes are %s", class, strings.Join(docs.Classes, ", "))
		}
	}
	return nil
}

// ownProgram gives the path of this program.
func ownProgram() (string, error) {
	program, err := os.Executable()
	if err != nil { // without /proc
		program, err = exec.LookPath(os.Args[0])
	}
	return program, err
}

// untilSignal gives a context that ends with SIGINT, SIGTERM or SIGHUP. A second signal changes nothing: the targets
// have to be ended, and that does not take long.
func untilSignal() (ctx context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	heard()
	return ctx, stop
}

// judge judges one target and shows how far it is.
func judge(ctx context.Context, o conformance.Options, quiet bool) (*report.Report, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(runGC))
	progress := newProgress(quiet)
	defer progress.end()
	o.Done = progress.done
	return conformance.Run(ctx, o)
}

// runGC lets a run's heap, which is small, grow further before it is collected: the processors are the targets'. They
// have the usual setting.
const runGC = 800
