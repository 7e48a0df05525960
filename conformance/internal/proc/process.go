// Package proc starts the suite's targets, ends them with all that they started, and looks at them in the kernel's
// tables: what they use, what they have read, and whether they had their turn. A [Wait] is a time limit for one of
// them.
//
// On systems other than Linux the tables cannot be read: [CanSeeProcesses] tells.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"
)

// logBytes is how much of the end of a program's output is kept. It is more than what a client is made to print.
const logBytes = 256 << 10

// Processes are the ids of some processes.
type Processes []int

// A Process is a running target: a process group of its own.
type Process struct {
	Cmd    *exec.Cmd
	Stdin  io.WriteCloser // a client's; nil for a server, which has none
	Stdout *Tail
	Stderr *Tail
	Gone   chan struct{} // closed when the program itself has ended
	mark   string        // in the environment of all that it starts
	// started is when: older processes are not its own.
	started int
}

// StartProcess starts argv in the folder dir, with the additional environment env, a pipe as its standard input if it
// is to have one, and inherit from descriptor 3 on. id tells its processes from those of others.
func StartProcess(path string, argv []string, env []string, dir, id string, input bool, inherit ...*os.File) (*Process,
	error) {
	p := &Process{Stdout: new(Tail), Stderr: new(Tail), Gone: make(chan struct{}), mark: "MUXSPEC_INSTANCE=" + id}
	p.Cmd = &exec.Cmd{
		Path: path, Args: argv, Dir: dir,
		Env:        append(append(os.Environ(), env...), p.mark),
		ExtraFiles: inherit, SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	outputs, err := p.pipes()
	if err != nil {
		return nil, err
	}
	if input {
		if p.Stdin, err = p.Cmd.StdinPipe(); err != nil {
			outputs.end()
			return nil, err
		}
	}
	err = p.Cmd.Start()
	for _, o := range outputs {
		o.theirs.Close()
	}
	if err != nil {
		outputs.end()
		return nil, err
	}
	p.started = startOf(p.Cmd.Process.Pid)
	go func() {
		p.Cmd.Wait()
		outputs.end()
		close(p.Gone)
	}()
	return p, nil
}

// errOver: a process started after the end of a run ends at once.
var errOver = errors.New("the run is over")

// A Ground is where the instances of a run live: a folder, and the processes that were started and have not ended.
type Ground struct {
	Dir   string
	Pulse *Pulse

	mu      sync.Mutex
	live    map[*Process]bool
	cleared bool
}

// NewGround gives the ground of a run in that folder.
func NewGround(dir string, pulse *Pulse) *Ground {
	return &Ground{Dir: dir, Pulse: pulse, live: make(map[*Process]bool)}
}

// Enter records a process, and ends it if the run is over.
func (g *Ground) Enter(p *Process) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cleared {
		p.kill()
		return errOver
	}
	g.live[p] = true
	return nil
}

// Leave records that a process and all that it started have been ended.
func (g *Ground) Leave(p *Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.live, p)
}

// Clear ends all processes, and any that are started later.
func (g *Ground) Clear() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cleared = true
	for p := range g.live {
		p.kill()
	}
}

// Ended says how the program ended; it is empty while the program runs.
func (p *Process) Ended() string {
	select {
	case <-p.Gone:
		return p.Cmd.ProcessState.String()
	default:
		return ""
	}
}

// Stop ends the program and all that it started: SIGTERM, a moment to tidy up, then SIGKILL for the group and those
// that left it.
func (p *Process) Stop() {
	pid := p.Cmd.Process.Pid
	syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case <-p.Gone:
	case <-time.After(300 * time.Millisecond):
	}
	p.kill()
}

// kill ends the group, and those that left it, at once.
func (p *Process) kill() {
	pid := p.Cmd.Process.Pid
	syscall.Kill(-pid, syscall.SIGKILL)
	for _, other := range p.Members() {
		if other != pid {
			syscall.Kill(other, syscall.SIGKILL)
		}
	}
	<-p.Gone
}

// Pause stops the processes until they proceed, as a busy machine might.
func (all Processes) Pause(w Wait) error {
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGSTOP)
	}
	for ; !all.paused(); time.Sleep(100 * time.Microsecond) {
		if w.Over() {
			return fmt.Errorf("processes %d were not stopped", all)
		}
	}
	return nil
}

func (all Processes) Proceed() {
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

// A Tail keeps the last logBytes written to it, and looks for a line among everything that is written.
type Tail struct {
	mu    sync.Mutex
	b     []byte
	gone  int            // bytes before those
	line  *regexp.Regexp // looked for; nil if none is, or it has come
	found []string
	part  []byte // of a line
}

// Write never fails and never waits.
func (t *Tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	if extra := len(t.b) - logBytes; extra > 0 {
		t.b = append(t.b[:0], t.b[extra:]...)
		t.gone += extra
	}
	t.look(b)
	return len(b), nil
}

// Await makes the tail look for a whole line that matches, in what it holds and in what comes.
func (t *Tail) Await(line *regexp.Regexp) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line, t.found, t.part = line, nil, nil
	t.look(t.b)
}

// Found gives the match and its groups, or nil as long as no line matches.
func (t *Tail) Found() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.found
}

// look looks for the line in what was written. The tail is locked.
func (t *Tail) look(b []byte) {
	if t.line == nil {
		return
	}
	t.part = append(t.part, b...)
	for whole := true; whole && t.found == nil; {
		var line, rest []byte
		if line, rest, whole = bytes.Cut(t.part, []byte("\n")); whole {
			t.found, t.part = t.line.FindStringSubmatch(string(line)), rest
		}
	}
	if t.found != nil {
		t.line, t.part = nil, nil
	} else if len(t.part) > logBytes {
		t.part = nil
	}
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}

// From gives what was printed after the first n bytes, and says whether all of that is still there.
func (t *Tail) From(n int) (text []byte, whole bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.b[min(max(n-t.gone, 0), len(t.b)):]), n >= t.gone
}

// Printed is what the program has printed, or the end of it.
func (p *Process) Printed() []byte { return []byte(p.Stdout.String() + p.Stderr.String()) }
