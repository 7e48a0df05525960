package daemon

import (
	"bytes"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func overrunVerb(s *engine.Session, args []string) error {
	b, victim := backendNamed(s, args[0]), clientNamed(s, args[1], "")
	c, other := clientNamed(s, args[2], ""), backendNamed(s, args[4])
	stop, done, to := make(chan struct{}), make(chan struct{}), b.flows[victim.Name]
	go func() {
		defer close(done)
		for P := sockets.P(0x80, 0, sockets.UsualLength); ; {
			select {
			case <-stop:
				return
			default:
				b.WriteToUDPAddrPort(P, to)
			}
		}
	}()
	defer func() { close(stop); <-done }()
	mark := s.Rec.Mark()
	for w := s.Wait(); ; {
		s.Rec.Back(mark)
		c.up(args[3], other)
		arrived := false
		for step := s.Window(20 * time.Millisecond); !step.Over(); {
			if d, err := other.Next(step); err == nil && bytes.Equal(d.B, c.p) {
				other.flows[c.Name], arrived = d.From, true
				break
			}
		}
		if arrived {
			other.down(c)
			for step := s.Window(20 * time.Millisecond); !step.Over(); {
				if d, err := c.next(step); err == nil && bytes.Equal(d.B, other.Last) {
					return nil
				}
			}
		}
		if w.Over() {
			return s.Meaning(w, "a datagram of another session and its answer", engine.ErrLimit)
		}
	}
}

func torrentVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-stopped")
	if len(rest) != 4 {
		return engine.ErrUsage
	}
	c, b := clientNamed(s, rest[1], ""), backendNamed(s, rest[3])
	if o["-stopped"] != "" {
		members := s.In.Process.Members()
		if err := members.Pause(s.Wait()); err != nil {
			return engine.Inconclusive("%v", err)
		}
		defer drains(s, c, rest[2], b)
		defer members.Proceed()
	}
	mark := s.Rec.Mark()
	for range engine.Integer(rest[0]) {
		s.Rec.Back(mark)
		c.up(rest[2], b)
	}
	return nil
}
