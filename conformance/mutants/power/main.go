// Command power tells how much the suite sees: it builds every mutant of the reference, has the suite that is in the
// mutant's own program judge it, and says which mutants the scenarios of their rule have seen.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance/mutants"
)

const usage = `Usage: go run ./conformance/mutants/power [OPTION]...

Build each mutant of the reference and let the scenarios of its rule judge it. A mutant is killed where one of them
sees a violation, misattributed where only other rules' scenarios do, and has survived where none does. With --search
it is killed where "muxspec explore" or "muxspec fuzz" finds that a MUST rule is broken.

Exit codes: 0 all mutants are killed, and every rule has one; 1 not so; 2 wrong usage; 130 interrupted.

Options:
`

// Exit codes.
const (
	exitOK          = 0
	exitWeak        = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// atOnce is how many mutants are judged at the same time: most of them wait for what a faulty program never sends.
const atOnce = 6

func main() { os.Exit(power(os.Args[1:])) }

// flags are the options.
type flags struct {
	verbose, fast    bool
	only             []string
	from, part, file string
	search           search
}

func (f *flags) define(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "show what each scenario saw")
	fs.StringSliceVar(&f.only, "only", nil, "only the mutants of this `NAME`, in which * stands for anything; "+
		"repeatable")
	fs.StringVar(&f.from, "from", "", "judge the mutants in this `FOLDER`, PROTOCOL/NAME.txtar, "+
		"in place of the suite's own")
	fs.StringVar(&f.part, "part", "", "only the `K/N`th part of the mutants, K from 1 to N: every Nth from the Kth on")
	fs.BoolVar(&f.fast, "fail-fast", false,
		"be content with the first scenario that sees a mutant; which others would is not told")
	fs.StringVar(&f.search.command, "search", "", "let `HOW`, explore or fuzz, find the mutants, in place of scenarios")
	fs.DurationVar(&f.search.limit, "limit", 2*time.Minute, "the `TIME` that a search may take for each role")
	fs.StringVar(&f.file, "json", "", "write the result as JSON to `FILE`, too")
}

// chosen gives the mutants that the options choose.
func (f *flags) chosen() ([]mutants.Mutant, error) {
	if !slices.Contains([]string{"", "explore", "fuzz"}, f.search.command) {
		return nil, fmt.Errorf("--search %q is neither explore nor fuzz", f.search.command)
	}
	all, err := choose(f.from, f.only)
	if err != nil {
		return nil, err
	}
	return partOf(all, f.part)
}

func power(args []string) int {
	fs := pflag.NewFlagSet("power", pflag.ContinueOnError)
	f := new(flags)
	f.define(fs)
	fs.Usage = func() { fmt.Printf("%s%s", usage, fs.FlagUsages()) }
	if err := fs.Parse(args); errors.Is(err, pflag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return complain(err)
	}
	if fs.NArg() > 0 {
		return complain(fmt.Errorf("unexpected argument %q", fs.Arg(0)))
	}
	all, err := f.chosen()
	if err != nil {
		return complain(err)
	}
	some := f.from != "" || len(f.only) > 0 || f.part != ""
	o, err := judged(all, judge{options: options(f.from, f.fast), search: f.search}, some)
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "power: interrupted")
		return exitInterrupted
	}
	if err == nil && (f.fast || f.search.command != "") {
		o.Unseen = []string{} // that one has seen nothing says nothing
	}
	if err == nil && f.file != "" {
		err = mutants.WriteJSON(f.file, o)
	}
	if err != nil {
		return complain(err)
	}
	o.print(os.Stdout, f.verbose)
	if !o.good() {
		return exitWeak
	}
	return exitOK
}

// judged judges the mutants, which are some or all, as like does. It fails with [context.Canceled] if a signal
// interrupts it.
func judged(all []mutants.Mutant, like judge, some bool) (*outcome, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	began := time.Now()
	results, err := judgeAll(ctx, all, like)
	if err == nil && ctx.Err() != nil {
		err = context.Canceled
	}
	if err != nil {
		return nil, err
	}
	return sum(results, some, time.Since(began))
}

// failFast is the option of the suite's runs that ends them at the first violation.
const failFast = "--fail-fast"

// options are those of the suite's runs: that its own mutants are killed does not hang on what is drawn.
func options(from string, fast bool) (all []string) {
	if from == "" {
		all = append(all, "--draws", "0")
	}
	if fast {
		all = append(all, failFast)
	}
	return all
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "power:", err)
	return exitUsage
}

// choose gives the mutants of these names, which may be patterns, all if there are none.
func choose(from string, names []string) (all []mutants.Mutant, err error) {
	if from != "" {
		all, err = mutants.Load(from)
	} else {
		all, err = mutants.All()
	}
	if err != nil || len(names) == 0 {
		return all, err
	}
	chosen := make(map[string]bool)
	for _, name := range names {
		none := true
		for _, m := range all {
			if ok, err := path.Match(name, m.Name); err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			} else if ok {
				chosen[m.Name], none = true, false
			}
		}
		if none {
			return nil, fmt.Errorf("no mutant has the name %q", name)
		}
	}
	return slices.DeleteFunc(all, func(m mutants.Mutant) bool { return !chosen[m.Name] }), nil
}

// partOf gives the part of the mutants that text names, such as 1/2; all if it is empty.
func partOf(all []mutants.Mutant, text string) (some []mutants.Mutant, err error) {
	if text == "" {
		return all, nil
	}
	first, step, _ := strings.Cut(text, "/")
	k, kErr := strconv.Atoi(first)
	n, nErr := strconv.Atoi(step)
	if kErr != nil || nErr != nil || k < 1 || k > n {
		return nil, fmt.Errorf("--part %q is not K/N with K from 1 to N", text)
	}
	for i := k - 1; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some, nil
}

// judgeAll judges the mutants, each with a program and a folder of its own, so that none can disturb another.
func judgeAll(ctx context.Context, all []mutants.Mutant, like judge) ([]result, error) {
	root, err := mutants.Root(ctx)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "power")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	results := make([]result, len(all))
	places := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	var progress sync.Mutex
	done := 0
	for i, m := range all {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-places }()
			j := like
			j.root, j.dir, j.mutant = root, filepath.Join(work, strconv.Itoa(i)), m
			results[i] = j.judge(ctx)
			progress.Lock()
			defer progress.Unlock()
			done++
			fmt.Fprintf(os.Stderr, "%d/%d %s: %s\n", done, len(all), m.Name, results[i].Verdict)
		})
	}
	running.Wait()
	return results, nil
}
