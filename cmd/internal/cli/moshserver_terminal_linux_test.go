package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A terminal is a pseudo-terminal with a mosh in it.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	ended  chan struct{}
	mu     sync.Mutex
	output []byte // all of it
	seen   int    // how much of it was expected
}

// openTerminal starts cmd in a terminal of 80 columns and 24 lines, whose foreground process group it is.
func openTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	fd := int(master.Fd())
	must(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	must(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	defer slave.Close()
	x := &terminal{t: t, cmd: cmd, master: master, ended: make(chan struct{})}
	x.resize(80, 24)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	must(t, cmd.Start())
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
	b := make([]byte, 4096)
	for {
		n, err := x.master.Read(b)
		x.mu.Lock()
		x.output = append(x.output, b[:n]...)
		x.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (x *terminal) resize(columns, lines uint16) {
	x.t.Helper()
	must(x.t, unix.IoctlSetWinsize(int(x.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns}))
}

func (x *terminal) enter(text string) {
	x.t.Helper()
	_, err := x.master.WriteString(text)
	must(x.t, err)
}

// expect waits for text, behind what was expected before, and returns how long that took.
func (x *terminal) expect(text string) time.Duration {
	x.t.Helper()
	start := time.Now()
	must(x.t, poll(func() error {
		x.mu.Lock()
		defer x.mu.Unlock()
		i := bytes.Index(x.output[x.seen:], []byte(text))
		if i < 0 {
			return fmt.Errorf("%q does not come", text)
		}
		x.seen += i + len(text)
		return nil
	}))
	return time.Since(start)
}

var sums int

// types has the shell at the other end do a sum, whose result is not in what is typed; it returns how long the result took.
func (x *terminal) types() time.Duration {
	x.t.Helper()
	sums++
	x.enter(fmt.Sprintf("echo :$((%d+1000000)):\r", sums))
	return x.expect(fmt.Sprintf(":%d:", sums+1000000))
}

// end waits until the program in the terminal has ended.
func (x *terminal) end() (code int) {
	x.t.Helper()
	select {
	case <-x.ended:
	case <-time.After(patience):
		x.t.Fatal("it does not end")
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
		if slices.Contains(strings.Split(string(environment), "\x00"), variable) && (program == "" || filepath.Base(name) == program) {
			var pid int
			if _, err := fmt.Sscanf(file, "/proc/%d/", &pid); err == nil && pid != os.Getpid() {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}
