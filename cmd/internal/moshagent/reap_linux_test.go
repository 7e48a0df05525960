package moshagent_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// A session that nobody uses is ended by its process, and one that is in use or that a dry run names is not.
func TestReap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	progtest.Must(t, os.Chmod(dir, 0o755))
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("moshd", "--listen=127.0.0.1:0", "--socket="+socket)
	cmd.Dir = dir
	s, err := progtest.StartServer(cmd, dir)
	progtest.Must(t, err)
	s.KeepFor(t)
	holder := registeredProcess(t, socket)
	reap := func(args ...string) progtest.Result {
		return progtest.Run(t, nil, "mosh-server-mux", append([]string{"--socket=" + socket, "--reap"}, args...)...)
	}
	if got := reap("7d"); got.Code != 0 || got.Stdout != "none of your 1 sessions is idle for 168h0m0s\n" {
		t.Errorf("in use: %+v", got)
	}
	what := fmt.Sprintf("session 1, mosh-server %d, idle for ", holder.Cmd.Process.Pid)
	progtest.Must(t, progtest.Poll(func() error {
		if got := reap("1s", "--dry-run"); got.Code != 0 || !strings.HasPrefix(got.Stdout, "would end "+what) {
			return fmt.Errorf("dry run: %+v", got)
		}
		return nil
	}))
	if got := reap("1s"); got.Code != 0 || !strings.HasPrefix(got.Stdout, "ended "+what) {
		t.Errorf("got %+v", got)
	}
	if _, err := holder.Wait(); err != nil {
		t.Error(err)
	}
	progtest.Must(t, progtest.Poll(func() error {
		if got := reap("1s"); got.Stdout != "none of your 0 sessions is idle for 1s\n" {
			return fmt.Errorf("afterwards: %+v", got)
		}
		return nil
	}))
}

// registeredProcess starts a process that has a session's socket, and registers it.
func registeredProcess(t *testing.T, socket string) *progtest.Server {
	t.Helper()
	b, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	progtest.Must(t, err)
	f, err := b.File()
	progtest.Must(t, err)
	cmd := exec.Command("sleep", "1000")
	cmd.ExtraFiles = []*os.File{f}
	holder, err := progtest.StartProgram(cmd, progtest.LogFile(t))
	progtest.Must(t, err)
	t.Cleanup(holder.Kill)
	a, err := agent.SocketDialer(socket).Connect(t.Context())
	progtest.Must(t, err)
	t.Cleanup(func() { a.Close() })
	r := udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token, Port: uint16(b.LocalAddr().(*net.UDPAddr).Port),
		S: [32]byte{1}}
	progtest.Must(t, a.Register(t.Context(), r))
	f.Close()
	b.Close()
	return holder
}

func TestReapWrong(t *testing.T) {
	for _, test := range []struct{ arg, complaint string }{
		{"7", `--reap "7": must be a time of a second or more, such as "7d" or "12h"`},
		{"0d", `--reap "0d": must be a time of a second or more, such as "7d" or "12h"`},
		{"-1h", `--reap "-1h": must be a time of a second or more, such as "7d" or "12h"`},
		{"d", `--reap "d": must be a time of a second or more, such as "7d" or "12h"`},
	} {
		progtest.CheckComplaint(t, progtest.Run(t, nil, "mosh-server-mux", "--reap="+test.arg),
			"mosh-server-mux", test.complaint)
	}
	got := progtest.Run(t, nil, "mosh-server-mux", "--reap=7d", "--socket=/nonexistent/s")
	if want := (progtest.Result{Code: 1, Stderr: "mosh-server-mux: no daemon at /nonexistent/s\n"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
