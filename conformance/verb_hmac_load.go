package conformance

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// idle N: so many peers are connected to the target, and send nothing.
func idleVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "idle N")
	s := of(ts)
	seen := s.rec.mark()
	for range integer(ts, args[0]) {
		s.rec.back(seen)
		if _, o, reason := s.join("idle"); o != Pass {
			s.end(ts, o, reason)
		}
	}
}

// crowd N TEXT: so many connections at once through the target, which get that text at their HMAC side, and go.
func crowdVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2, "crowd N TEXT")
	s, text := of(ts), texts(ts, args[1:])
	quiet := newRecord() // each of them is like the others: none is evidence
	var opened atomic.Int64
	var why atomic.Value // of one that was not opened
	var all sync.WaitGroup
	for range integer(ts, args[0]) {
		all.Go(func() {
			c, err := s.connect("", quiet)
			if err != nil {
				why.Store(err.Error()) // how many a target takes at once is its own choice
				return
			}
			opened.Add(1)
			if s.role == "hmacsocket-client" {
				defer c.Close()
				arrived, err := s.in.peer.next(s.in.process, s.wait())
				if err != nil {
					return
				}
				c = &tcpConn{TCPConn: arrived, rec: quiet}
			}
			c.send(text, s.wait())
			c.Close()
		})
	}
	all.Wait()
	if s.role == "hmacsocket-client" {
		s.in.peer.closeUntaken() // one that was opened too late for us would wait for an Init
	}
	s.rec.note("%d of %s connections opened at once, %s sent on each", opened.Load(), args[0], shown(text))
	if reason := why.Load(); reason != nil {
		s.rec.note("one was not: %v", reason)
	}
}

// announce: on many connections an LD as high as the target's ML comes, and nothing behind it.
func announceVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "announce")
	s := of(ts)
	const most, least = 300, 4
	var all []*hmacConn
	for announced, seen := uint64(0), s.rec.mark(); len(all) < least || len(all) < most && announced < 2*maxGrowth; {
		s.rec.back(seen)
		openVerb(ts, false, nil)
		h := s.pair.hmac
		h.send(binary.BigEndian.AppendUint32(nil, h.theirs.ML), s.wait())
		all, announced = append(all, h), announced+uint64(h.theirs.ML)
	}
	for _, h := range all {
		h.tcpConn.apart(s.run.readTime())
	}
	s.rec.note("%d connections, on each an LD of %d and nothing behind it", len(all), s.pair.hmac.theirs.ML)
}

// mostPoured is more than the sockets on the way can hold, and stallTime how long nothing is taken any more until nothing will be.
const mostPoured, stallTime = 96 << 20, 50 * time.Millisecond

// stall chunks|plain: send data into the HMAC or the plain side, and read nothing at the other, until the target takes no more.
func stallVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "chunks" || args[0] == "plain"), "stall chunks|plain")
	s := of(ts)
	c, part := s.pair.plain, pattern(s.pair.hmac.most())
	if args[0] == "chunks" {
		c = s.pair.hmac.tcpConn
	}
	var sent atomic.Int64
	c.SetWriteDeadline(time.Time{})
	go func() { // until the connection is closed
		for b := part; sent.Load() < mostPoured; {
			if args[0] == "chunks" {
				b = s.pair.hmac.chunk(part)
			}
			n, err := c.Write(b)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	last, since := int64(0), s.stalled()
	for last < mostPoured && !since.over() {
		time.Sleep(time.Millisecond)
		now := sent.Load()
		if empty, _ := received(c); empty || now != last { // a target that has read all is only slow
			last, since = now, s.stalled()
		}
	}
	s.rec.note("%s> %d bytes, until no more were taken", prefix(c.name), last)
	if last >= mostPoured {
		s.violation(ts, "the target took %d MiB that nobody has read", last>>20)
	}
}

// stalled is over when nothing was taken for so long.
func (s *session) stalled() wait {
	return wait{began: time.Now(), limit: stallTime, pulse: s.run.pulse}
}

// carry chunks|plain|both N: N bytes go in at the HMAC side and come out at the plain side, or the other way, or both at once.
func carryVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2 && (args[0] == "chunks" || args[0] == "plain" || args[0] == "both"), "carry chunks|plain|both N")
	s, n := of(ts), int(integer(ts, args[1]))
	type result struct {
		o      Outcome
		reason string
	}
	results := make(chan result, 2)
	// So much is no evidence.
	s.pair.hmac.rec, s.pair.plain.rec = newRecord(), newRecord()
	want, directions := pattern(n), 0
	if args[0] != "plain" {
		directions++
		go func() {
			o, reason := s.carryIn(want)
			results <- result{o, reason}
		}()
	}
	if args[0] != "chunks" {
		directions++
		go func() {
			o, reason := s.carryOut(want)
			results <- result{o, reason}
		}()
	}
	for range directions {
		if r := <-results; r.o != Pass {
			s.end(ts, r.o, r.reason)
		}
	}
	s.pair.hmac.rec, s.pair.plain.rec = s.rec, s.rec
	s.rec.note("%d bytes carried: %s", n, args[0])
}

// carryIn sends Chunks and expects what they hold at the plain side.
func (s *session) carryIn(want []byte) (Outcome, string) {
	h, w := s.pair.hmac, s.wait()
	go func() {
		for b := want; len(b) > 0; {
			n := min(len(b), h.most())
			if h.send(h.chunk(b[:n]), w) != nil {
				return
			}
			b = b[n:]
		}
	}()
	got, err := s.pair.plain.exactly(len(want), w)
	if err != nil {
		got = s.pair.plain.in
	}
	return s.same(w, fmt.Sprintf("(%d bytes) at the plain side", len(want)), want, got, err)
}

// carryOut sends into the plain side and expects the same in Chunks.
func (s *session) carryOut(want []byte) (Outcome, string) {
	w := s.wait()
	go s.pair.plain.send(want, w)
	got, err := s.pair.hmac.data(len(want), w)
	return s.same(w, fmt.Sprintf("(%d bytes) in Chunks", len(want)), want, got, err)
}
