package hmacsocket_test

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// Whatever happens to the standard descriptors, both programs serve, and SIGTERM ends them.
func TestBadDescriptors(t *testing.T) {
	t.Parallel()
	progtest.ForBadDescriptors(t, func(t *testing.T, command func(string, ...string) *exec.Cmd) {
		key, service := keyFile(t, "secret"), progtest.EchoServer(t, "tcp", "127.0.0.1:0")
		start := func(program, to string) *progtest.Server {
			return progtest.ServeCommand(t,
				command(program, "-l127.0.0.1:0", "-k", key, "-c", to, "--max-connections=20"))
		}
		server := start("hmacsocketserver", service.Addr().String())
		client := start("hmacsocketclient", server.Addresses[0])
		lost := start("hmacsocketclient", service.Addr().String()) // what answers there is no server
		for _, s := range []*progtest.Server{server, lost} {
			for range 60 {
				c, err := progtest.Dial(s.Addresses[0], "")
				if err != nil { // a reset that was fast
					continue
				}
				c.Send("\x00\x00 this is no Init")
				c.CloseWrite()
				c.Rest() // which may be a reset
				c.Close()
			}
		}
		echoes(t, client)
		for _, s := range []*progtest.Server{server, client, lost} {
			progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
			s.EndsWell(t)
		}
	})
}
