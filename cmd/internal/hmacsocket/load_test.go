package hmacsocket_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// Peers that say nothing do not delay others, and are dropped in the end.
func TestIdlePeers(t *testing.T) {
	t.Parallel()
	service := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	server, client := startPair(t, service.Addr().String(), "--init-timeout", "1s")
	var idle []*progtest.Conn
	for range 200 {
		idle = append(idle, server.Dial(t))
	}
	begin := time.Now()
	echoes(t, client)
	if d := time.Since(begin); d > time.Second {
		t.Errorf("the answer took %v", d)
	}
	for _, c := range idle {
		progtest.Must(t, c.Receive("\x00\x20\x00\x04\x00\x00"))
		if text, err := c.Rest(); len(text) != 32 || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}
	server.Logs(t, "i/o timeout")
}

// shortSession connects, and ends in one of 4 ways.
func shortSession(t *testing.T, s *progtest.Server, hmac bool, way int) {
	t.Helper()
	c, err := progtest.Dial(s.Addresses[0], "")
	progtest.Must(t, err)
	defer c.Close()
	switch {
	case way == 0: // closes at once
	case way == 1:
		c.SetLinger(0)
	case way == 2:
		c.Send("\x00\x20\x00\x00garbage")
	case hmac:
		progtest.Must(t, open(t, c).Send("\x00\x00")) // a cut message
	default:
		progtest.Must(t, c.Send("x"))
		progtest.Must(t, c.Receive("x"))
	}
}

// After many sessions, which end in all ways, no descriptor and no process is left, and nothing is done any more.
func TestHMACSocketNothingLeft(t *testing.T) {
	progtest.OnlyLinux(t, "/proc")
	t.Parallel()
	service := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	hmacServer, client := startPair(t, service.Addr().String())
	programs := []*progtest.Server{hmacServer, client}
	var before [][]string
	for _, s := range programs {
		before = append(before, s.OpenFiles(t))
	}
	for i := range 1000 {
		shortSession(t, programs[i%2], i%2 == 0, i/2%4)
	}
	echoes(t, client)
	for i, s := range programs {
		progtest.Must(t, progtest.Poll(func() error {
			if after := s.OpenFiles(t); !slices.Equal(after, before[i]) {
				return fmt.Errorf("open are %q, in the beginning there were %q", after, before[i])
			}
			if left := s.Children(t); len(left) > 0 {
				return fmt.Errorf("processes are left: %q", left)
			}
			return nil
		}))
	}
	for _, s := range programs {
		progtest.Must(t, progtest.Poll(func() error { // garbage may have to be collected first
			used := s.Cpu(t)
			time.Sleep(300 * time.Millisecond)
			if used = s.Cpu(t) - used; used > 1 {
				return fmt.Errorf("idle it used %d ms of CPU in 300", used*10)
			}
			return nil
		}))
	}
}

// SIGHUP, which reads the key again, ends neither the programs nor a session.
func TestHangup(t *testing.T) {
	t.Parallel()
	service := progtest.Listen(t, "tcp", "127.0.0.1:0")
	hmacServer, client := startPair(t, service.Addr().String())
	process := client.Dial(t)
	backend := accepted(t, service)
	for _, s := range []*progtest.Server{client, hmacServer} {
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGHUP))
		s.Logs(t, "SIGHUP: the key is the same")
	}
	_, err := process.Write([]byte("last"))
	progtest.Must(t, err)
	progtest.Must(t, process.CloseWrite())
	backend.SetDeadline(time.Now().Add(progtest.Patience))
	if b, err := io.ReadAll(backend); string(b) != "last" || err != nil {
		t.Errorf("after the signal the service gets %q, %v", b, err)
	}
	backend.Close()
	for _, s := range []*progtest.Server{client, hmacServer} {
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		s.EndsWell(t)
	}
}

// SIGTERM ends sessions that are stuck: all buffers are full, and nobody reads.
func TestTermWhileStuck(t *testing.T) {
	t.Parallel()
	service := progtest.Listen(t, "tcp", "127.0.0.1:0")
	hmacServer, client := startPair(t, service.Addr().String(), "--grace", "10ms")
	process := client.Dial(t)
	backend := accepted(t, service)
	for _, c := range []*progtest.Conn{process, backend} {
		c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		io.Copy(c, struct{ io.Reader }{stream(0)})
	}
	for _, s := range []*progtest.Server{client, hmacServer} {
		progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
		s.EndsWell(t)
	}
	for _, c := range []*progtest.Conn{process, backend} {
		if _, err := io.Copy(io.Discard, c); !errors.Is(err, unix.ECONNRESET) &&
			!errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("it sees %v, not a reset", err)
		}
	}
}
