package tcpmux_test

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// Whatever happens to the standard descriptors, the client ends with its exit code where it has something to complain
// of, and at SIGTERM where nobody takes the service's output.
func TestBadDescriptors(t *testing.T) {
	t.Parallel()
	progtest.ForBadDescriptors(t, func(t *testing.T, command func(string, ...string) *exec.Cmd) {
		start := func(args ...string) *progtest.Server {
			cmd := command("tcpmux", args...)
			progtest.Must(t, cmd.Start())
			s := progtest.WaitFor(cmd)
			t.Cleanup(s.Kill)
			return s
		}
		address, release, err := progtest.DeadAddress()
		progtest.Must(t, err)
		defer release()
		if code, err := start(address, "any").Wait(); code != 3 || err != nil {
			t.Errorf("a server that is not there: exit code %d, %v", code, err)
		}
		l := progtest.Listen(t, "tcp", "127.0.0.1:0")
		s := start(l.Addr().String(), "any")
		c, err := l.Accept()
		progtest.Must(t, err)
		defer c.Close()
		_, err = c.Write([]byte("+\r\nHello."))
		progtest.Must(t, err)
		s.Cmd.Process.Signal(unix.SIGTERM) // where it has not ended by itself
		if _, err := s.Wait(); err != nil {
			t.Error(err)
		}
	})
}
