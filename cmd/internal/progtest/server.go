package progtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Server is a program in the background.
type Server struct {
	Cmd       *exec.Cmd
	Addresses []string
	Log       string // the file that its standard error goes to
	gone      chan struct{}
}

// StartServer starts cmd, which is a server or becomes one, and waits until it listens. Its address file and log are in
// dir.
func StartServer(cmd *exec.Cmd, dir string) (*Server, error) {
	file := filepath.Join(dir, "address")
	os.Remove(file) // of a server that was killed
	cmd.Args = append(cmd.Args, "--address-file="+file)
	s, err := StartProgram(cmd, filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	err = Poll(func() error {
		select {
		case <-s.gone:
			return nil
		default:
		}
		text, err := os.ReadFile(file)
		s.Addresses = strings.Fields(string(text))
		return err
	})
	if len(s.Addresses) == 0 {
		s.Kill()
		log, _ := os.ReadFile(s.Log)
		return nil, fmt.Errorf("%q does not listen (%v):\n%s", cmd.Args, err, log)
	}
	return s, nil
}

// StartProgram starts cmd with its standard error in the file log.
func StartProgram(cmd *exec.Cmd, log string) (*Server, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	cmd.Stderr = f
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := WaitFor(cmd)
	s.Log = log
	return s, nil
}

// WaitFor makes a server of a command that was started.
func WaitFor(cmd *exec.Cmd) *Server {
	s := &Server{Cmd: cmd, gone: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(s.gone)
	}()
	return s
}

// Serve starts tcpmuxd on a free port of 127.0.0.1 for as long as the test runs.
func Serve(t *testing.T, args ...string) *Server {
	t.Helper()
	return ServeCommand(t, exec.Command("tcpmuxd", append([]string{"--listen=127.0.0.1:0"}, args...)...))
}

// ServeCommand starts tcpmuxd in another way, or another server.
func ServeCommand(t *testing.T, cmd *exec.Cmd) *Server {
	t.Helper()
	cmd.Dir = t.TempDir()
	s, err := StartServer(cmd, cmd.Dir)
	Must(t, err)
	s.KeepFor(t)
	return s
}

// KeepFor ends s with the test.
func (s *Server) KeepFor(t *testing.T) {
	t.Cleanup(func() {
		s.Kill()
		if t.Failed() {
			log, _ := os.ReadFile(s.Log)
			const most = 4000
			t.Logf("end of the log of %q:\n%s", s.Cmd.Args, log[max(0, len(log)-most):])
		}
	})
}

func (s *Server) Kill() {
	s.Cmd.Process.Kill()
	<-s.gone
}

// Wait waits until the server has ended.
func (s *Server) Wait() (code int, err error) {
	select {
	case <-s.gone:
		return s.Cmd.ProcessState.ExitCode(), nil
	case <-time.After(Patience):
		return 0, errors.New("the server does not end")
	}
}

// Dial connects to the server.
func (s *Server) Dial(t *testing.T) *Conn {
	t.Helper()
	c, err := Dial(s.Addresses[0], "")
	Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// Cpu is the time that the program has used, in ticks of 10 ms.
func (s *Server) Cpu(t *testing.T) (ticks int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Cmd.Process.Pid))
	Must(t, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, field := range fields[11:13] { // after the name, where state is the first: utime and stime
		n, err := strconv.Atoi(field)
		Must(t, err)
		ticks += n
	}
	return ticks
}

// Logs waits until the log of s matches.
func (s *Server) Logs(t *testing.T, text string) {
	t.Helper()
	Must(t, Poll(func() error {
		log, err := os.ReadFile(s.Log)
		if err == nil && !strings.Contains(string(log), text) {
			err = fmt.Errorf("%q is not in the log:\n%s", text, log)
		}
		return err
	}))
}

// EndsWell waits for the end of s.
func (s *Server) EndsWell(t *testing.T) {
	t.Helper()
	code, err := s.Wait()
	Must(t, err)
	if code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// IsMisused waits for the end of s, which must be wrong usage, and the complaint must hold words.
func (s *Server) IsMisused(t *testing.T, words string) {
	t.Helper()
	code, err := s.Wait()
	Must(t, err)
	text, err := os.ReadFile(s.Log)
	Must(t, err)
	if code != 2 || !strings.Contains(string(text), words) {
		t.Errorf("the exit code is %d, the log\n%s", code, text)
	}
}

// Complains waits for the end of s, which must be a failure with one line of complaint.
func (s *Server) Complains(t *testing.T, program, complaint string) {
	t.Helper()
	code, err := s.Wait()
	Must(t, err)
	text, err := os.ReadFile(s.Log)
	Must(t, err)
	if code != 1 || string(text) != program+": "+complaint+"\n" {
		t.Errorf("the exit code is %d, the log\n%s", code, text)
	}
}

// OpenFiles tells what the server's descriptors are, but for pipes, since those that splice(2) needs are kept at hand
// until garbage is collected, and for epoll's, which a program has two of at most.
func (s *Server) OpenFiles(t *testing.T) (targets []string) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd/", s.Cmd.Process.Pid)
	files, err := os.ReadDir(dir)
	Must(t, err)
	for _, file := range files {
		target, err := os.Readlink(dir + file.Name())
		if err == nil && !strings.HasPrefix(target, "pipe:") && target != "anon_inode:[eventpoll]" {
			targets = append(targets, target)
		}
	}
	slices.Sort(targets)
	return targets
}

// Children returns the processes that the server has started and not yet waited for.
func (s *Server) Children(t *testing.T) (children []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	Must(t, err)
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil { // it has gone
			continue
		}
		// "PID (NAME) STATE PPID …", where NAME can hold anything.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[1] == strconv.Itoa(s.Cmd.Process.Pid) {
			children = append(children, string(text))
		}
	}
	return children
}
