package tcpmuxd_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// All that comes after the request, in the same write, is the service's.
func TestMuchBehindTheRequest(t *testing.T) {
	t.Parallel()
	tcp := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	unix := progtest.EchoServer(t, "unix", filepath.Join(t.TempDir(), "socket"))
	s := progtest.Serve(t, "--service=builtin=builtin:echo", "--service=exec=exec:/bin/cat",
		"--service=mux=builtin:tcpmux", "--service=tcp=tcp:"+tcp.Addr().String(),
		"--service=unix=unix:"+unix.Addr().String())
	for _, test := range []struct{ name, request, reply string }{
		{"builtin", "builtin\r\n", "+Go\r\n"},
		{"exec", "exec\r\n", "+Go\r\n"},
		{"tcp", "tcp\r\n", "+Go\r\n"},
		{"unix", "unix\r\n", "+Go\r\n"},
		{"after tcpmux", "mux\r\nMux\r\nexec\r\n", "+Go\r\n+Go\r\n+Go\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := progtest.Random(1 << 20)
			c := s.Dial(t)
			sent := make(chan error, 1)
			go func() { sent <- errors.Join(c.Send(test.request+data), c.CloseWrite()) }()
			got, err := c.Rest()
			progtest.Must(t, errors.Join(err, <-sent))
			if got != test.reply+data {
				t.Errorf("%d bytes came back of %d, or others", len(got)-len(test.reply), len(data))
			}
		})
	}
}

// A client that goes away at any point, and one that resets the connection, does the server no harm.
func TestClientsThatGoAway(t *testing.T) {
	t.Parallel()
	const request = "echo\r\nx"
	s := progtest.Serve(t, "--service=echo=exec:/bin/cat")
	for n := range len(request) + 1 {
		for _, reset := range []bool{false, true} {
			c := s.Dial(t)
			progtest.Must(t, c.Send(request[:n]))
			if reset {
				progtest.Must(t, c.SetLinger(0))
			}
			c.Close()
		}
	}
	c := s.Dial(t)
	progtest.Must(t, c.Send(request))
	progtest.Must(t, c.Receive("+Go\r\nx"))
}

// When sessions of all kinds are over, no process and no descriptor of theirs is left.
func TestNothingLeft(t *testing.T) {
	progtest.OnlyLinux(t, "/proc")
	t.Parallel()
	l := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	script := filepath.Join(t.TempDir(), "script")
	progtest.Must(t, os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755))
	s := progtest.Serve(t, "--service=builtin=builtin:echo", "--service=exec=exec:/bin/cat",
		"--service=own=exec-own:/bin/cat", "--service=tcp=tcp:"+l.Addr().String(), "--service=none=exec:/none",
		"--service=broken=exec:"+script)
	session := func(request string, reset bool) {
		c := s.Dial(t)
		defer c.Close()
		progtest.Must(t, c.Send(request))
		if reset {
			progtest.Must(t, c.SetLinger(0))
			return
		}
		c.CloseWrite() // fails if the server was faster
		c.Rest()
	}
	all := func() {
		for _, request := range []string{"builtin\r\nx", "exec\r\nx", "own\r\nx", "tcp\r\nx", "none\r\nx",
			"broken\r\nx", "unknown\r\n", "HELP\r\n", "\r\n", "exe"} {
			session(request, false)
			session(request, true)
		}
	}
	before := s.OpenFiles(t)
	for range 10 { // 200 sessions
		all()
	}
	c := s.Dial(t)
	progtest.Must(t, c.Send("exec\r\nx"))
	progtest.Must(t, c.Receive("+Go\r\nx"))
	progtest.Must(t, progtest.Poll(func() error { // shows that it would be seen
		if left := s.Children(t); len(left) != 1 {
			return fmt.Errorf("one session is open, its processes are %q", left)
		}
		return nil
	}))
	c.Close()
	progtest.Must(t, progtest.Poll(func() error {
		if left := s.Children(t); len(left) > 0 {
			return fmt.Errorf("processes are left: %q", left)
		}
		if after := s.OpenFiles(t); !slices.Equal(after, before) {
			return fmt.Errorf("open are %q, in the beginning there were %q", after, before)
		}
		return nil
	}))
}

// No more clients are let in than there are descriptors for, and all of those are served.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	backend := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	few := exec.Command("sh", "-c", `ulimit -n 80 && exec "$@"`, "sh", "tcpmuxd", "--listen=127.0.0.1:0",
		"--max-connections=1000", "--max-per-source=0", "--service=f=tcp:"+backend.Addr().String())
	s := progtest.ServeCommand(t, few)
	s.Logs(t, "max-connections is more than there are descriptors for")
	served := 0
	for range 40 {
		c := s.Dial(t)
		c.Send("f\r\nx") // fails where it is turned away
		if c.Receive("+Go\r\nx") == nil {
			served++
		}
	}
	if log, _ := os.ReadFile(s.Log); served != 8 || strings.Contains(string(log), "too many open files") {
		t.Errorf("%d were served:\n%s", served, log)
	}
}

// Very many idle clients do not delay one that has a request.
func TestIdleClients(t *testing.T) {
	const idle = 10_000
	if testing.Short() {
		t.Skip("-short: it takes 10 000 connections")
	}
	progtest.RaiseOpenFiles(t, idle+100)
	s := progtest.Serve(t, "--max-connections=0", "--max-per-source=0", "--request-timeout=1h",
		"--service=echo=builtin:echo")
	connections := make(chan net.Conn, idle)
	failed := make(chan error, 1)
	for range 8 {
		go func() {
			for range idle / 8 {
				c, err := net.DialTimeout("tcp", s.Addresses[0], progtest.Patience)
				if err != nil {
					failed <- err
					return
				}
				connections <- c
			}
		}()
	}
	for range idle {
		select {
		case c := <-connections:
			defer func() {
				c.(*net.TCPConn).SetLinger(0) // or its port would stay taken for a while
				c.Close()
			}()
		case err := <-failed:
			t.Fatal(err)
		}
	}
	begin := time.Now()
	c := s.Dial(t)
	progtest.Must(t, c.Send("echo\r\nHello."))
	progtest.Must(t, c.Receive("+Go\r\nHello."))
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("the answer took %v", d)
	}
}
