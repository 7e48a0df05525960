package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

const exploreUsage = `Usage: muxspec explore [OPTION]... ROLE
       muxspec explore [OPTION]... ROLE -- COMMAND [ARGUMENT]...

Play random sequences of moves against a target, and check after each move what the pages demand: several connections
or clients, segments, ends, resets, pauses, hostile peers. A sequence that breaks a rule is played again with a fresh
target, made as short as possible, and saved as a scenario, which 'muxspec run --scenario FILE' repeats. ROLE, COMMAND
and its placeholders are those of 'muxspec run'. Each role has states that an exploration must reach, or it has not
seen enough.

Exit codes: 0 no MUST rule is broken, apart from listed deviations; 1 one is; 2 wrong usage; 3 no conclusion: a state
was not reached, a violation did not happen again with a fresh target, or the machine lacks something.
`

// overwrite takes away the line on a terminal.
const overwrite = "\r\x1b[K"

// defineExplore defines the options.
func defineExplore(fs *pflag.FlagSet, o *conformance.ExploreOptions) runFlags {
	f := runFlags{
		target:  &once{value: "reference"},
		address: fs.String("address", "", "explore the server that runs at `HOST:PORT`"),
		has:     fs.StringSlice("has", nil, "what COMMAND or the server at --address offers, as for run"),
		timers:  fs.StringToString("timer", nil, "a time limit that cannot be set from outside, as for run"),
		quiet:   fs.BoolP("quiet", "q", false, "print nothing; the exit code is the result"),
	}
	fs.Var(f.target, "target", "the `TARGET` to explore: a target file, or one of the suite's own")
	fs.Uint64Var(&o.Seed, "seed", 1, "the `NUMBER` that the sequences follow from, above 0")
	fs.IntVar(&o.Steps, "steps", 0, "end after this `NUMBER` of moves (default: no limit)")
	fs.DurationVar(&o.Duration, "duration", time.Minute, "end after this `TIME`")
	fs.BoolVar(&o.FailFast, "fail-fast", false,
		"end after the first MUST rule that is broken again by a fresh target, too")
	fs.StringVar(&o.Save, "save", ".", "the `FOLDER` for the scenarios that break a rule")
	fs.DurationVar(&o.Patience, "patience", conformance.DefaultPatience, "the `TIME` to wait for an answer, at least")
	fs.DurationVar(&o.Start, "start-timeout", 0, "the `TIME` within which a target must listen (default: "+
		"what its file says, or 5s)")
	return f
}

const fuzzUsage = `Usage: muxspec fuzz [OPTION]... ROLE
       muxspec fuzz [OPTION]... ROLE -- COMMAND [ARGUMENT]...

Send a target what no good peer sends: messages of the golden vectors, cut, joined and changed. After every 50
sessions a good one must work; after every 100 a server must hold no more processes, descriptors and memory than
before, and be idle. What breaks that is played again with a fresh target, made as short as possible, and saved as a
scenario, which 'muxspec run --scenario FILE' repeats. ROLE, COMMAND and its placeholders are those of 'muxspec run'.

Exit codes: 0 no MUST rule is broken, apart from listed deviations; 1 one is; 2 wrong usage; 3 no conclusion: a
violation did not happen again with a fresh target, or the machine lacks something.
`

func exploreMain(args []string) int {
	return explore(exploreUsage, conformance.ExploreOptions{}, args)
}

func fuzzMain(args []string) int {
	return explore(fuzzUsage, conformance.ExploreOptions{Fuzz: true}, args)
}

// explore explores or fuzzes.
func explore(usage string, o conformance.ExploreOptions, args []string) int {
	fs := cmdline.New(usage)
	f := defineExplore(fs, &o)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if err := prepareExplore(fs, f, &o); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if code, done := supervise(*f.quiet); done {
		return code
	}
	ctx, stop := untilSignal()
	defer stop()
	p := newProgress(*f.quiet)
	o.Done = p.explored
	x, err := conformance.Explore(ctx, o)
	stop()
	p.end()
	switch unable := (*conformance.Unable)(nil); {
	case errors.As(err, &unable):
		cmdline.Complain(fs, "%v", err)
		return report.ExitInconclusive
	case errors.Is(err, conformance.ErrNoExchange):
		cmdline.Complain(fs, "%v", err)
		return report.ExitViolation
	case err != nil:
		return cmdline.Usage(fs, "%v", err)
	}
	if !*f.quiet {
		report.Explored(out, x)
	}
	return x.Exit()
}

// prepareExplore turns the command line into what [conformance.Explore] needs.
func prepareExplore(fs *pflag.FlagSet, f runFlags, o *conformance.ExploreOptions) error {
	role, command, err := roleAndCommand(fs)
	if err != nil {
		return err
	}
	folder, err := os.Stat(o.Save)
	switch {
	case role == "":
		return errors.New("ROLE is missing")
	case o.Seed == 0:
		return errors.New("--seed 0: must be above 0")
	case fs.Changed("steps") && o.Steps < 1:
		return fmt.Errorf("--steps %d: must be at least 1", o.Steps)
	case o.Duration <= 0:
		return fmt.Errorf("--duration %v: must be above 0", o.Duration)
	case o.Patience <= 0:
		return fmt.Errorf("--patience %v: must be above 0", o.Patience)
	case err != nil:
		return fmt.Errorf("--save: %w", err)
	case !folder.IsDir():
		return fmt.Errorf("--save %s is not a folder", o.Save)
	}
	o.Role, o.Version = role, cmdline.Version()
	var program, target error
	o.Program, program = ownProgram()
	o.Target, target = chosenTarget(fs, f, role, command)
	return cmp.Or(program, target)
}

// explored is told now and then how far an exploration is.
func (p *progress) explored(x report.Exploration) {
	if !p.due() {
		return
	}
	text := fmt.Sprintf("%v: %d moves in %d sequences, %.0f a second, %d of %d states, %d findings",
		x.Took.Round(time.Second), x.Steps, x.Sequences, float64(x.Steps)/max(x.Took.Seconds(), 0.001), len(x.Reached),
		len(x.States), len(x.Findings))
	if p.terminal {
		fmt.Fprint(stdio.Stderr, overwrite+text)
		p.line = true
	} else {
		fmt.Fprintln(stdio.Stderr, text)
	}
}
