package hmacsocket

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

func pairLoadVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "idle", Usage: "N",
			Help: "So many peers are connected to the target, and send nothing.", Min: 1, Max: 1, Run: idleVerb},
		{Name: "unproven", Usage: "N",
			Help: "So many peers are connected to the target, and send an Init and nothing more.", Min: 1, Max: 1,
			Run: unprovenVerb},
		{Name: "crowd", Usage: "N TEXT",
			Help: "So many connections at once through the target, which get that text at their HMAC side, and go.",
			Min:  2, Max: 2, Run: crowdVerb},
		{Name: "announce", Usage: "[-behind]",
			Help: "On many connections an LD as high as the target's ML comes, and nothing after it; -behind: behind a good Chunk.",
			Max:  1, Run: announceVerb},
		{Name: "stall", Usage: "chunks|plain",
			Help: "Send data into the HMAC or the plain side, and read nothing at the other, until the target takes no " +
				"more.", Max: -1, Run: stallVerb},
		{Name: "carry", Usage: "chunks|plain|both|early N",
			Help: "N bytes go in at the HMAC side and come out at the plain side, or the other way, or both at once; early: " +
				"as plain, and the suite's Init is sent when the target takes no more.",
			Max: -1, Run: carryVerb},
		{Name: "former", Usage: "N VERB...",
			Help: "So many connections through the target, one after the other: with both Inits; do the verb; both sides " +
				"are closed.", Min: 2, Max: -1, Run: formerVerb},
		{Name: "resets", Usage: "chunks|plain N",
			Help: "Of so many connections the HMAC or the plain side ends its direction. All are reset there while the " +
				"target stands still. The target resets each at the other side, too.", Min: 2, Max: 2, Run: resetsVerb},
	}
}

func idleVerb(s *engine.Session, args []string) error {
	seen := s.Rec.Mark()
	for range engine.Integer(args[0]) {
		s.Rec.Back(seen)
		if _, err := join(s, "idle"); err != nil {
			return err
		}
	}
	return nil
}

// unprovenVerb opens connections that carry nothing.
func unprovenVerb(s *engine.Session, args []string) error {
	seen := s.Rec.Mark()
	for range engine.Integer(args[0]) {
		s.Rec.Back(seen)
		if err := openVerb(s, nil); err != nil {
			return err
		}
	}
	s.Rec.Note("%s connections, each with both Inits and nothing behind them", args[0])
	return nil
}

func crowdVerb(s *engine.Session, args []string) error {
	text := s.Texts(args[1:])
	quiet := engine.NewRecord() // each of them is like the others: none is evidence
	visits := peerOf(s.In).visited()
	var opened atomic.Int64
	var why atomic.Value // of one that was not opened
	var all sync.WaitGroup
	n := engine.Integer(args[0])
	s.In.Crowd += int(n)
	for range n {
		all.Go(func() {
			c, err := tcp.Connect(s, "", quiet)
			if err != nil {
				why.Store(err.Error()) // how many a target takes at once is its own choice
				return
			}
			opened.Add(1)
			if !isServer(s) {
				defer c.Close()
				arrived, err := peerOf(s.In).next(s.In.Process, s.Wait())
				if err != nil {
					return
				}
				c = &tcp.Conn{TCPConn: arrived, Rec: quiet}
			}
			c.Send(text, s.Wait())
			c.Close()
		})
	}
	all.Wait()
	if !isServer(s) {
		// One that the target opens too late for us would wait for an Init, and be taken for that of a later pair.
		for w := s.Wait(); peerOf(s.In).visited() < visits+int(opened.Load()) && !w.Over(); {
			time.Sleep(time.Millisecond)
		}
		peerOf(s.In).closeUntaken()
	}
	s.Rec.Note("%d of %s connections opened at once, %s sent on each", opened.Load(), args[0], engine.Shown(text))
	if reason := why.Load(); reason != nil {
		s.Rec.Note("one was not: %v", reason)
	}
	return nil
}

