package tcpmuxd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// SIGTERM is not lost after SIGHUPs, however long reading the configuration again takes.
func TestTermBehindHangups(t *testing.T) {
	t.Parallel()
	var config strings.Builder
	config.WriteString("[services]\n")
	for i := range 2000 {
		fmt.Fprintf(&config, "service%d = \"builtin:echo\"\n", i)
	}
	file := filepath.Join(t.TempDir(), "tcpmuxd.toml")
	progtest.Must(t, os.WriteFile(file, []byte(config.String()), 0o600))
	for range 6 {
		s := progtest.Serve(t, "--config="+file)
		for range 20 {
			progtest.Must(t, s.Cmd.Process.Signal(unix.SIGHUP))
			time.Sleep(time.Millisecond) // else they are one
		}
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		s.EndsWell(t)
	}
}

// A server that ends leaves the address file of the one that came after it.
func TestAddressFileOfSuccessor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() *progtest.Server {
		s, err := progtest.StartServer(exec.Command("tcpmuxd", "--listen=127.0.0.1:0"), dir)
		progtest.Must(t, err)
		s.KeepFor(t)
		return s
	}
	first, second := start(), start()
	for _, s := range []*progtest.Server{first, second} {
		text, err := os.ReadFile(filepath.Join(dir, "address"))
		if err != nil || strings.TrimSpace(string(text)) != second.Addresses[0] {
			t.Errorf("the file holds %q (%v)", text, err)
		}
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		s.EndsWell(t)
	}
	if _, err := os.Stat(filepath.Join(dir, "address")); !os.IsNotExist(err) {
		t.Errorf("the second one has left the file (%v)", err)
	}
}
