//go:build linux

// Package rig has what the benchmarks share: programs and all the processes that these start, their processor time and
// memory, measures whose subjects take turns, and tables with medians and ratios. Start reading at measure.go.
//
// The machine is shared and noisy, so only figures of one run are compared, and of one repetition at that: within it
// the subjects take short turns at a measure. A failure is never counted: it ends the subject's measure, and the table
// says why.
package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
)

// A Bench is a benchmark, and what its measurements share.
type Bench struct {
	Usage    string         // what is compared with what
	Programs []string       // of this project, which are measured
	Name     string         // theirs in the tables
	Ends     map[string]End // what this program can be, besides the common ones
	Options  func(*pflag.FlagSet)
	Plan     func() (what string, measures []Measure, aims []Aim, err error)

	Dir     string  // a folder for files, gone in the end
	Builds  []Build // of Programs: that of this source, and others to compare
	Seconds float64 // that a measurement takes
	idlers  int     // connections that are idle
	self    string  // this program's file
}

// A Build is a folder with programs, and their name in the tables.
type Build struct{ Name, Dir string }

// exitFailed is the exit code when a measurement has failed or was interrupted.
const exitFailed = 1

const usage = `Usage: bench [OPTION]...

%s
The tables go to standard output, what is being done to standard error.

Exit codes: 0 measured, whatever the aims; 1 a measurement failed or was interrupted; 2 wrong usage.
`

// Main is the program: the benchmark, or one of its ends. It returns the exit code.
func (b *Bench) Main() int {
	args := os.Args[1:]
	if len(args) > 1 && b.end(args[0]) != nil {
		return serve(b.end(args[0]), args[1:])
	}
	return b.compare(args)
}

// compare is the benchmark.
func (b *Bench) compare(args []string) int {
	fs := cmdline.New(fmt.Sprintf(usage, b.Usage))
	repeat := fs.Int("repeat", 3, "how often everything is measured; the median counts")
	fs.Float64Var(&b.Seconds, "seconds", 1, "how long a measurement takes")
	measured := fs.StringSlice("measures", nil, "only those with a word of `LIST` in their names")
	subjects := fs.StringSlice("subjects", nil, "only those with a word of `LIST` in their names, and ratios' bases")
	fs.IntVar(&b.idlers, "idle", 1000, "how many connections are idle where their memory is measured")
	builds := fs.StringArray("build", nil, "another build of the programs to compare, `NAME=FOLDER`; repeatable")
	if b.Options != nil {
		b.Options(fs)
	}
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 || *repeat < 1 || b.Seconds <= 0 || b.idlers < 1 {
		return cmdline.Usage(fs, "no arguments, and all numbers must be more than 0")
	}
	// The first signal ends the context; a second one finds the default again, and the processes' death signal does
	// the rest.
	ctx, restore := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	context.AfterFunc(ctx, restore)
	defer restore()
	err := b.prepare(ctx, *builds)
	defer os.RemoveAll(b.Dir)
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return exitFailed
	}
	what, measures, aims, err := b.Plan()
	if err == nil {
		measures, err = choose(measures, *measured, *subjects)
	}
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	r := &report{machine: machine(), what: what, repeat: *repeat, aims: aims}
	r.run(ctx, measures, time.Duration(b.Seconds*float64(time.Second)))
	r.print(os.Stdout)
	if r.failed() {
		return exitFailed
	}
	return cmdline.ExitOK
}

// prepare makes the folder and the programs.
func (b *Bench) prepare(ctx context.Context, builds []string) (err error) {
	if b.Dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	argv := []string{"build", "-buildvcs=false", "-o", b.Dir + "/"}
	for _, name := range b.Programs {
		argv = append(argv, "github.com/muxspec/muxspec/cmd/"+name)
	}
	if out, err := exec.CommandContext(ctx, "go", argv...).CombinedOutput(); err != nil {
		return fmt.Errorf("building %v: %w: %s", b.Programs, err, out)
	}
	b.Builds = []Build{{b.Name, b.Dir}}
	for _, build := range builds {
		name, dir, ok := strings.Cut(build, "=")
		if !ok {
			return fmt.Errorf("--build: %q is not NAME=FOLDER", build)
		}
		b.Builds = append(b.Builds, Build{name, dir})
	}
	// This program, and those that it starts, may have as many descriptors as the system allows.
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
	return nil
}

// File writes a file into the run's folder. That it is missing is seen soon.
func (b *Bench) File(name, text string) (path string) {
	path = filepath.Join(b.Dir, name)
	os.WriteFile(path, []byte(text), 0o600)
	return path
}

// Peer finds a program that a subject needs: fetched by "make peers" in the working directory, or installed. Without
// it the subject is absent.
func (b *Bench) Peer(s *Subject, name string) (path string) {
	for _, dir := range []string{".peers/bin", "/usr/sbin"} {
		path, _ = filepath.Abs(filepath.Join(dir, name))
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		s.Absent = name + " is not installed, and .peers/bin has none"
	}
	return path
}

// machine says where it was measured.
func machine() string {
	var u unix.Utsname
	unix.Uname(&u)
	b, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(b), "model name\t: ")
	cpu, _, _ := strings.Cut(rest, "\n")
	system := unix.ByteSliceToString(u.Release[:])
	return fmt.Sprintf("%d cores (%s), Linux %s, %s", runtime.NumCPU(), cpu, system, runtime.Version())
}

// others is the processor time in seconds that all programs but this one and what it has started have used.
func others() float64 {
	b, _ := os.ReadFile("/proc/stat")
	all := parseBusy(string(b))
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		unix.Getrusage(who, &u)
		all -= time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return all.Seconds()
}
