package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/report"
)

// A trial is one run on one machine.
type trial struct {
	machine machine
	dir     string
	target  string // good or faulty: the program
	rule    string // that it breaks
}

// runLimit is more than any run takes.
const runLimit = 3 * time.Minute

func (t trial) run(ctx context.Context) error {
	out, err := os.MkdirTemp(t.dir, "run")
	if err != nil {
		return err
	}
	if err := os.Chmod(out, 0o777); err != nil { // it is not always root who writes there
		return err
	}
	mark := "MUXSPEC_HOSTILE=" + filepath.Base(out)
	role := t.machine.role
	if t.target == "faulty" {
		role = faulty
	}
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	began := time.Now()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--net", "sh", "-euc", t.machine.script(), "sh", role)
	cmd.Env = append(os.Environ(), mark, "OUT="+out, "MUXSPEC="+filepath.Join(t.dir, t.target),
		"HOSTILE="+filepath.Join(t.dir, "hostile"), "IP="+ipProgram())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// muxspec ends what it has started when it is asked to end.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = endLimit
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if err != nil {
		fmt.Printf("%-16s %-10s\n", t.machine.name, t.target)
		return fmt.Errorf("the machine could not be made: %w: %s", err, said)
	}
	return t.verdict(out, mark, time.Since(began))
}

// endLimit is how long a trial may take to end when the program is interrupted.
const endLimit = 5 * time.Second

// verdict prints what the run came to, and says what is not good about it.
func (t trial) verdict(out, mark string, took time.Duration) error {
	read := func(name string) string {
		b, _ := os.ReadFile(filepath.Join(out, name))
		return strings.TrimSpace(string(b))
	}
	code, err := strconv.Atoi(read("status"))
	if err != nil {
		return fmt.Errorf("no exit code: %w", err)
	}
	var rep report.Report
	judged := json.Unmarshal([]byte(read("report.json")), &rep) == nil
	count := rep.Summary.Count
	rest := len(rep.Rules) - count[report.Pass] - count[report.Fail]
	fmt.Printf("%-16s %-10s %5d %5d %5d %5d %8.1f\n", t.machine.name, t.target, code, count[report.Pass],
		count[report.Fail], rest, took.Seconds())
	var failed []string
	for _, rule := range rep.Rules {
		if (rule.Outcome == report.Fail || rule.Outcome == report.Warn) && rule.ID != t.rule {
			failed = append(failed, rule.ID)
		}
	}
	stderr := read("stderr")
	switch {
	case len(failed) > 0:
		return fmt.Errorf("rules fail that hold: %v", failed)
	case !judged && (code != report.ExitInconclusive || !strings.Contains(stderr, "nothing can be judged here: ")):
		return fmt.Errorf("there is no report: %s", stderr)
	case judged && code != rep.Summary.Exit &&
		!(t.machine.loses && rep.Summary.Exit == 0 && code == report.ExitInconclusive):
		return fmt.Errorf("the report says exit code %d", rep.Summary.Exit)
	case judged && t.rule == "" && code == report.ExitOK && count[report.Pass] == 0:
		return errors.New("nothing passed")
	case judged && t.rule != "" && count[report.Fail] == 0 && code != report.ExitInconclusive:
		return fmt.Errorf("%s is broken and does not fail", t.rule)
	case !judged && t.machine.works:
		return fmt.Errorf("it can be judged there: %s", stderr)
	}
	if left := append(strings.Fields(read("left")), processesWith(mark)...); len(left) > 0 {
		return fmt.Errorf("left behind: %s", strings.Join(left, ", "))
	}
	if !judged {
		fmt.Printf("  %s\n", stderr)
	}
	return nil
}

// processesWith gives the processes whose environment has the mark.
func processesWith(mark string) (all []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		env, _ := os.ReadFile(file)
		if slices.Contains(strings.Split(string(env), "\x00"), mark) {
			command, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
			all = append(all, fmt.Sprintf("process %s %q", filepath.Base(filepath.Dir(file)), command))
		}
	}
	return all
}
