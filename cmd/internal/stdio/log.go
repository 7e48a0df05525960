package stdio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	pause     = time.Second // between lines of one kind
	mostKinds = 256         // that are told apart
)

// Log is a server's log. Of lines of one kind one a second is written.
func Log() *slog.Logger { return slog.New(Limit(Text(Stderr))) }

// Limit makes a handler of h that writes one line of each kind in a second: the first at once, then the last, with the
// number of those in between. Lines are of one kind if they differ only in whose connection they speak of.
func Limit(h slog.Handler) slog.Handler {
	l := &limiter{Handler: h, kinds: make(map[string]*held)}
	limitersMu.Lock()
	defer limitersMu.Unlock()
	limiters = append(limiters, l)
	return l
}

type limiter struct {
	slog.Handler
	mu    sync.Mutex
	kinds map[string]*held // of which there was a line within the last second
}

// A held is what has come since then.
type held struct {
	last slog.Record
	n    int
}

// Handle is [slog.Handler]'s.
func (l *limiter) Handle(ctx context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	kind := kindOf(r)
	if len(l.kinds) >= mostKinds && l.kinds[kind] == nil {
		kind = ""
	}
	if h := l.kinds[kind]; h != nil {
		h.last, h.n = r.Clone(), h.n+1
		return nil
	}
	l.kinds[kind] = new(held)
	time.AfterFunc(pause, func() { l.next(kind) })
	return l.Handler.Handle(ctx, r)
}

// next writes what has come of a kind within a second.
func (l *limiter) next(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds[kind].n == 0 {
		delete(l.kinds, kind)
		return
	}
	l.writeHeld(l.kinds[kind])
	time.AfterFunc(pause, func() { l.next(kind) })
}

// writeHeld writes the last line of a kind. The lock is held.
func (l *limiter) writeHeld(h *held) {
	if h.n > 1 {
		h.last.AddAttrs(slog.Int("lines left out", h.n-1))
	}
	l.Handler.Handle(context.Background(), h.last)
	*h = held{}
}

// flush writes what is held of all kinds.
func (l *limiter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.kinds {
		if h.n > 0 {
			l.writeHeld(h)
		}
	}
}

// kindOf gives what lines of one kind have in common.
func kindOf(r slog.Record) string {
	var kind strings.Builder
	kind.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			fmt.Fprintf(&kind, " %s=%v", a.Key, root(err)) // the rest may name a connection
		} else if a.Key != "source" && a.Key != "service" {
			fmt.Fprintf(&kind, " %s=%v", a.Key, a.Value)
		}
		return true
	})
	return kind.String()
}

// root gives what is at the bottom of an error.
func root(err error) error {
	for {
		var below []error
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			below = many.Unwrap()
		} else if one := errors.Unwrap(err); one != nil {
			below = []error{one}
		}
		if len(below) == 0 {
			return err
		}
		err = below[0]
	}
}
