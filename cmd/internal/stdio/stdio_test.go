package stdio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A text is a writer that can be read.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *text) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *text) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// await waits until there are n lines.
func (w *text) await(t *testing.T, n int) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if got := w.String(); strings.Count(got, "\n") >= n {
			return got
		} else if time.Now().After(deadline) {
			t.Fatalf("there are not %d lines:\n%s", n, got)
		}
	}
}

func TestLinesOfOneKind(t *testing.T) {
	var w text
	log := slog.New(Limit(slog.NewTextHandler(&w, nil)))
	for i := range 1000 {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(i)), Port: i}
		err := &net.OpError{Op: "read", Net: "tcp", Source: from, Err: os.NewSyscallError("read", syscall.ECONNRESET)}
		log.Info("session failed", "source", from, "error", fmt.Errorf("it: %w", errors.Join(err, io.EOF)))
		log.Info("session failed", "source", from, "error", io.ErrUnexpectedEOF)
	}
	log.Info("listening", "address", "here")
	log.Info("listening", "address", "there")
	got := w.await(t, 6)
	for _, want := range []string{"address=here", "address=there"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("not once: %s", want)
		}
	}
	if n := strings.Count(got, `"lines left out"=998`); n != 2 {
		t.Errorf("998 lines were left out of two kinds, which %d lines say:\n%s", n, got)
	}
}

// A kind for each line does not take memory without end.
func TestManyKinds(t *testing.T) {
	var w text
	l := Limit(slog.NewTextHandler(&w, nil)).(*limiter)
	for i := range 10 * mostKinds {
		slog.New(l).Info("", "number", i)
	}
	l.mu.Lock()
	kinds := len(l.kinds)
	l.mu.Unlock()
	if kinds > mostKinds+1 {
		t.Errorf("%d kinds are remembered", kinds)
	}
	l.flush()
	if got := w.String(); !strings.Contains(got, fmt.Sprintf("number=%d", 10*mostKinds-1)) {
		t.Error("the last line is missing")
	}
}

// Nobody waits for a reader that stands still, and at the end a second at most; when it reads again, it is told how
// many lines it has lost.
func TestStuckReader(t *testing.T) {
	r, w := io.Pipe()
	l := &lines{to: w}
	const n = 3 * mostLines
	for i := range n {
		fmt.Fprintf(l, "line %d\n", i)
	}
	began := time.Now()
	l.flush()
	l.flush()
	if took := time.Since(began); took > 2*flushTime {
		t.Errorf("two flushes took %v", took)
	}
	var got text
	go io.Copy(&got, r)
	text := got.await(t, mostLines+1)
	if !strings.Contains(text, "log lines were lost") || !strings.Contains(text, "line 0\n") {
		t.Errorf("the reader gets %.200q…", text)
	}
	l.flush()
}
