//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A server is a started subject with all the processes that it has started itself.
type server struct {
	cmd  *exec.Cmd
	log  string
	mark string // in the environment of all its processes, because some leave the process group
	gone chan struct{}
}

// startServer starts argv, whose output goes to a file in dir.
func startServer(argv []string, dir string) (*server, error) {
	s := &server{log: filepath.Join(dir, "log"), gone: make(chan struct{})}
	s.mark = fmt.Sprintf("MUXSPEC_BENCH=%d.%d", os.Getpid(), rand.Uint64())
	out, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.Env = append(os.Environ(), s.mark)
	s.cmd.Stdout, s.cmd.Stderr = out, out
	// The death signal is for the case that nobody is left to call stop.
	s.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.cmd.Wait(); close(s.gone) }()
	return s, nil
}

// stop ends all the processes and returns when they have gone. A nil server has none.
func (s *server) stop() {
	if s == nil {
		return
	}
	unix.Kill(-s.cmd.Process.Pid, unix.SIGTERM)
	select {
	case <-s.gone:
	case <-time.After(300 * time.Millisecond):
	}
	for {
		left := s.members()
		if len(left) == 0 {
			break
		}
		for _, pid := range left {
			unix.Kill(pid, unix.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	<-s.gone
}

// trouble adds to err what is known about the server.
func (s *server) trouble(err error) error {
	if err == nil || s == nil {
		return err
	}
	select {
	case <-s.gone:
		err = fmt.Errorf("%w (the server ended: %v)", err, s.cmd.ProcessState)
	default:
	}
	b, _ := os.ReadFile(s.log)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		err = fmt.Errorf("%w (its last words: %.120q)", err, last)
	}
	return err
}

// members gives the ids of all its processes.
func (s *server) members() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		env, err := os.ReadFile(dir + "/environ")
		if err == nil && bytes.Contains(env, []byte(s.mark)) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			pids = append(pids, pid)
		}
	}
	return pids
}

// cpu is the processor time that its processes, and those children of them that have ended, have used.
func (s *server) cpu() (total time.Duration) {
	for _, pid := range s.members() {
		var t unix.Timespec
		// The CPU-time clock of a process, as clock_getcpuclockid(3) makes it: /proc counts in hundredths only.
		if unix.ClockGettime(int32(^pid<<3|2), &t) == nil {
			total += time.Duration(t.Nano())
		}
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(f) < 15 {
			continue
		}
		for _, field := range f[13:15] { // cutime and cstime of proc_pid_stat(5)
			ticks, _ := strconv.Atoi(field)
			total += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return total
}

// memory is the proportional set size of its processes in bytes: a page that several share counts once.
func (s *server) memory() (total int, err error) {
	for _, pid := range s.members() {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
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

// listening says whether somebody listens at a port of 127.0.0.1, and how many connections wait to be accepted.
func listening(port int) (waiting int, ok bool) {
	b, _ := os.ReadFile("/proc/net/tcp")
	local := fmt.Sprintf("0100007F:%04X", port)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		const listen = "0A"
		if len(f) > 4 && f[1] == local && f[3] == listen {
			_, queue, _ := strings.Cut(f[4], ":")
			n, _ := strconv.ParseInt(queue, 16, 32)
			return int(n), true
		}
	}
	return 0, false
}

// freePort finds a port that nobody has. It lies below those that the kernel gives to clients, so that none of them takes
// it before the server does.
func freePort() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.ListenTCP("tcp4", loopback(port))
		if err == nil {
			l.Close()
			return port, nil
		}
	}
	return 0, errors.New("no free port from 20000 to 31999")
}

func loopback(port int) *net.TCPAddr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }
