package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/conformance/report"
)

// supervised tells the process that judges that another one looks after what it leaves.
const supervised = "MUXSPEC_SUPERVISED"

// supervise does the run in a child process, and becomes the parent of every process that targets leave behind. It
// reaps them at once, as init does, and ends them with the run, even if their environment does not tell where they come
// from. done is false if the run has to be done in this process.
func supervise(quiet bool) (code int, done bool) {
	if _, ok := os.LookupEnv(supervised); ok {
		return 0, false
	}
	if unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != nil {
		return 0, false
	}
	runtime.LockOSThread() // a child is told of the end of the thread that started it
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ready, theirs, err := os.Pipe()
	if err != nil {
		return 0, false
	}
	child, err := os.StartProcess("/proc/self/exe", os.Args, &os.ProcAttr{
		Env: append(os.Environ(), supervised+"=yes"), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr, theirs},
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM},
	})
	theirs.Close()
	if err != nil {
		return 0, false
	}
	go func() {
		ready.Read(make([]byte, 1)) // the end tells that it hears signals, or has ended
		for s := range signals {
			child.Signal(s)
		}
	}()
	code = reapUntil(child.Pid)
	if names := endChildren(); len(names) > 0 && !quiet {
		fmt.Fprintf(stdio.Stderr, "muxspec: ended processes that were left behind: %s\n", strings.Join(names, ", "))
	}
	return code, true
}

// heard tells the one who looks after this process that it hears signals by now.
func heard() {
	if _, ok := os.LookupEnv(supervised); ok {
		os.Unsetenv(supervised)
		unix.Close(readyFD)
	}
}

// readyFD is the end of the pipe that tells it, where this process is supervised.
const readyFD = 3

// reapUntil reaps all children until that one has ended, and gives its exit code.
func reapUntil(child int) int {
	for {
		var status unix.WaitStatus
		switch pid, err := unix.Wait4(-1, &status, 0, nil); {
		case err == unix.EINTR, err == nil && pid != child:
		case err != nil:
			return report.ExitInconclusive
		case status.Signaled():
			return 128 + int(status.Signal())
		default:
			return status.ExitStatus()
		}
	}
}

// endChildren ends all children, and theirs, which become ours, and gives their ids and names.
func endChildren() (names []string) {
	const lastTime = 2 * time.Second
	for end := time.Now().Add(lastTime); time.Now().Before(end); {
		children := childrenOf(os.Getpid())
		for pid, name := range children {
			if text := fmt.Sprintf("%d (%s)", pid, name); unix.Kill(pid, unix.SIGKILL) == nil &&
				!strings.Contains(strings.Join(names, ", "), text) {
				names = append(names, text)
			}
		}
		for {
			if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
		if len(children) == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return names
}

// childrenOf gives the names of a process's children that run.
func childrenOf(parent int) map[int]string {
	all := make(map[int]string)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		b, err := os.ReadFile(file)
		open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
		if err != nil || open < 0 || end < open {
			continue
		}
		f := strings.Fields(string(b[end+1:])) // state, parent, …
		pid, _ := strconv.Atoi(strings.TrimSpace(string(b[:open])))
		if len(f) > 1 && f[0] != "Z" && f[1] == strconv.Itoa(parent) {
			all[pid] = string(b[open+1 : end])
		}
	}
	return all
}