func announceVerb(s *engine.Session, args []string) error {
	if len(args) == 1 && args[0] != "-behind" {
		return engine.ErrUsage
	}
	const most, least = 300, 4
	var all []*hmacConn
	for announced, seen := uint64(0), s.Rec.Mark(); len(all) < least || len(all) < most && announced < 2*engine.MaxGrowth; {
		s.Rec.Back(seen)
		if err := openVerb(s, nil); err != nil {
			return err
		}
		h := of(s).pair.hmac
		if len(args) == 1 {
			h.Send(h.chunk([]byte("good")), s.Wait())
			if _, err := of(s).pair.plain.Exactly(len("good"), s.Wait()); err != nil {
				return engine.Blocked("a good Chunk does not come through: %v", err)
			}
		}
		h.Send(binary.BigEndian.AppendUint32(nil, h.theirs.ML), s.Wait())
		all, announced = append(all, h), announced+uint64(h.theirs.ML)
	}
	for _, h := range all {
		h.Conn.Apart(s.Reading())
	}
	s.Rec.Note("%d connections, on each an LD of %d and nothing behind it", len(all), of(s).pair.hmac.theirs.ML)
	return nil
}

// mostPoured is more than the sockets on the way can hold, and stallTime how long nothing is taken any more until
// nothing will be.
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

// pour sends what next gives, which is told how much was sent before, until that is nothing or the connection is
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
		case <-ended: // all was sent, or the target has ended the connection, which the next verbs judge
			open = false
		case <-time.After(time.Millisecond):
		}
		now := sent.Load()
		if empty, _ := proc.Received(c); empty || now != taken { // a target that has read all is only slow
			taken, since = now, stalled(s)
		}
	}
	s.Rec.Note("%s> %d bytes, until no more were taken", tcp.Prefix(c.Name), taken)
	return taken
}

// stalled is over when nothing was taken for so long.
func stalled(s *engine.Session) proc.Wait {
	return s.WaitSince(time.Now(), stallTime)
}

func carryVerb(s *engine.Session, args []string) error {
	if !(len(args) == 2 && slices.Contains([]string{"chunks", "plain", "both", "early"}, args[0])) {
		return engine.ErrUsage
	}
	n := int(engine.Integer(args[1]))
	results := make(chan error, 2)
	// So much is no evidence.
	of(s).pair.hmac.Rec, of(s).pair.plain.Rec = engine.NewRecord(), engine.NewRecord()
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

// carryIn sends Chunks and expects what they hold at the plain side.
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

func formerVerb(s *engine.Session, args []string) error {
	for n, seen := engine.Integer(args[0]), s.Rec.Mark(); n > 0; n-- {
		s.Rec.Back(seen)
		if err := openVerb(s, nil); err != nil {
			return err
		}
		if err := s.Do(args[1:]...); err != nil {
			return err
		}
		of(s).pair.close()
	}
	return nil
}

func resetsVerb(s *engine.Session, args []string) error {
	if !(args[0] == "chunks" || args[0] == "plain") {
		return engine.ErrUsage
	}
	var ends, others []*tcp.Conn // where they are reset, and where that has to be seen
	for seen := s.Rec.Mark(); len(ends) < int(engine.Integer(args[1])); {
		s.Rec.Back(seen)
		if err := openVerb(s, nil); err != nil {
			return err
		}
		end, other := of(s).pair.hmac.Conn, of(s).pair.plain
		if args[0] == "plain" {
			end, other = other, end
		}
		end.CloseWrite()
		if _, err := other.All(0, s.Wait()); err != nil {
			return engine.Blocked("the end of a direction is not passed on: %v", err)
		}
		ends, others = append(ends, end), append(others, other)
	}
	target := s.In.Process.Members()
	defer target.Proceed()
	if err := target.Pause(s.Wait()); err != nil {
		return engine.Inconclusive("%v", err)
	}
	for _, c := range ends {
		c.Abort()
	}
	target.Proceed()
	for _, c := range others {
		if err := tcp.Broken(s, c); err != nil {
			return err
		}
	}
	return nil
}
