//go:build linux

// This program compares tcpmuxd with other servers and with the least that a server can do. Start reading at
// measures.go, which has what is measured; subjects.go has who is.
//
// The machine is shared and noisy, so only figures of one run are compared, and of one repetition at that: within it the
// subjects take short turns at a measure. Each turn has a server of its own, freshly started.
// A failed exchange is never counted: it ends the measurement, and the table says why.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
)

const usage = `Usage: bench [OPTION]...

Compare tcpmuxd with xinetd, inetutils-inetd and tcpserver, and with a loop that only accepts, reads, answers and closes.
All traffic stays on the loopback interface. The table goes to standard output, what is being done to standard error.

Exit codes: 0 measured, whatever the aims; 1 a measurement failed or was interrupted; 2 wrong usage.
`

const exitFailed = 1

func main() {
	if len(os.Args) > 1 && parts[os.Args[1]] != nil {
		os.Exit(runPart(os.Args[1:]))
	}
	os.Exit(bench(os.Args[1:]))
}

func bench(args []string) int {
	fs := cmdline.New(usage)
	repeat := fs.Int("repeat", 3, "how often everything is measured; the median counts")
	seconds := fs.Float64("seconds", 1, "how long a measurement takes")
	only := fs.StringSlice("only", nil, "only the subjects and measures with these `WORDS` in their names, comma-separated, and what their ratios need")
	given := fs.String("program", "", "what the servers start, `PATH [ARG]...`, instead of a tiny static program that prints a line")
	builds := fs.StringArray("tcpmuxd", nil, "another build of tcpmuxd to compare, `NAME=PATH`; repeatable")
	file := fs.String("json", "", "write all values to `FILE`, too")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 || *repeat < 1 || *seconds <= 0 {
		return cmdline.Usage(fs, "no arguments, and --repeat and --seconds must be more than 0")
	}
	// A second signal finds the default again, and the processes' death signal does the rest.
	ctx, restore := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer restore()
	context.AfterFunc(ctx, restore)
	r := &runner{time: time.Duration(*seconds * float64(time.Second))}
	clean, err := r.prepare(*given)
	defer clean()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return exitFailed
	}
	subjects, wanted, err := choose(r.subjects(*builds), measures, *only)
	if err != nil {
		return cmdline.Usage(fs, "--only: %v", err)
	}
	result := newReport(r, *repeat)
	r.run(ctx, result, subjects, wanted, *repeat)
	result.finish()
	result.print(os.Stdout)
	if *file != "" {
		if err := result.save(*file); err != nil {
			cmdline.Complain(fs, "--json: %v", err)
			return exitFailed
		}
	}
	if ctx.Err() != nil || result.failed() {
		return exitFailed
	}
	return cmdline.ExitOK
}

// A runner has what all measurements share, and the ports of the current one.
type runner struct {
	dir, self     string
	root          string   // of the source
	program       []string // what the servers start
	output        string   // what it prints, as a pattern
	time, slice   time.Duration
	port, backend int
}

// choose keeps what --only asks for. A word that fits nothing is a mistake.
func choose(subjects []subject, all []measure, words []string) ([]subject, []measure, error) {
	var names, kinds []string
	for _, word := range words {
		s := slices.ContainsFunc(subjects, func(s subject) bool { return fits(s.name, []string{word}) })
		m := slices.ContainsFunc(all, func(m measure) bool { return fits(m.name, []string{word}) })
		switch {
		case s:
			names = append(names, word)
		case m:
			kinds = append(kinds, word)
		default:
			return nil, nil, fmt.Errorf("%q is in no name", word)
		}
	}
	bases := map[string]bool{}
	var wanted []measure
	for _, m := range all {
		if len(kinds) > 0 && !fits(m.name, kinds) {
			continue
		}
		wanted = append(wanted, m)
		for _, u := range m.units {
			bases[u.base] = true
		}
	}
	return slices.DeleteFunc(subjects, func(s subject) bool {
		return len(names) > 0 && !fits(s.name, names) && !bases[s.name]
	}), wanted, nil
}

// fits says whether one of the words is in the name.
func fits(name string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(word))
	})
}

// prepare makes a folder with what the measurements need; clean takes it away.
func (r *runner) prepare(given string) (clean func(), err error) {
	if r.dir, err = os.MkdirTemp("", "bench-tcpmux-"); err != nil {
		return func() {}, err
	}
	clean = func() { os.RemoveAll(r.dir) }
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return clean, fmt.Errorf("go env: %w", err)
	}
	r.root = filepath.Dir(strings.TrimSpace(string(mod)))
	if r.self, err = os.Executable(); err != nil {
		return clean, err
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(r.dir, "tcpmuxd"), "github.com/muxspec/muxspec/cmd/tcpmuxd")
	if out, err := build.CombinedOutput(); err != nil {
		return clean, fmt.Errorf("building tcpmuxd: %w: %s", err, out)
	}
	argv, output, err := program(given, r.dir)
	if err != nil {
		return clean, fmt.Errorf("the program to start: %w", err)
	}
	r.program, r.output = argv, quote(output)
	return clean, nil
}
