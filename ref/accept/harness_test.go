package accept_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/accept"
)

// patience is how long to wait for what should happen at once.
const patience = 20 * time.Second

// A log can be read while it is written.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// await waits until the log holds text.
func (l *log) await(t *testing.T, text string) {
	t.Helper()
	var got string
	waitFor(t, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if got = l.text.String(); strings.Contains(got, text) {
			return nil
		}
		return fmt.Errorf("%q is not in the log:\n%s", text, got)
	})
}

func waitFor(t *testing.T, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// leavesNothing demands that at the end of the test there are no more goroutines than now.
func leavesNothing(t *testing.T) {
	_, c := connected(t)
	accept.Watch(c, func() {})() // what hears of breaks stays
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		waitFor(t, func() error {
			if n := runtime.NumGoroutine(); n > before {
				stacks := make([]byte, 1<<16)
				stacks = stacks[:runtime.Stack(stacks, true)]
				return fmt.Errorf("%d goroutines, in the beginning there were %d:\n%s", n, before, stacks)
			}
			return nil
		})
	})
}

// serve makes s serve on a free port for as long as the test runs. What it says is in the log; connections that are
// turned away are reset.
func serve(t *testing.T, s *accept.Server) (l net.Listener, text *log) {
	t.Helper()
	text = new(log)
	s.Failed = func(err error) { fmt.Fprintln(text, "failed:", err) }
	s.TurnAway = func(c net.Conn, why error) {
		fmt.Fprintln(text, "turned away:", why)
		c.(*net.TCPConn).SetLinger(0)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go s.Serve(l)
	t.Cleanup(func() {
		l.Close()
		s.Shutdown(ended())
	})
	return l, text
}

// ended is a context that is over.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// limits gives limits that do not change.
func limits(all, perSource int) func() (int, int) {
	return func() (int, int) { return all, perSource }
}

func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// answers demands that the echo at the other end is there.
func answers(t *testing.T, c net.Conn) {
	t.Helper()
	io.WriteString(c, "x")
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Errorf("it does not answer: %v", err)
	}
}

// turnsAway demands that a connection is reset.
func turnsAway(t *testing.T, l net.Listener) {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err == nil {
		defer c.Close()
		c.SetDeadline(time.Now().Add(patience))
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("%v, not a reset", err)
	}
}

// echo sends back what comes, until ctx ends.
func echo(ctx context.Context, c net.Conn) {
	defer context.AfterFunc(ctx, func() { c.Close() })()
	io.Copy(c, c)
}
