package tcpmux_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// Both directions at once, byte by byte the same.
func TestClientMuchBothWays(t *testing.T) {
	t.Parallel()
	s := progtest.Serve(t, "--service=echo=exec:/bin/cat")
	data := progtest.Random(1 << 20)
	got := progtest.Run(t, strings.NewReader(data), "tcpmux", s.Addresses[0], "echo")
	if got.Code != 0 || got.Stdout != data || got.Stderr != "" {
		t.Errorf("exit code %d, %d bytes of %d or others, complaint %q",
			got.Code, len(got.Stdout), len(data), got.Stderr)
	}
}

// The end of standard input ends one direction only: what the service says to that is still printed.
func TestClientEndOfInput(t *testing.T) {
	t.Parallel()
	s := progtest.Serve(t, "--service=count=exec:/usr/bin/wc -c")
	got := progtest.Run(t, strings.NewReader(strings.Repeat("x", 70_000)), "tcpmux", s.Addresses[0], "count")
	if got != (progtest.Result{Stdout: "70000\n"}) {
		t.Errorf("got %+v", got)
	}
}

// When the service ends the connection the client ends, though its input goes on.
func TestClientEndsWithTheService(t *testing.T) {
	t.Parallel()
	s := progtest.Serve(t, "--service=hello=exec:/bin/echo hello")
	input, open, err := os.Pipe()
	progtest.Must(t, err)
	defer open.Close()
	defer input.Close()
	got := progtest.Run(t, input, "tcpmux", s.Addresses[0], "hello")
	if got != (progtest.Result{Stdout: "hello\n"}) {
		t.Errorf("got %+v", got)
	}
}

// --timeout is for the connection and the reply; the session may take longer.
func TestClientSessionBeyondTimeout(t *testing.T) {
	t.Parallel()
	s := progtest.Serve(t, "--service=sleep=exec:/bin/sleep 1.2")
	got := progtest.Run(t, nil, "tcpmux", "--timeout=1s", s.Addresses[0], "sleep")
	if got != (progtest.Result{}) {
		t.Errorf("got %+v", got)
	}
}

// A dialogue: the client passes on what there is and does not wait for more.
func TestClientPassesOnAtOnce(t *testing.T) {
	t.Parallel()
	s := progtest.Serve(t, "--service=echo=builtin:echo")
	cmd := exec.CommandContext(t.Context(), "tcpmux", s.Addresses[0], "echo")
	stdin, err := cmd.StdinPipe()
	progtest.Must(t, err)
	stdout, err := cmd.StdoutPipe()
	progtest.Must(t, err)
	progtest.Must(t, cmd.Start())
	for _, line := range []string{"one\n", "two\n"} {
		io.WriteString(stdin, line)
		b := make([]byte, len(line))
		if _, err := io.ReadFull(stdout, b); err != nil || string(b) != line {
			t.Errorf("got %q (%v)", b, err)
		}
	}
	stdin.Close()
	rest, err := io.ReadAll(stdout)
	if len(rest) > 0 || err != nil {
		t.Errorf("got %q (%v)", rest, err)
	}
	progtest.Must(t, cmd.Wait())
}

// Output that cannot be written is a failure.
func TestClientOutputFull(t *testing.T) {
	progtest.OnlyLinux(t, "/dev/full")
	t.Parallel()
	s := progtest.Serve(t, "--service=chargen=builtin:chargen")
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	progtest.Must(t, err)
	defer full.Close()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "tcpmux", s.Addresses[0], "chargen")
	cmd.Stdout, cmd.Stderr = full, &stderr
	cmd.Run()
	if code, complaint := cmd.ProcessState.ExitCode(), stderr.String(); code != 3 ||
		strings.Count(complaint, "\n") != 1 || !strings.Contains(complaint, "no space left on device") {
		t.Errorf("exit code %d, complaint %q", code, complaint)
	}
}
