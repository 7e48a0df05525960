package cli_test

import (
	"io"
	"net"
	"os"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
)

// verbStart starts a server with an address file and waits for that. Its log is in the file NAME/log; its address is $NAME.
func verbStart(ts *testscript.TestScript, args []string) error {
	name := args[0]
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	dir := ts.MkAbs(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	s, err := startServer(cmd, dir)
	if err != nil {
		return err
	}
	ts.Defer(s.kill)
	stateOf(ts).server = s
	ts.Setenv(name, s.addresses[0])
	return nil
}

// verbEcho starts a service that sends back what it gets; its address is $echo.
func verbEcho(ts *testscript.TestScript, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ts.Defer(func() { l.Close() })
	go serveEcho(l)
	ts.Setenv("echo", l.Addr().String())
	return nil
}

// serveEcho sends back what each connection brings.
func serveEcho(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			io.Copy(c, c)
			c.Close()
		}()
	}
}

// verbTurnsAway demands that a connection to ADDRESS is reset.
func verbTurnsAway(_ *testscript.TestScript, args []string) error { return turnsAway(args[0]) }
