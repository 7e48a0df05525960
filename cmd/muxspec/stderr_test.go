package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/leftover"
	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// TestBadDescriptors: whatever happens to the standard descriptors, a run that is long enough to tell how far it is
// comes to its report, a signal ends it where nobody takes that, and nothing is left.
func TestBadDescriptors(t *testing.T) {
	progtest.ForBadDescriptors(t, func(t *testing.T, command func(string, ...string) *exec.Cmd) {
		dir, report := t.TempDir(), filepath.Join(t.TempDir(), "report")
		cmd := command("muxspec", "run", "--quick", "--json", report, "tcpmux-server")
		cmd.Env = append(cmd.Environ(), "TMPDIR="+dir)
		progtest.Must(t, cmd.Start())
		s := progtest.WaitFor(cmd)
		t.Cleanup(s.Kill)
		progtest.Must(t, progtest.Poll(func() error {
			_, err := os.Stat(report)
			return err
		}))
		s.Cmd.Process.Signal(unix.SIGTERM)
		_, err := s.Wait()
		progtest.Must(t, err)
		if left := leftover.In(dir); len(left) > 0 {
			t.Errorf("it has left %q", left)
		}
	})
}
