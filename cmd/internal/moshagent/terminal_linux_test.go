package moshagent_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// A terminal is a pseudo-terminal with a mosh in it.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	ended  chan struct{}
	closed chan struct{} // nobody has the terminal open any more, and all output is there
	more   chan struct{} // says that there is more output
	mu     sync.Mutex
	output []byte // all of it
	seen   int    // how much of it was expected
}

// openTerminal starts cmd in a terminal of 80 columns and 24 lines, whose foreground process group it is.
func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	progtest.Must(t, err)
	fd := int(master.Fd())
	progtest.Must(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	progtest.Must(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	progtest.Must(t, err)
	defer slave.Close()
	x := &terminal{t: t, cmd: cmd, master: master, ended: make(chan struct{}), closed: make(chan struct{}),
		more: make(chan struct{}, 1)}
	x.resize(80, 24)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	progtest.Must(t, cmd.Start())
	go x.read()
	go func() {
		cmd.Wait()
		close(x.ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-x.ended
		master.Close()
		if t.Failed() {
			x.mu.Lock()
			defer x.mu.Unlock()
			t.Logf("the end of the terminal's output: %q", x.output[max(0, len(x.output)-2000):])
		}
	})
	return x
}

func (x *terminal) read() {
	defer close(x.closed)
	b := make([]byte, 4096)
	for {
		n, err := x.master.Read(b)
		x.mu.Lock()
		x.output = append(x.output, b[:n]...)
		x.mu.Unlock()
		select {
		case x.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (x *terminal) resize(columns, lines uint16) {
	x.t.Helper()
	progtest.Must(x.t, unix.IoctlSetWinsize(int(x.master.Fd()), unix.TIOCSWINSZ,
		&unix.Winsize{Row: lines, Col: columns}))
}

func (x *terminal) enter(text string) {
	x.t.Helper()
	_, err := x.master.WriteString(text)
	progtest.Must(x.t, err)
}

// expect waits for text, after what was expected before, and returns how long that took.
func (x *terminal) expect(text string) time.Duration {
	x.t.Helper()
	return x.expectWhile(text, progtest.Patience, func() {})
}

// expectWhile does something each time that the text has not come yet.
func (x *terminal) expectWhile(text string, pause time.Duration, do func()) time.Duration {
	x.t.Helper()
	start := time.Now()
	deadline, again := time.After(2*progtest.Patience), time.NewTicker(pause)
	defer again.Stop()
	for !x.shows(text) {
		select {
		case <-x.more:
		case <-again.C:
			do()
		case <-deadline:
			x.t.Fatalf("%q does not come", text)
		}
	}
	return time.Since(start)
}

// has says whether the text is in all that the terminal showed.
func (x *terminal) has(text string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return bytes.Contains(x.output, []byte(text))
}

// shows says whether the text has come, and if so it counts as expected.
func (x *terminal) shows(text string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	i := bytes.Index(x.output[x.seen:], []byte(text))
	if i >= 0 {
		x.seen += i + len(text)
	}
	return i >= 0
}

var sums atomic.Int32

// sum has the shell at the other end do a sum; the result is not in what is typed.
func (x *terminal) sum() (result string) {
	x.t.Helper()
	n := sums.Add(1)
	x.enter(fmt.Sprintf("echo :$((%d+1000000)):\r", n))
	return fmt.Sprintf(":%d:", n+1000000)
}

// types has a sum done and returns how long the result took.
func (x *terminal) types() time.Duration {
	x.t.Helper()
	return x.expect(x.sum())
}

// keepsTyping is types where the first datagram may be lost: the user presses a key from time to time until the result
// is there.
func (x *terminal) keepsTyping() time.Duration {
	x.t.Helper()
	return x.expectWhile(x.sum(), 250*time.Millisecond, func() { x.enter(" ") })
}

// end waits until the program in the terminal has ended, and all that it wrote is there. What it leaves behind does not
// keep the terminal.
func (x *terminal) end() (code int) {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(progtest.Patience):
		x.t.Fatal("it does not end")
	}
	select {
	case <-x.closed:
	case <-time.After(progtest.Patience):
		x.t.Fatal("it has ended, and somebody still has its terminal open")
	}
	return x.cmd.ProcessState.ExitCode()
}

// marked are the processes that have the variable in their environment and are the program, or any if that is empty.
func marked(variable, program string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environment, _ := os.ReadFile(file)
		arguments, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		name, _, _ := strings.Cut(string(arguments), "\x00")
		if slices.Contains(strings.Split(string(environment), "\x00"), variable) &&
			(program == "" || filepath.Base(name) == program) {
			var pid int
			if _, err := fmt.Sscanf(file, "/proc/%d/", &pid); err == nil && pid != os.Getpid() {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
