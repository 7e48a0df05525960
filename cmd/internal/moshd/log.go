package moshd

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

// A user's part of the log: so many lines at once, and one more in each pause.
const (
	userLines = 1000
	linePause = 100 * time.Millisecond
)

// A fairHandler lets no user fill the log: what is too much of lines with a uid is left out, and the next one says how
// many those were. None of them is left out for another reason (UDPMUX-67, -68).
type fairHandler struct {
	slog.Handler
	others slog.Handler // for lines without a uid
	mu     sync.Mutex
	users  map[uint64]*userLog
}

type userLog struct {
	full time.Time // when all lines may be written at once again
	lost int
}

// newFairHandler returns one that formats lines for w.
func newFairHandler(w io.Writer) *fairHandler {
	text := stdio.Text(w)
	return &fairHandler{Handler: text, others: stdio.Limit(text), users: make(map[uint64]*userLog)}
}

// Handle is [slog.Handler]'s.
func (h *fairHandler) Handle(ctx context.Context, r slog.Record) error {
	lost, write, users := 0, true, false
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "uid" && a.Value.Kind() == slog.KindUint64 {
			users = true
			lost, write = h.take(a.Value.Uint64(), r.Time)
		}
		return true
	})
	if !users {
		return h.others.Handle(ctx, r)
	}
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
