package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

const verifyUsage = `Usage: muxspec verify [OPTION]... REPORT -- COMMAND [ARGUMENT]...
       muxspec verify [OPTION]... REPORT --target TARGET

Judge a target again as REPORT says it was judged, with the same selection, options and seed, and compare the outcomes
of the rules and the hashes of the files. REPORT is what 'muxspec run --json' wrote. A target that was given by a
command is named in the same way here; one that has a target file, by that.

Exit codes: 0 the verdict is the same; 1 it is not, and the differences are named; 2 wrong usage, or REPORT is no
whole and unchanged report of this suite; 3 rules could not be judged now, and nothing else differs.
`

func verifyMain(args []string) int {
	fs := cmdline.New(verifyUsage)
	file := fs.String("target", "", "the `TARGET` to judge: a target file, or the name of one that the suite has")
	address := fs.String("address", "", "judge the server that runs at `HOST:PORT`")
	quiet := fs.BoolP("quiet", "q", false, "print nothing; the exit code is the result")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	names, command := fs.Args(), []string(nil)
	if n := fs.ArgsLenAtDash(); n >= 0 {
		names, command = names[:n], names[n:]
	}
	if len(names) != 1 {
		return cmdline.Usage(fs, "name one report")
	}
	was, err := sealedReport(names[0])
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if now := conformance.Digest(); was.Suite.Digest != now {
		return cmdline.Usage(fs, "%s: another suite judged: muxspec %s, digest %.12s; this one's is %.12s", names[0],
			was.Suite.Version, was.Suite.Digest, now)
	}
	o, err := optionsOf(was.Made)
	if err == nil {
		o.Target, err = targetAgain(was, *file, *address, command)
	}
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if code, done := supervise(*quiet); done {
		return code
	}
	now, code := perform(fs, o, *quiet)
	if now == nil {
		return code
	}
	return compare(was, now, *quiet)
}

// compare prints what the report and the new one differ in, and gives the exit code.
func compare(was, now *report.Report, quiet bool) int {
	lines, unclear := was.Differences(now)
	if !quiet {
		for _, line := range lines {
			fmt.Fprintln(out, line)
		}
	}
	text, code := "the verdict is the same", report.ExitOK
	switch {
	case len(lines) > 0 && unclear:
		text, code = "the verdict could not be compared", report.ExitInconclusive
	case len(lines) > 0:
		text, code = "the verdict is another one", report.ExitViolation
	}
	if !quiet {
		fmt.Fprintf(out, "%s as %s: %d rules, verdict %.12s; %s\n", now.Target, strings.Join(now.Roles, ", "),
			len(now.Rules), now.VerdictDigest, text)
	}
	return code
}

// sealedReport reads a report that has its digest and was not changed.
func sealedReport(file string) (*report.Report, error) {
	r, err := loadReport(file)
	if err == nil {
		if err = r.Sealed(); err != nil {
			err = fmt.Errorf("%s: %w", file, err)
		}
	}
	return r, err
}

// optionsOf gives the options that a report was made with.
func optionsOf(m report.Made) (o conformance.Options, err error) {
	o = conformance.Options{Role: m.Role, Rules: m.Rules, Scenarios: m.Scenarios, Classes: m.Classes,
		Level: m.Level, Until: m.Until, Quick: m.Quick, AllVariants: m.AllVariants, Draws: m.Draws, Seed: m.Seed,
		Shuffle: m.Shuffle, Slow: m.Slow, Hostile: m.Hostile, Strict: m.Strict, FailFast: m.FailFast}
	if m.Patience != "" {
		if o.Patience, err = time.ParseDuration(m.Patience); err != nil {
			return o, fmt.Errorf("the report's patience: %w", err)
		}
	}
	if m.StartTimeout != "" {
		if o.Start, err = time.ParseDuration(m.StartTimeout); err != nil {
			return o, fmt.Errorf("the report's start_timeout: %w", err)
		}
	}
	o.Version = cmdline.Version()
	o.Program, err = ownProgram()
	return o, err
}

// targetAgain gives the target that is to be judged as the report says.
func targetAgain(was *report.Report, file, address string, command []string) (*conformance.Target, error) {
	given := 0
	for _, is := range []bool{file != "", address != "", command != nil} {
		if is {
			given++
		}
	}
	switch {
	case given != 1 || command != nil && len(command) == 0:
		return nil, errors.New("name the target: by --target, by --address, or by a command after --")
	case file != "":
		return conformance.LoadTarget(file)
	case was.Inputs.TargetFile != "":
		return nil, errors.New("the report is of a target file: name it with --target")
	case was.Made.Role == "":
		return nil, errors.New("the report names no role for a command")
	}
	t := &conformance.Target{Name: address, Roles: []string{was.Made.Role}, Command: command,
		Address: address, Timers: was.Made.Timers}
	if command != nil {
		t.Name = filepath.Base(command[0])
	}
	conformance.Offer(t, was.Made.Role, was.Made.Has)
	return t, nil
}

const badgeUsage = `Usage: muxspec badge REPORT

Print a badge for a page, as SVG: the roles, how many MUST rules are kept, and which suite judged. REPORT is what
'muxspec run --json' wrote.
`

func badgeMain(args []string) int {
	fs := cmdline.New(badgeUsage)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() != 1 {
		return cmdline.Usage(fs, "name one report")
	}
	r, err := sealedReport(fs.Arg(0))
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	report.Badge(out, r) // an error is seen when out is flushed
	return cmdline.ExitOK
}
