package progtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Patience is the wait for what should happen at once: only a failure takes so long, or a very busy machine.
const Patience = 20 * time.Second

// Crowding is how many programs there are for each core, 1 at least, on average over the last minute; 1 where that
// cannot be known. A limit that is kept on an idle machine is as many times longer.
func Crowding() float64 {
	var running float64
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Sscan(string(b), &running)
	}
	return max(1, running/float64(runtime.NumCPU()))
}

// Poll waits until check finds nothing wrong; if it always does, the last error is the result.
func Poll(check func() error) error {
	for deadline := time.Now().Add(Patience); ; time.Sleep(2 * time.Millisecond) {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Must ends the test if there is an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Result is what a program did that has ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs a program with the given standard input.
func Run(t *testing.T, stdin io.Reader, program string, args ...string) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.Dir = t.TempDir()
	cmd.WaitDelay = time.Second // for what it has started and left behind
	if _, ok := errors.AsType[*exec.ExitError](cmd.Run()); !ok && cmd.ProcessState == nil {
		t.Fatalf("%s cannot be run", program)
	}
	return Result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// RaiseOpenFiles lets this process, and those that it starts, open n files, or skips the test.
func RaiseOpenFiles(t *testing.T, n int) {
	t.Helper()
	var limit unix.Rlimit
	Must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	if uint64(limit.Cur) >= uint64(n) {
		return
	}
	old := limit
	setLimit(&limit.Cur, n)
	if limit.Max < limit.Cur {
		limit.Max = limit.Cur
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Skipf("%d open files are not allowed here (%v); ulimit -n raises the limit", n, err)
	}
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &old) })
}

// setLimit exists because the limit's type differs between systems.
func setLimit[T int64 | uint64](limit *T, n int) { *limit = T(n) }

// LogFile names a file for a log.
func LogFile(t *testing.T) string { return filepath.Join(t.TempDir(), "log") }

// CheckComplaint demands what every program owes to its user after a mistake: one line of complaint, one that says
// where to look, nothing on standard output.
func CheckComplaint(t *testing.T, got Result, program, complaint string) {
	t.Helper()
	want := Result{2, "", program + ": " + complaint + "\nTry '" + program + " --help'.\n"}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// OnlyLinux skips the test on other systems.
func OnlyLinux(t *testing.T, why string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has " + why)
	}
}
