//go:build linux

package rig

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Process is a started program with all the processes that it has started itself. A nil Process is a program that there is none of.
type Process struct {
	cmd  *exec.Cmd
	log  string
	mark string // in the environment of all its processes, because some leave the process group
	gone chan struct{}
}

// Start starts argv, whose output goes to the file log in the folder dir, which is made.
func Start(argv []string, dir string) (*Process, error) {
	p := &Process{log: filepath.Join(dir, "log"), gone: make(chan struct{})}
	p.mark = fmt.Sprintf("MUXSPEC_BENCH=%d.%d", os.Getpid(), rand.Uint64())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Env = append(os.Environ(), p.mark)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// The death signal is for the case that nobody is left to call Stop.
	p.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.gone) }()
	return p, nil
}

// Stop ends all the processes and returns when they have gone.
func (p *Process) Stop() {
	if p == nil {
		return
	}
	left := p.members() // those of whom later nothing tells any more whose they are
	unix.Kill(-p.cmd.Process.Pid, unix.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(300 * time.Millisecond):
	}
	for {
		left = slices.DeleteFunc(append(left, p.members()...), func(m member) bool { return !m.alive() })
		if len(left) == 0 {
			break
		}
		for _, m := range left {
			unix.Kill(m.pid, unix.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-p.gone
}

// PID is the process id of the program that was started.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Gone is closed when the program that was started has ended.
func (p *Process) Gone() <-chan struct{} { return p.gone }

// Trouble adds to err what is known about the program.
func (p *Process) Trouble(err error) error {
	if err == nil || p == nil {
		return err
	}
	select {
	case <-p.gone:
		err = fmt.Errorf("%w (%s ended: %v)", err, filepath.Base(p.cmd.Path), p.cmd.ProcessState)
	default:
	}
	b, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		err = fmt.Errorf("%w (its last words: %.120q)", err, last)
	}
	return err
}

// CPU is the processor time that the processes, and those children of them that have ended, have used.
func (p *Process) CPU() (total time.Duration) {
	for _, m := range p.members() {
		var t unix.Timespec
		// The CPU-time clock of a process, as clock_getcpuclockid(3) makes it: /proc counts in hundredths only.
		if unix.ClockGettime(int32(^m.pid<<3|2), &t) == nil {
			total += time.Duration(t.Nano())
		}
		if f := stat(m.pid); f != nil {
			for _, field := range f[13:15] { // cutime and cstime of proc_pid_stat(5)
				ticks, _ := strconv.Atoi(field)
				total += time.Duration(ticks) * 10 * time.Millisecond
			}
		}
	}
	return total
}

// Memory is the proportional set size of the processes in bytes: a page that several share counts once.
func (p *Process) Memory() (total int, err error) {
	for _, m := range p.members() {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", m.pid))
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, unix.ESRCH):
			continue // it has ended
		case err != nil:
			return 0, err
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
				n, _ := strconv.Atoi(f[1])
				total += n << 10
			}
		}
	}
	return total, nil
}
