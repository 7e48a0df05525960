//go:build linux

// This program compares tcpmuxd with other servers and with the least that a server can do. Start reading at
// measures.go, which has what is measured; subjects.go has who is.
//
// Each turn has a server of its own, freshly started. A failed exchange is never counted.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/cmd/internal/cmdline"
)

const usage = `Usage: bench [OPTION]...

Compare tcpmuxd with xinetd, inetutils-inetd and tcpserver, and with a loop that only accepts, reads, answers and closes.
All traffic stays on the loopback interface. The table goes to standard output, what is being done to standard error.

Exit codes: 0 measured, whatever the aims; 1 a measurement failed or was interrupted; 2 wrong usage.
`

func main() {
	if len(os.Args) > 1 && parts[os.Args[1]] != nil {
		os.Exit(runPart(os.Args[1:]))
	}
	os.Exit(bench(os.Args[1:]))
}

func bench(args []string) int {
	fs := cmdline.New(usage)
	var o rig.Options
	o.Define(fs)
	seconds := fs.Float64("seconds", 1, "how long a measurement takes")
	given := fs.String("program", "", "what the servers start, `PATH [ARG]...`, instead of a tiny static program that prints a line")
	builds := fs.StringArray("tcpmuxd", nil, "another build of tcpmuxd to compare, `NAME=PATH`; repeatable")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 || o.Repeat < 1 || *seconds <= 0 {
		return cmdline.Usage(fs, "no arguments, and --repeat and --seconds must be more than 0")
	}
	ctx, restore := rig.Interruptible()
	defer restore()
	r := &runner{time: time.Duration(*seconds * float64(time.Second))}
	clean, err := r.prepare(ctx, *given)
	defer clean()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return rig.ExitFailed
	}
	what := fmt.Sprintf("A measurement takes %v s; the program is %s.", *seconds, strings.Join(r.program, " "))
	return o.Conduct(ctx, fs, what, r.measures(r.subjects(*builds)), aims)
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

// prepare makes a folder with what the measurements need; clean takes it away.
func (r *runner) prepare(ctx context.Context, given string) (clean func(), err error) {
	if r.dir, r.self, r.root, clean, err = rig.Prepare("bench-tcpmux-"); err != nil {
		return clean, err
	}
	if err := rig.Build(ctx, "tcpmuxd", filepath.Join(r.dir, "tcpmuxd")); err != nil {
		return clean, err
	}
	argv, output, err := program(given, r.dir)
	if err != nil {
		return clean, fmt.Errorf("the program to start: %w", err)
	}
	r.program, r.output = argv, quote(output)
	return clean, nil
}
