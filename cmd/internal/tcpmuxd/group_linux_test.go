package tcpmuxd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// script writes a shell script that a service can be.
func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	progtest.Must(t, os.WriteFile(file, []byte("#!/bin/sh\n"+text), 0o755))
	return file
}

// output asks for a service and returns what it says, until it ends the connection.
func output(t *testing.T, s *progtest.Server, service string) string {
	t.Helper()
	c := s.Dial(t)
	progtest.Must(t, c.Send(service+"\r\n"))
	text, err := c.Rest()
	progtest.Must(t, err)
	return strings.TrimPrefix(text, "+Go\r\n")
}

// leaveBehind starts a service that leaves a process behind, and returns its id.
func leaveBehind(t *testing.T, s *progtest.Server) (pid int) {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(output(t, s, "leave")))
	progtest.Must(t, err)
	return pid
}

func gone(pid int) error {
	if err := unix.Kill(pid, 0); err != unix.ESRCH {
		return fmt.Errorf("process %d is still there (%v)", pid, err)
	}
	return nil
}

// The whole group of a program ends with the server, also when the program that led it has gone, and when what is left
// does not care for SIGTERM.
func TestLeaderGoesFirst(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"sleep":    "sleep 1000",
		"stubborn": "sh -c 'trap \"\" TERM; sleep 1000; sleep 1000'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := progtest.Serve(t, "--service=leave=exec:"+script(t, command+" >/dev/null <&1 2>&1 &\necho $!\n"))
			pids := []int{leaveBehind(t, s), leaveBehind(t, s)}
			for _, pid := range pids {
				progtest.Must(t, unix.Kill(pid, 0))
			}
			progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
			s.EndsWell(t)
			for _, pid := range pids {
				progtest.Must(t, progtest.Poll(func() error { return gone(pid) }))
			}
		})
	}
}

// Nothing that services leave behind stays as a zombie, neither of the server's own children nor, where the server is
// process 1, of the others.
func TestNoZombies(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string]uintptr{"usual": 0, "process 1": unix.CLONE_NEWPID | unix.CLONE_NEWUSER} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leave := script(t, "sleep 0.1 >/dev/null <&1 2>&1 &\nsetsid sleep 0.1 >/dev/null <&1 2>&1 &\necho $!\n")
			cmd := exec.Command("tcpmuxd", "--listen=127.0.0.1:0", "--service=leave=exec:"+leave)
			cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: flags}
			if err := exec.Command("unshare", "-Urpf", "true").Run(); flags != 0 && err != nil {
				t.Skip("there are no namespaces here: ", err)
			}
			s := progtest.ServeCommand(t, cmd)
			for range 20 {
				leaveBehind(t, s)
			}
			progtest.Must(t, progtest.Poll(func() error {
				if left := s.Children(t); len(left) > 0 {
					return fmt.Errorf("processes are left: %q", left)
				}
				return nil
			}))
		})
	}
}

// A service has the connection and the server's standard error, and none of what the server was given for itself.
func TestNothingInherited(t *testing.T) {
	t.Parallel()
	look := script(t, "ls -l /proc/self/fd | sed 's/.* \\([0-9]* ->\\)/\\1/' >&2\nenv\n")
	cmd := exec.Command("tcpmuxd", "--listen=127.0.0.1:0", "--service=look=exec:"+look)
	r, w, err := os.Pipe()
	progtest.Must(t, err)
	defer r.Close()
	defer w.Close()
	cmd.ExtraFiles = []*os.File{w, r, w}
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET=/none", "WATCHDOG_USEC=1000000", "WATCHDOG_PID=1", "LISTEN_PID=1",
		"LISTEN_FDS=1", "LISTEN_FDNAMES=a", "OTHER=kept")
	s := progtest.ServeCommand(t, cmd)
	environment := output(t, s, "look")
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_"} {
		if strings.Contains(environment, name) {
			t.Errorf("the service has %s", name)
		}
	}
	if !strings.Contains(environment, "OTHER=kept") {
		t.Errorf("the environment is lost:\n%s", environment)
	}
	s.Logs(t, "2 -> ")
	log, err := os.ReadFile(s.Log)
	progtest.Must(t, err)
	if strings.Contains(string(log), "pipe:[") && strings.Count(string(log), "pipe:[") > 1 { // ls has one to sed
		t.Errorf("the service has descriptors of others:\n%s", log)
	}
}
