package cli_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// random returns n bytes that are the same in every run.
func random(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return string(b)
}

// echoServer is a server that sends back what it gets.
func echoServer(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go serveEcho(l)
	return l
}

// All that comes behind the request, in the same write, is the service's.
func TestMuchBehindTheRequest(t *testing.T) {
	t.Parallel()
	tcp := echoServer(t, "tcp", "127.0.0.1:0")
	unix := echoServer(t, "unix", filepath.Join(t.TempDir(), "socket"))
	s := serve(t, "--service=builtin=builtin:echo", "--service=exec=exec:/bin/cat", "--service=mux=builtin:tcpmux",
		"--service=tcp=tcp:"+tcp.Addr().String(), "--service=unix=unix:"+unix.Addr().String())
	for _, test := range []struct{ name, request, reply string }{
		{"builtin", "builtin\r\n", "+Go\r\n"},
		{"exec", "exec\r\n", "+Go\r\n"},
		{"tcp", "tcp\r\n", "+Go\r\n"},
		{"unix", "unix\r\n", "+Go\r\n"},
		{"behind tcpmux", "mux\r\nMux\r\nexec\r\n", "+Go\r\n+Go\r\n+Go\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := random(1 << 20)
			c := s.dial(t)
			sent := make(chan error, 1)
			go func() { sent <- errors.Join(c.send(test.request+data), c.CloseWrite()) }()
			got, err := c.rest()
			must(t, errors.Join(err, <-sent))
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
	s := serve(t, "--service=echo=exec:/bin/cat")
	for n := range len(request) + 1 {
		for _, reset := range []bool{false, true} {
			c := s.dial(t)
			must(t, c.send(request[:n]))
			if reset {
				must(t, c.SetLinger(0))
			}
			c.Close()
		}
	}
	c := s.dial(t)
	must(t, c.send(request))
	must(t, c.receive("+Go\r\nx"))
}

// openFiles tells what the server's descriptors are, but for pipes: those that splice(2) needs are kept at hand until
// garbage is collected.
func (s *server) openFiles(t *testing.T) (targets []string) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd/", s.cmd.Process.Pid)
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, file := range files {
		if target, err := os.Readlink(dir + file.Name()); err == nil && !strings.HasPrefix(target, "pipe:") {
			targets = append(targets, target)
		}
	}
	slices.Sort(targets)
	return targets
}

// children returns the processes that the server has started and not yet waited for.
func (s *server) children(t *testing.T) (children []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil { // it has gone
			continue
		}
		// "PID (NAME) STATE PPID …", where NAME can hold anything.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[1] == strconv.Itoa(s.cmd.Process.Pid) {
			children = append(children, string(text))
		}
	}
	return children
}

// When sessions of all kinds are over, no process and no descriptor of theirs is left.
func TestNothingLeft(t *testing.T) {
	onlyLinux(t, "/proc")
	t.Parallel()
	l := echoServer(t, "tcp", "127.0.0.1:0")
	script := filepath.Join(t.TempDir(), "script")
	must(t, os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755))
	s := serve(t, "--service=builtin=builtin:echo", "--service=exec=exec:/bin/cat", "--service=own=exec-own:/bin/cat",
		"--service=tcp=tcp:"+l.Addr().String(), "--service=none=exec:/none", "--service=broken=exec:"+script)
	session := func(request string, reset bool) {
		c := s.dial(t)
		defer c.Close()
		must(t, c.send(request))
		if reset {
			must(t, c.SetLinger(0))
			return
		}
		c.CloseWrite() // fails if the server was faster
		c.rest()
	}
	all := func() {
		for _, request := range []string{"builtin\r\nx", "exec\r\nx", "own\r\nx", "tcp\r\nx", "none\r\nx", "broken\r\nx", "unknown\r\n", "HELP\r\n", "\r\n", "exe"} {
			session(request, false)
			session(request, true)
		}
	}
	before := s.openFiles(t)
	for range 10 { // 200 sessions
		all()
	}
	c := s.dial(t)
	must(t, c.send("exec\r\nx"))
	must(t, c.receive("+Go\r\nx"))
	must(t, poll(func() error { // shows that it would be seen
		if left := s.children(t); len(left) != 1 {
			return fmt.Errorf("one session is open, its processes are %q", left)
		}
		return nil
	}))
	c.Close()
	must(t, poll(func() error {
		if left := s.children(t); len(left) > 0 {
			return fmt.Errorf("processes are left: %q", left)
		}
		if after := s.openFiles(t); !slices.Equal(after, before) {
			return fmt.Errorf("open are %q, in the beginning there were %q", after, before)
		}
		return nil
	}))
}

// Very many idle clients do not delay one that has a request.
func TestIdleClients(t *testing.T) {
	const idle = 10_000
	if testing.Short() {
		t.Skip("-short: it takes 10 000 connections")
	}
	raiseOpenFiles(t, idle+100)
	s := serve(t, "--max-connections=0", "--max-per-source=0", "--request-timeout=1h", "--service=echo=builtin:echo")
	connections := make(chan net.Conn, idle)
	failed := make(chan error, 1)
	for range 8 {
		go func() {
			for range idle / 8 {
				c, err := net.DialTimeout("tcp", s.addresses[0], patience)
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
	c := s.dial(t)
	must(t, c.send("echo\r\nHello."))
	must(t, c.receive("+Go\r\nHello."))
	if d := time.Since(begin); d > 2*time.Second {
		t.Errorf("the answer took %v", d)
	}
}
