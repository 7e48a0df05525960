package hmacsocket

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

func pairLoadVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "idle", Usage: "N",
			Help: "N peers connect to the target and send nothing.", Min: 1, Max: 1, Run: idleVerb},
		{Name: "unproven", Usage: "N [ADDRESS]",
			Help: "N peers connect to the target, from that IP address if it is given, send an Init and nothing more.",
			Min:  1, Max: 2, Run: unprovenVerb},
		{Name: "crowd", Usage: "N TEXT",
			Help: "Open N connections through the target at once, send the text at the HMAC side of each, and close " +
				"them.",
			Min: 2, Max: 2, Run: crowdVerb},
		{Name: "announce", Usage: "[-after]",
			Help: "On many connections, send an LD equal to the target's ML and nothing after it; with -after, " +
				"after a good Chunk.",
			Max: 1, Run: announceVerb},
		{Name: "stall", Usage: "chunks|plain",
			Help: "Send data into the HMAC side or the plain side and read nothing at the other until the target " +
				"stops reading.", Max: -1, Run: stallVerb},
		{Name: "carry", Usage: "chunks|plain|both|early N",
			Help: "N bytes that go in at the HMAC side come out at the plain side (chunks), the other way round " +
				"(plain), or both at once (both). With early, bytes go in at the plain side, and the suite sends " +
				"its Init only when the target stops reading.",
			Max: -1, Run: carryVerb},
		{Name: "former", Usage: "N VERB...",
			Help: "N times in a row: open a connection through the target, exchange both Inits, run VERB, and close " +
				"both sides.", Min: 2, Max: -1, Run: formerVerb},
		{Name: "resets", Usage: "chunks|plain N",
			Help: "On each of N connections, the HMAC side or the plain side ends its direction, and is then reset " +
				"while the target is stopped. The target must reset the other side of each.",
			Min: 2, Max: 2, Run: resetsVerb},
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
	if len(args) > 1 {
		from, err := netip.ParseAddr(args[1])
		if err != nil {
			return engine.ErrUsage
		}
		tcp.Of(s).From(from)
		defer tcp.Of(s).From(netip.Addr{})
	}
	seen := s.Rec.Mark()
	for range engine.Integer(args[0]) {
		s.Rec.Back(seen)
		if err := unproven(s); err != nil {
			return err
		}
	}
	s.Rec.Note("%s connections, each with both Inits and nothing after them", args[0])
	return nil
}

// unproven opens one. A server that waits for the client does not connect to its service.
func unproven(s *engine.Session) error {
	if !peerOf(s.In).waits {
		return openVerb(s, nil)
	}
	if err := connectVerb(s, nil); err != nil {
		return err
	}
	if err := initVerb(s, nil); err != nil {
		return err
	}
	return greetedVerb(s, nil)
}

func crowdVerb(s *engine.Session, args []string) error {
	text := s.Texts(args[1:])
	quiet := s.Rec.Quiet() // all are alike, so none is evidence
	visits := peerOf(s.In).visited()
	var opened atomic.Int64
	var why atomic.Value // of a connection that was not opened
	var all sync.WaitGroup
	n := engine.Integer(args[0])
	s.In.Crowd += int(n)
	for range n {
		all.Go(func() {
			c, err := tcp.Connect(s, "", quiet)
			if err != nil {
				why.Store(err.Error()) // a target chooses how many it takes at once
				return
			}
			opened.Add(1)
			if !isServer(s) {
				defer c.Close()
				arrived, err := peerOf(s.In).next(s.In.Process, s.Wait())
				if err != nil {
					return
				}
				c = (&tcp.Conn{TCPConn: arrived, Rec: quiet}).Accepted()
			}
			c.Send(text, s.Wait())
			c.Close()
		})
	}
	all.Wait()
	if !isServer(s) {
		// A connection that the target opens too late would wait for an Init, and be taken for a later pair's.
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
	if len(args) == 1 && args[0] != "-after" {
		return engine.ErrUsage
	}
	const most, least = 300, 4
	var all []*hmacConn
	announced, seen := uint64(0), s.Rec.Mark()
	for len(all) < least || len(all) < most && announced < 2*engine.MaxGrowth {
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
		all, announced = append(all, h), announced+uint64(h.theirs.ML)
	}
	if s.Forked() { // a process for each connection takes memory, whatever is announced
		if err := s.Do("measure"); err != nil {
			return err
		}
	}
	for _, h := range all {
		h.Send(binary.BigEndian.AppendUint32(nil, h.theirs.ML), s.Wait())
	}
	for _, h := range all {
		h.Conn.Apart(s.Reading())
	}
	s.Rec.Note("%d connections, on each an LD of %d and nothing after it", len(all), of(s).pair.hmac.theirs.ML)
	return nil
}

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
	var ends, others []*tcp.Conn // where they are reset, and where that must be seen
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
