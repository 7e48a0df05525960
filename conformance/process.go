package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// logBytes is how much of a program's output is kept: its end. It is more than what a client is made to print.
const logBytes = 256 << 10

// processes are some processes' ids.
type processes []int

// outputLines is how much of it is shown.
const outputLines = 8

// A process is a running target: a process group of its own.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser // a client's; nil for a server, which has none
	stdout *tail
	stderr *tail
	gone   chan struct{} // closed when the program itself has ended
	mark   string        // in the environment of all that it starts
	// started is when: what is older is none of its processes.
	started int
}

// startProcess starts argv with the additional environment env in the folder dir, and with a pipe as its standard input if it is
// to have one, and inherit from descriptor 3 on. id tells its processes from those of others.
func startProcess(path string, argv []string, env []string, dir, id string, input bool, inherit ...*os.File) (*process, error) {
	p := &process{stdout: newTail(), stderr: newTail(), gone: make(chan struct{}), mark: "MUXSPEC_INSTANCE=" + id}
	p.cmd = &exec.Cmd{
		Path: path, Args: argv, Dir: dir,
		Env:    append(append(os.Environ(), env...), p.mark),
		Stdout: p.stdout, Stderr: p.stderr, ExtraFiles: inherit,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
		// Something that it started may hold its output open for ever.
		WaitDelay: 100 * time.Millisecond,
	}
	if input {
		var err error
		if p.stdin, err = p.cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.started = startOf(p.cmd.Process.Pid)
	go func() { p.cmd.Wait(); close(p.gone) }()
	return p, nil
}

// ended says how the program ended; the empty string while it runs.
func (p *process) ended() string {
	select {
	case <-p.gone:
		return p.cmd.ProcessState.String()
	default:
		return ""
	}
}

// stop ends the program and all that it started: SIGTERM, a moment to tidy up, SIGKILL for the group and for those that left
// the group.
func (p *process) stop() {
	pid := p.cmd.Process.Pid
	syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-p.gone:
	case <-time.After(300 * time.Millisecond):
	}
	syscall.Kill(-pid, syscall.SIGKILL)
	for _, other := range p.members() {
		if other != pid {
			syscall.Kill(other, syscall.SIGKILL)
		}
	}
	<-p.gone
}

// pause stops the processes, as a machine does that is busy with others, until they proceed.
func (all processes) pause(w wait) error {
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	for ; !all.paused(); time.Sleep(100 * time.Microsecond) {
		if w.over() {
			return fmt.Errorf("processes %d were not stopped", all)
		}
	}
	return nil
}

func (all processes) proceed() {
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

// output gives the end of what the program printed, for the evidence.
func (p *process) output() (lines []string) {
	for _, out := range []struct {
		name string
		tail *tail
	}{{"stdout", p.stdout}, {"stderr", p.stderr}} {
		text := strings.TrimRight(out.tail.String(), "\n")
		if text == "" {
			continue
		}
		all := strings.Split(text, "\n")
		if len(all) > outputLines {
			lines = append(lines, fmt.Sprintf("%s: … %d lines", out.name, len(all)-outputLines))
			all = all[len(all)-outputLines:]
		}
		for _, line := range all {
			lines = append(lines, fmt.Sprintf("%s: %s", out.name, quoteBytes([]byte(line))))
		}
	}
	return lines
}

// A tail keeps the last logBytes that were written to it, and lets lines be waited for.
type tail struct {
	mu    sync.Mutex
	b     []byte
	lines chan string // whole lines, until nobody takes them
	part  []byte
}

func newTail() *tail { return &tail{lines: make(chan string, 64)} }

// Write never fails and never waits.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if extra := len(t.b) - logBytes; extra > 0 {
		t.b = append(t.b[:0], t.b[extra:]...)
	}
	t.part = append(t.part, b...)
	for {
		line, rest, ok := bytes.Cut(t.part, []byte("\n"))
		if !ok {
			break
		}
		select {
		case t.lines <- string(line):
		default:
		}
		t.part = rest
	}
	if len(t.part) > logBytes {
		t.part = nil
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}

// writeFiles writes a target's files into dir.
func writeFiles(dir string, files map[string]string, values map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(expand(text, values)), mode))
		if err != nil {
			return err
		}
	}
	return nil
}
