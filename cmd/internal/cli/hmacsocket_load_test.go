package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Peers that say nothing do not delay others, and are dropped in the end.
func TestIdlePeers(t *testing.T) {
	t.Parallel()
	service := echoServer(t, "tcp", "127.0.0.1:0")
	server, client := startPair(t, service.Addr().String(), "--init-timeout", "1s")
	var idle []*conn
	for range 200 {
		idle = append(idle, server.dial(t))
	}
	begin := time.Now()
	echoes(t, client)
	if d := time.Since(begin); d > time.Second {
		t.Errorf("the answer took %v", d)
	}
	for _, c := range idle {
		must(t, c.receive("\x00\x20\x00\x04\x00\x00"))
		if text, err := c.rest(); len(text) != 32 || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	}
	server.logs(t, "i/o timeout")
}

// cpu is the time that the program has used, in ticks of 10 ms.
func (s *server) cpu(t *testing.T) (ticks int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	must(t, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, field := range fields[11:13] { // behind the name, where state is the first: utime and stime
		n, err := strconv.Atoi(field)
		must(t, err)
		ticks += n
	}
	return ticks
}

// shortSession connects, and ends in one of 4 ways.
func shortSession(t *testing.T, s *server, hmac bool, way int) {
	t.Helper()
	c, err := dial(s.addresses[0], "")
	must(t, err)
	defer c.Close()
	switch {
	case way == 0: // closes at once
	case way == 1:
		c.SetLinger(0)
	case way == 2:
		c.send("\x00\x20\x00\x00garbage")
	case hmac:
		must(t, open(t, c).send("\x00\x00")) // a cut message
	default:
		must(t, c.send("x"))
		must(t, c.receive("x"))
	}
}

// Behind many sessions, which end in all ways, no descriptor and no process is left, and nothing is done any more.
func TestHMACSocketNothingLeft(t *testing.T) {
	onlyLinux(t, "/proc")
	t.Parallel()
	service := echoServer(t, "tcp", "127.0.0.1:0")
	hmacServer, client := startPair(t, service.Addr().String())
	programs := []*server{hmacServer, client}
	var before [][]string
	for _, s := range programs {
		before = append(before, s.openFiles(t))
	}
	for i := range 1000 {
		shortSession(t, programs[i%2], i%2 == 0, i/2%4)
	}
	echoes(t, client)
	for i, s := range programs {
		must(t, poll(func() error {
			if after := s.openFiles(t); !slices.Equal(after, before[i]) {
				return fmt.Errorf("open are %q, in the beginning there were %q", after, before[i])
			}
			if left := s.children(t); len(left) > 0 {
				return fmt.Errorf("processes are left: %q", left)
			}
			return nil
		}))
	}
	for _, s := range programs {
		must(t, poll(func() error { // garbage may have to be collected first
			used := s.cpu(t)
			time.Sleep(300 * time.Millisecond)
			if used = s.cpu(t) - used; used > 1 {
				return fmt.Errorf("idle it used %d ms of CPU in 300", used*10)
			}
			return nil
		}))
	}
}

// SIGHUP, which would read a configuration again if there were one, ends a session no less gently than SIGTERM.
func TestHangup(t *testing.T) {
	t.Parallel()
	service := listen(t, "tcp", "127.0.0.1:0")
	hmacServer, client := startPair(t, service.Addr().String())
	process := client.dial(t)
	backend := accepted(t, service)
	for _, s := range []*server{client, hmacServer} {
		must(t, s.cmd.Process.Signal(unix.SIGHUP))
	}
	_, err := process.Write([]byte("last"))
	must(t, err)
	must(t, process.CloseWrite())
	backend.SetDeadline(time.Now().Add(patience))
	if b, err := io.ReadAll(backend); string(b) != "last" || err != nil {
		t.Errorf("behind the signal the service gets %q, %v", b, err)
	}
	backend.Close()
	for _, s := range []*server{client, hmacServer} {
		s.endsWell(t)
	}
}

// SIGTERM ends sessions that are stuck: all buffers are full, and nobody reads.
func TestTermWhileStuck(t *testing.T) {
	t.Parallel()
	service := listen(t, "tcp", "127.0.0.1:0")
	hmacServer, client := startPair(t, service.Addr().String(), "--grace", "10ms")
	process := client.dial(t)
	backend := accepted(t, service)
	for _, c := range []*conn{process, backend} {
		c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		io.Copy(c, struct{ io.Reader }{stream(0)})
	}
	for _, s := range []*server{client, hmacServer} {
		must(t, s.cmd.Process.Signal(unix.SIGTERM))
		s.endsWell(t)
	}
	for _, c := range []*conn{process, backend} {
		if _, err := io.Copy(io.Discard, c); !errors.Is(err, unix.ECONNRESET) && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("it sees %v, not a reset", err)
		}
	}
}
