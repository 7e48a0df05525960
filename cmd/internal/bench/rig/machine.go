//go:build linux

// Package rig has what the benchmarks share: programs and all the processes that these start, their processor time and memory,
// measures whose subjects take turns, and tables with medians and ratios. Start reading at measure.go.
//
// The machine is shared and noisy, so only figures of one run are compared, and of one repetition at that: within it the
// subjects take short turns at a measure. A failure is never counted: it ends the subject's measure, and the table says why.
package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine says where it was measured.
func machine() string {
	var u unix.Utsname
	unix.Uname(&u)
	cpu := "unknown processor"
	b, _ := os.ReadFile("/proc/cpuinfo")
	if _, rest, ok := strings.Cut(string(b), "model name\t: "); ok {
		cpu, _, _ = strings.Cut(rest, "\n")
	}
	return fmt.Sprintf("%d cores (%s), Linux %s, %s", runtime.NumCPU(), cpu, unix.ByteSliceToString(u.Release[:]), runtime.Version())
}

// others is the processor time in seconds that all programs but this one and what it has started have used.
func others() float64 {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	var user, nice, system, idle, ioWait, irq, softIRQ float64
	fmt.Sscanf(line, "cpu %f %f %f %f %f %f %f", &user, &nice, &system, &idle, &ioWait, &irq, &softIRQ)
	all := (user + nice + system + irq + softIRQ) / 100 // interrupts, too: they are in the programs' own time
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		unix.Getrusage(who, &u)
		all -= float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	return all
}

// Prepare gives a new folder for what the measurements need, which clean takes away, this program's file, and the source's folder.
func Prepare(name string) (dir, self, root string, clean func(), err error) {
	clean = func() {}
	if dir, err = os.MkdirTemp("", name); err != nil {
		return
	}
	clean = func() { os.RemoveAll(dir) }
	if root, err = Root(); err != nil {
		return
	}
	self, err = os.Executable()
	return
}

// RaiseFiles lets this program, and those that it starts, have as many descriptors as the system allows.
func RaiseFiles() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
}

// Root is the folder of the source.
func Root() (string, error) {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(mod))), nil
}

// Build builds a program of the project.
func Build(ctx context.Context, name, file string) error {
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", file, "github.com/muxspec/muxspec/cmd/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w: %s", name, err, out)
	}
	return nil
}

// Find finds a peer: fetched by "make peers", or installed.
func Find(root, name string) (string, error) {
	for _, dir := range []string{filepath.Join(root, ".peers/bin"), "/usr/sbin"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name), nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%s is not installed, and .peers/bin has none", name)
}
