//go:build linux

package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Patience is the longest that anything may take that takes a moment. inetutils-inetd sleeps for a second at times,
// and its short queue of connections is full then, so that the kernel tries again later and later.
const Patience = 30 * time.Second

// A Process is a started program with all the processes that it has started itself.
type Process struct {
	cmd  *exec.Cmd
	log  string
	gone chan struct{}
}

// Start starts a program. Its output goes to a file of this run.
func (b *Bench) Start(argv []string) (*Process, error) {
	out, err := os.CreateTemp(b.Dir, "log")
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &Process{cmd: exec.Command(argv[0], argv[1:]...), log: out.Name(), gone: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// The death signal is for the case that nobody is left to call Stop.
	p.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.gone) }()
	return p, nil
}

func (p *Process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// members are the processes of now.
func (p *Process) members() []member {
	if p.ended() { // its id is no longer its own
		return nil
	}
	var all []member
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		b, _ := os.ReadFile(file)
		if m, ok := parseStat(string(b)); ok {
			all = append(all, m)
		}
	}
	return family(all, p.cmd.Process.Pid)
}

// over says whether a process has ended.
func (m member) over() bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.pid))
	now, ok := parseStat(string(b))
	return !ok || now.start != m.start
}

// stop ends all the processes and returns when they have gone.
func (p *Process) stop() {
	defer os.Remove(p.log)
	left := p.members() // of whom later nothing tells any more whose they are
	unix.Kill(-p.cmd.Process.Pid, unix.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(300 * time.Millisecond):
	}
	for {
		left = slices.DeleteFunc(append(left, p.members()...), member.over)
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

// trouble adds to err what is known about the program.
func (p *Process) trouble(err error) error {
	if p.ended() {
		err = fmt.Errorf("%w (%s ended: %v)", err, filepath.Base(p.cmd.Path), p.cmd.ProcessState)
	}
	b, _ := os.ReadFile(p.log)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		err = fmt.Errorf("%w (its last words: %.120q)", err, last)
	}
	return err
}

// memory is the proportional set size of the processes in bytes: a page that several share counts once.
func (p *Process) memory() (total int, err error) {
	for _, m := range p.members() {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", m.pid))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended
		} else if err != nil {
			return 0, err
		}
		total += parseRollup(string(b))
	}
	return total, nil
}

// Programs are those that are measured together. There may be none.
type Programs []*Process

// CPU is the processor time that the processes, and those children of them that have ended, have used.
func (all Programs) CPU() (total time.Duration) {
	for _, p := range all {
		for _, m := range p.members() {
			var t unix.Timespec
			// The CPU-time clock of a process, as clock_getcpuclockid(3) makes it: /proc counts in ticks only.
			if unix.ClockGettime(int32(^m.pid<<3|2), &t) == nil {
				total += time.Duration(t.Nano())
			}
			total += m.waited
		}
	}
	return total
}

// Memory is that of all, in bytes.
func (all Programs) Memory() (total int, err error) {
	for _, p := range all {
		n, err := p.memory()
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Trouble adds to err what is known about the programs.
func (all Programs) Trouble(err error) error {
	for _, p := range all {
		if err != nil {
			err = p.trouble(err)
		}
	}
	return err
}

// Stop ends all.
func (all Programs) Stop() {
	for _, p := range all {
		p.stop()
	}
}

// Await tries until it succeeds, or a program has ended, or patience has.
func (all Programs) Await(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for {
		err := try()
		if err == nil || ctx.Err() != nil || slices.ContainsFunc(all, (*Process).ended) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
