// Command mechanical tells what the suite sees of faults that nobody thought of: it changes single tokens of the
// reference, has the suite that is in the changed program judge it, and says which changes no scenario has seen.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance/mutants"
)

const usage = `Usage: go run ./conformance/mutants/mechanical [OPTION]...

Change one token of the reference, or drop one statement, and let all scenarios of the file's roles judge it. Such a
mutant is killed where one of them sees a violation; hung where the suite does not come to an end, and blocked where
the target does not start, both of which count as killed; and has survived where none sees it.
conformance/mutants/equivalent.txt explains those that nobody can see. Those that do not compile are left out. With
--fuzz the native fuzz targets judge, by their committed inputs, and only what they run is changed.

Exit codes: 0 all mutants are killed or explained; 1 not so; 2 wrong usage; 130 interrupted.

Options:
`

// Exit codes.
const (
	exitOK          = 0
	exitWeak        = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// flags are what the command line asks for.
type flags struct {
	seed  uint64
	count int
	jobs  int
	limit time.Duration
	only  []string
	json  string
	list  bool
	fuzz  bool
}

func main() { os.Exit(mechanical(os.Args[1:])) }

func mechanical(args []string) int {
	var f flags
	fs := pflag.NewFlagSet("mechanical", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Uint64Var(&f.seed, "seed", 1, "the `NUMBER` that chooses the mutants")
	fs.IntVarP(&f.count, "count", "n", 20, "the `NUMBER` of mutants that are judged")
	fs.IntVar(&f.jobs, "jobs", 2, "the `NUMBER` of mutants that are judged at the same time")
	fs.DurationVar(&f.limit, "limit", 2*time.Minute, "the `TIME` for the scenarios of one role")
	fs.StringArrayVar(&f.only, "only", nil, "only the mutants whose id holds this `TEXT`; repeatable")
	fs.StringVar(&f.json, "json", "", "write the result as JSON to `FILE`, too")
	fs.BoolVar(&f.fuzz, "fuzz", false, "let the native fuzz targets judge what they run, in place of scenarios")
	fs.BoolVar(&f.list, "list", false, "only show the ids in the order of the seed, compiled or not")
	fs.Usage = func() { fmt.Printf("%s%s", usage, fs.FlagUsages()) }
	if err := fs.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return complain(err)
	}
	switch {
	case fs.NArg() > 0:
		return complain(fmt.Errorf("unexpected argument %q", fs.Arg(0)))
	case f.count < 1 || f.jobs < 1 || f.limit <= 0:
		return complain(errors.New("--count, --jobs and --limit must be more than 0"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := run(ctx, f)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "mechanical: interrupted")
		return exitInterrupted
	case err != nil:
		return complain(err)
	case o == nil:
		return exitOK
	}
	o.print(os.Stdout)
	if !o.good() {
		return exitWeak
	}
	return exitOK
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "mechanical:", err)
	return exitUsage
}

// run does what was asked for; there is no outcome of a list.
func run(ctx context.Context, f flags) (*outcome, error) {
	root, err := mutants.Root(ctx)
	if err != nil {
		return nil, err
	}
	found, err := all(root)
	if err != nil {
		return nil, err
	}
	reasons, err := explained(root, found)
	if err != nil {
		return nil, err
	}
	var targets []target
	if f.fuzz {
		if targets, err = fuzzTargets(ctx, root); err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(m mutant) bool { return len(that(targets, m)) == 0 })
	}
	rank(f.seed, found)
	if found = choose(found, f.only); len(found) == 0 {
		return nil, fmt.Errorf("no mutant's id holds %q", f.only)
	}
	if f.list {
		for _, m := range found {
			fmt.Println(m.ID)
		}
		return nil, nil
	}
	began := time.Now()
	results, err := newRound(root, f, found, reasons, targets).judgeAll(ctx)
	if err != nil {
		return nil, err
	}
	o := sum(f.seed, results, time.Since(began))
	if f.json != "" {
		err = mutants.WriteJSON(f.json, o)
	}
	return o, err
}

// choose gives the mutants whose id holds one of the texts, all if there are none.
func choose(found []mutant, texts []string) []mutant {
	return slices.DeleteFunc(found, func(m mutant) bool {
		holds := func(text string) bool { return strings.Contains(m.ID, text) }
		return len(texts) > 0 && !slices.ContainsFunc(texts, holds)
	})
}
