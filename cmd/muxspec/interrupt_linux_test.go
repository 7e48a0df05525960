package main

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/leftover"
	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/conformance/report"
)

// TestInterrupt: whatever a run is at, SIGTERM ends it within two seconds, with exit code 3, and nothing is left: no
// process, no file. "make flake" does it a hundred times.
func TestInterrupt(t *testing.T) {
	program, err := exec.LookPath("muxspec")
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{}, {}, {}, {},
		{"hmacsocket-client", "--scenario", "stalled-in"}, // the target resets the connection while it is stalled
		{"hmacsocket-server", "--scenario", "stalled-out"},
		{"tcpmux-server", "--slow", "--", "oddserver", "no-answer", "{listen}"},
		{"tcpmux-server", "--", "oddserver", "no-listen", "{listen}"},
		{"tcpmux-server", "--", "oddserver", "spins", "{listen}"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			run := exec.Command(program, append([]string{"run"}, args...)...)
			run.Env = append(os.Environ(), "TMPDIR="+dir)
			var printed bytes.Buffer
			run.Stdout, run.Stderr = &printed, &printed
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			moment := time.Duration(rand.Int64N(int64(2 * time.Second)))
			timer := time.AfterFunc(moment, func() { run.Process.Signal(syscall.SIGTERM) })
			began := time.Now()
			err := run.Wait()
			limit := time.Duration(2 * progtest.Crowding() * float64(time.Second))
			if took := time.Since(began) - moment; took > limit {
				t.Errorf("SIGTERM after %v: the run ended %v later, and %v is the limit", moment, took, limit)
			}
			early := printed.Len() == 0 && run.ProcessState.ExitCode() < 0 // before it had started anything
			said := printed.String()
			late := strings.Contains(said, "judged ") && !strings.Contains(said, report.Interrupted)
			if waiting := timer.Stop(); !waiting && !early && !late && run.ProcessState.ExitCode() != 3 {
				t.Errorf("SIGTERM after %v: %v\n%s", moment, err, &printed)
			}
			if left := leftover.In(dir); len(left) > 0 {
				t.Errorf("SIGTERM after %v: it has left %q", moment, left)
			}
		})
	}
}

// TestMatrixInterrupt: a signal ends a matrix, whose page then shows what was judged before it.
func TestMatrixInterrupt(t *testing.T) {
	dir := t.TempDir()
	first, page := filepath.Join(t.TempDir(), "first.toml"), filepath.Join(t.TempDir(), "page.html")
	progtest.Must(t, os.WriteFile(first, []byte(`name = "first"
roles = ["tcpmux-server"]
command = ["oddserver", "no-start", "{listen}"]
services = ["echo"]
`), 0o644))
	run := exec.Command("muxspec", "matrix", "--html", page, first, "reference")
	run.Env = append(os.Environ(), "TMPDIR="+dir)
	printed, err := run.StdoutPipe()
	progtest.Must(t, err)
	progtest.Must(t, run.Start())
	if line, err := bufio.NewReader(printed).ReadString('\n'); err != nil || !strings.HasPrefix(line, "first: ") {
		t.Errorf("%q, %v", line, err)
	}
	run.Process.Signal(syscall.SIGTERM)
	if run.Wait(); run.ProcessState.ExitCode() != report.ExitInconclusive {
		t.Errorf("exit code %d", run.ProcessState.ExitCode())
	}
	if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte("<h2>first</h2>")) {
		t.Errorf("the page does not show the first target: %v", err)
	}
	if left := leftover.In(dir); len(left) > 0 {
		t.Errorf("it has left %q", left)
	}
}

// TestSpinningChildren: a server that forks, and whose children never end and use all the processor time that they
// get, is judged in less than a minute on an idle machine with two cores. Since they take all that there is, that is
// told by the processor time, two minutes at most, on whatever machine. What it does is seen, and nothing is left of
// it.
func TestSpinningChildren(t *testing.T) {
	program, err := exec.LookPath("muxspec")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	// It gets what other tests leave.
	run := exec.Command("nice", "-n", "19", program, "run", "--start-timeout", "1m", "tcpmux-server", "--",
		"oddserver", "spins", "{listen}")
	run.Env = append(os.Environ(), "TMPDIR="+dir)
	out, _ := run.CombinedOutput()
	took := run.ProcessState.UserTime() + run.ProcessState.SystemTime()
	t.Logf("it took %v", took)
	if took > 2*time.Minute {
		t.Errorf("it took %v", took)
	}
	if code := run.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	seen := 0
	for _, rule := range []string{"TCPMUX-42", "TCPMUX-43"} {
		if bytes.Contains(out, []byte("FAIL         "+rule)) {
			seen++
		} else if !bytes.Contains(out, []byte("INCONCLUSIVE "+rule)) { // a machine may be too busy to tell
			t.Errorf("%s is not seen to be broken:\n%s", rule, out)
		}
	}
	if seen == 0 {
		t.Errorf("what the children do is not seen:\n%s", out)
	}
	if left := leftover.In(dir); len(left) > 0 {
		t.Errorf("it has left %q", left)
	}
}
