package moshagent_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// Whatever happens to the standard descriptors, an agent ends: with its exit code where it has something to complain
// of, at SIGTERM where nobody takes its line.
func TestBadDescriptors(t *testing.T) {
	progtest.OnlyLinux(t, "a daemon")
	t.Parallel()
	progtest.ForBadDescriptors(t, func(t *testing.T, command func(string, ...string) *exec.Cmd) {
		start := func(a *agentTest, program string, args ...string) *progtest.Server {
			cmd := command(program, args...)
			cmd.Env, cmd.Dir = a.env, a.dir
			progtest.Must(t, cmd.Start())
			s := progtest.WaitFor(cmd)
			t.Cleanup(s.Kill)
			return s
		}
		a := newAgentTest(t, "")
		for _, args := range [][]string{
			{"mosh-server-mux", "--token", "--learn", "new"}, {"mosh-client-mux", "::1", "99999999999"},
		} {
			if code, err := start(a, args[0], args[1:]...).Wait(); code != 2 || err != nil {
				t.Errorf("%q ends with %d, %v", args, code, err)
			}
		}
		d := playDaemon(t, a.socket)
		wait := inParallel(t, func() { d.accept().register(udpmux.Learn) })
		s := start(a, "mosh-server-mux", "--socket", a.socket, "new")
		wait()
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		if _, err := s.Wait(); err != nil {
			t.Errorf("SIGTERM: %v", err)
		}
	})
}

// A session is not held up by a standard error that nobody reads.
func TestStuckStandardError(t *testing.T) {
	progtest.OnlyLinux(t, "a daemon")
	t.Parallel()
	a := newAgentTest(t, "talks")
	d := playDaemon(t, a.socket)
	wait := inParallel(t, func() { d.accept().register(udpmux.Learn) })
	cmd := exec.Command("mosh-server-mux", "--socket", a.socket, "new")
	var output bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = a.env, a.dir, &output, progtest.BadPipe(t, true)
	progtest.Must(t, cmd.Start())
	s := progtest.WaitFor(cmd)
	t.Cleanup(s.Kill)
	if code, err := s.Wait(); code != 0 || err != nil {
		t.Errorf("it ends with %d, %v", code, err)
	}
	wait()
	if s.Kill(); !strings.HasPrefix(output.String(), "MOSH CONNECT ") {
		t.Errorf("it prints %q", &output)
	}
}
