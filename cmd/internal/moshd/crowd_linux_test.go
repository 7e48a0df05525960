package moshd_test

import (
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// A user who connects without end takes from the daemon no more descriptors than he may have, and those that are taking
// leave.
func TestMoshDKnocking(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t), "--max-connections-per-uid=4")
	const enough = 4 + 64 + 24 // what has leave to stay, what is leaving, and the daemon's own
	limit := unix.Rlimit{Cur: enough, Max: enough}
	progtest.Must(t, unix.Prlimit(m.Cmd.Process.Pid, unix.RLIMIT_NOFILE, &limit, nil))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10000 {
				if c, err := net.Dial("unix", m.dir+"/s"); err == nil {
					c.Close()
				}
			}
		})
	}
	all.Wait()
	progtest.Must(t, progtest.Poll(func() error {
		a, err := agent.SocketDialer(m.dir + "/s").Connect(t.Context())
		if err == nil {
			a.Close()
		}
		return err
	}))
	if log, err := os.ReadFile(m.Log); err != nil || strings.Contains(string(log), "too many open files") {
		t.Errorf("%v, or it has run out of descriptors:\n%.2000s", err, log)
	}
}
