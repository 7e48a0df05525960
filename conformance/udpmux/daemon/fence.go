package daemon

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// fence sends another client's datagram after all that was sent so far, and gives what came to the backend before it.
func fence(s *engine.Session, b *backend) (before []sockets.Datagram) {
	c := clientNamed(s, fenceName, "")
	mode := "learn"
	for _, m := range []sockets.Mode{{Name: "token", Bit: wire.ModeToken}, {Name: "port", Bit: wire.ModePort}} {
		if b.modes&m.Bit != 0 {
			mode = m.Name
			break
		}
	}
	c.up(mode, b)
	w := s.Wait()
	for {
		d, err := b.Next(w)
		switch {
		case err != nil:
			engine.Must(s.Meaning(w, fmt.Sprintf("a good datagram after the others at the backend %s", b.Name), err))
		case bytes.Equal(d.B, c.p):
			b.flows[c.Name] = d.From
			return before
		default:
			before = append(before, d)
		}
	}
}

func emptyVerb(s *engine.Session, args []string) error {
	for _, name := range args {
		var came []sockets.Datagram
		if b := of(s).backends[name]; b != nil {
			came = fence(s, b)
		} else {
			came = fenceClient(s, clientNamed(s, name, ""))
		}
		if len(came) > 0 {
			return engine.Violation("expected nothing to come to %s; %d bytes came from %v: %s", name, len(came[0].B),
				came[0].From, engine.Shown(came[0].B))
		}
	}
	return nil
}

// fenceClient carries a good datagram of the client to an idle backend, and an answer back; it gives what came to the
// client before that.
func fenceClient(s *engine.Session, c *client) (before []sockets.Datagram) {
	b := of(s).backends[fenceName]
	if b == nil {
		b = bindBackend(s, fenceName, netip.AddrPortFrom(sockets.Loopback4, 0))
		enroll(s, b, mode(s).Bit)
	}
	old := c.p
	defer func() { c.p = old }()
	c.up(mode(s).Name, b)
	if _, err := arrives(s, b, c, s.Wait()); err != nil {
		engine.Must(err)
	}
	b.down(c)
	w := s.Wait()
	for {
		d, err := c.next(w)
		switch {
		case err != nil:
			engine.Must(s.Meaning(w, fmt.Sprintf("a good answer after all others at the client %s", c.Name), err))
		case bytes.Equal(d.B, b.Last):
			return before
		default:
			before = append(before, d)
		}
	}
}

// drains sends datagrams until one arrives: there is room again for what comes. It ends when one sent after that has
// arrived, which comes last.
func drains(s *engine.Session, c *client, mode string, b *backend) {
	mark, sent := s.Rec.Mark(), make(map[string]bool)
	for w := s.WaitFor(drainTime); !w.Over(); s.Rec.Back(mark) {
		c.up(mode, b)
		sent[string(c.p)] = true
		const moment = 50 * time.Millisecond
		for step := s.Window(moment); !step.Over(); {
			d, err := b.Next(step)
			if err != nil || !sent[string(d.B)] {
				continue
			}
			s.Rec.Back(mark)
			c.up(mode, b)
			for last := s.Wait(); !last.Over(); {
				if d, err := b.Next(last); err == nil && bytes.Equal(d.B, c.p) {
					b.There()
					return
				}
			}
		}
	}
	engine.Must(engine.Inconclusive("nothing came through in time after many datagrams"))
}

// drainTime is what a full receive buffer takes on a busy machine, besides what one datagram may take.
const drainTime = 5 * time.Second
