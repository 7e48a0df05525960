package tcpmuxd_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// Whatever happens to the standard descriptors, the server serves, and SIGTERM ends it.
func TestBadDescriptors(t *testing.T) {
	t.Parallel()
	progtest.ForBadDescriptors(t, func(t *testing.T, command func(string, ...string) *exec.Cmd) {
		s := progtest.ServeCommand(t, command("tcpmuxd", "--listen=127.0.0.1:0", "--max-connections=20",
			"--service=echo=builtin:echo"))
		for range 60 {
			c := s.Dial(t)
			progtest.Must(t, c.Send("\x00\x00\r\n"))
			_, err := c.Rest()
			progtest.Must(t, err)
			c.Close()
		}
		c := s.Dial(t)
		progtest.Must(t, c.Send("echo\r\nHello."))
		progtest.Must(t, c.Receive("+Go\r\nHello."))
		progtest.Must(t, c.CloseWrite())
		progtest.Must(t, c.Ended())
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		s.EndsWell(t)
	})
}

// Bad connections without end do not fill the log.
func TestBoundedLog(t *testing.T) {
	t.Parallel()
	s := progtest.Serve(t)
	began := time.Now()
	for range 500 {
		c := s.Dial(t)
		progtest.Must(t, c.Send("none\r\n"))
		_, err := c.Rest()
		progtest.Must(t, err)
		c.Close()
	}
	progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
	s.EndsWell(t)
	most := int(time.Since(began)/time.Second) + 2
	log, err := os.ReadFile(s.Log)
	progtest.Must(t, err)
	if lines := bytes.Count(log, []byte("no such service")); lines < 1 || lines > most {
		t.Errorf("%d lines, at most %d are allowed", lines, most)
	}
	if !bytes.Contains(log, []byte(`"lines left out"=`)) {
		t.Errorf("what was left out is not counted:\n%s", log)
	}
}
