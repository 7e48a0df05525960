package moshd_test

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// Whatever happens to the standard descriptors, the daemon serves, and SIGTERM ends it.
func TestBadDescriptors(t *testing.T) {
	t.Parallel()
	progtest.ForBadDescriptors(t, func(t *testing.T, command func(string, ...string) *exec.Cmd) {
		dir := privateDir(t)
		m := serveMoshdCommand(t, dir, command("moshd", "--listen=127.0.0.1:0", "--socket="+dir+"/s"))
		b := listenUDP(t)
		m.register(t, b, udpmux.Learn|udpmux.Token)
		for range 3 {
			progtest.Must(t, m.Cmd.Process.Signal(unix.SIGUSR1))
			m.exchange(t, listenUDP(t), b, tokenOfMoshdKey())
		}
		progtest.Must(t, m.Cmd.Process.Signal(unix.SIGTERM))
		m.EndsWell(t)
	})
}
