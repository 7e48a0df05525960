package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A user's part of the log: so many lines at once, and one more in each pause.
const (
	userLines = 1000
	linePause = 100 * time.Millisecond
)

// A fairHandler lets no user fill the log: what is too much of lines with a uid is left out, and the next one says how many those were.
type fairHandler struct {
	slog.Handler
	mu    sync.Mutex
	users map[uint64]*userLog
}

type userLog struct {
	full time.Time // when all lines may be written at once again
	lost int
}

// newFairHandler returns one that formats lines for w.
func newFairHandler(w io.Writer) *fairHandler {
	return &fairHandler{Handler: slog.NewTextHandler(w, nil), users: make(map[uint64]*userLog)}
}

// Handle is [slog.Handler]'s.
func (h *fairHandler) Handle(ctx context.Context, r slog.Record) error {
	lost, write := 0, true
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "uid" && a.Value.Kind() == slog.KindUint64 {
			lost, write = h.take(a.Value.Uint64(), r.Time)
		}
		return true
	})
	if !write {
		return nil
	}
	if lost > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("lines left out", lost))
	}
	return h.Handler.Handle(ctx, r)
}

// take says whether a user has a line left, and if so, how many were left out before it.
func (h *fairHandler) take(uid uint64, now time.Time) (lost int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := h.users[uid]
	if u == nil {
		for other, o := range h.users { // nobody needs to be remembered who has used nothing
			if o.lost == 0 && o.full.Before(now) {
				delete(h.users, other)
			}
		}
		u = new(userLog)
		h.users[uid] = u
	}
	if u.full.Before(now) {
		u.full = now
	}
	if u.full.Sub(now) > (userLines-1)*linePause {
		u.lost++
		return 0, false
	}
	u.full, lost, u.lost = u.full.Add(linePause), u.lost, 0
	return lost, true
}

// A lineWriter writes lines to a writer that may be slow, or stand still: what does not fit is lost, and nobody waits.
type lineWriter struct {
	lines chan []byte
	lost  atomic.Uint64
	done  chan struct{}
}

func newLineWriter(w io.Writer) *lineWriter {
	l := &lineWriter{lines: make(chan []byte, 4096), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for line := range l.lines {
			if n := l.lost.Swap(0); n > 0 {
				fmt.Fprintf(w, "level=WARN msg=\"log lines were lost\" lines=%d\n", n)
			}
			w.Write(line)
		}
	}()
	return l
}

// Write takes a line.
func (l *lineWriter) Write(line []byte) (int, error) {
	select {
	case l.lines <- append([]byte(nil), line...):
	default:
		l.lost.Add(1)
	}
	return len(line), nil
}

// Close writes what is left, for a second at most. Nothing may be written after it.
func (l *lineWriter) Close() {
	close(l.lines)
	select {
	case <-l.done:
	case <-time.After(time.Second):
	}
}
