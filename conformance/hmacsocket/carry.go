package hmacsocket

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// mostPoured is more than the sockets on the way can hold. If nothing is taken for stallTime, nothing more will be.
const mostPoured, stallTime = 96 << 20, 50 * time.Millisecond

func stallVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "chunks" || args[0] == "plain")) {
		return engine.ErrUsage
	}
	c, part := of(s).pair.plain, engine.Pattern(of(s).pair.hmac.most())
	if args[0] == "chunks" {
		c = of(s).pair.hmac.Conn
	}
	taken := pour(s, c, func(sent int64) []byte {
		switch {
		case sent >= mostPoured:
			return nil
		case args[0] == "chunks":
			return of(s).pair.hmac.chunk(part)
		}
		return part
	})
	if taken >= mostPoured {
		return engine.Violation("the target took %d MiB that nobody has read", taken>>20)
	}
	return nil
}

// pour sends what next gives, which is told how much was sent before, until next gives nothing or the connection is
// closed. It returns when the target takes no more, and says how much it has taken.
func pour(s *engine.Session, c *tcp.Conn, next func(sent int64) []byte) (taken int64) {
	var sent atomic.Int64
	c.SetWriteDeadline(time.Time{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for b := next(0); len(b) > 0; b = next(sent.Load()) {
			n, err := c.Write(b)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	since := stalled(s)
	for open := true; open && !since.Over(); {
		select {
		case <-ended: // all was sent, or the target ended the connection, which the next verbs judge
			open = false
		case <-time.After(time.Millisecond):
		}
		now := sent.Load()
		if empty, _ := proc.Received(c); empty || now != taken { // a target that has read all is just slow
			taken, since = now, stalled(s)
		}
	}
	s.Rec.Note("%s> %d bytes, until no more were taken", tcp.Prefix(c.Name), taken)
	return taken
}

// stalled is over once nothing was taken for that long.
func stalled(s *engine.Session) proc.Wait {
	return s.WaitSince(time.Now(), stallTime)
}

func carryVerb(s *engine.Session, args []string) error {
	if !(len(args) == 2 && slices.Contains([]string{"chunks", "plain", "both", "early"}, args[0])) {
		return engine.ErrUsage
	}
	n := int(engine.Integer(args[1]))
	results := make(chan error, 2)
	// This is too much for the evidence.
	of(s).pair.hmac.Rec, of(s).pair.plain.Rec = s.Rec.Quiet(), s.Rec.Quiet()
	want, directions := engine.Pattern(n), 0
	if args[0] == "chunks" || args[0] == "both" {
		directions++
		go func() { results <- carryIn(s, want) }()
	}
	if args[0] != "chunks" {
		directions++
		go func() { results <- carryOut(s, want, args[0] == "early") }()
	}
	for range directions {
		if err := <-results; err != nil {
			return err
		}
	}
	of(s).pair.hmac.Rec, of(s).pair.plain.Rec = s.Rec, s.Rec
	s.Rec.Note("%d bytes carried: %s", n, args[0])
	return nil
}

// carryIn sends Chunks and expects their contents at the plain side.
func carryIn(s *engine.Session, want []byte) error {
	h, w := of(s).pair.hmac, s.WaitMuch(len(want))
	go func() {
		for b := want; len(b) > 0; {
			n := min(len(b), h.most())
			if h.Send(h.chunk(b[:n]), w) != nil {
				return
			}
			b = b[n:]
		}
	}()
	got, err := of(s).pair.plain.Exactly(len(want), w)
	if err != nil {
		got = of(s).pair.plain.In
	}
	return same(s, w, fmt.Sprintf("(%d bytes) at the plain side", len(want)), want, got, err)
}

// carryOut sends into the plain side and expects the same in Chunks. Early: before the suite's Init.
func carryOut(s *engine.Session, want []byte, early bool) error {
	if early {
		pour(s, of(s).pair.plain, func(sent int64) []byte { return want[sent:min(sent+earlyPart, int64(len(want)))] })
		of(s).pair.hmac.Send(of(s).pair.hmac.init(), s.Wait())
	}
	w := s.WaitMuch(len(want))
	if !early {
		go of(s).pair.plain.Send(want, w)
	}
	got, err := of(s).pair.hmac.data(len(want), w)
	return same(s, w, fmt.Sprintf("(%d bytes) in Chunks", len(want)), want, got, err)
}

// earlyPart is how much is sent at once before the Init.
const earlyPart = 64 << 10
