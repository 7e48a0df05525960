package daemon

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// goodSession is the baseline of a daemon: a backend is registered for token mode, a client's P reaches it, and its
// answer the client.
func goodSession(s *engine.Session) error {
	began := time.Now()
	b, err := newBackend(s, "backend", netip.AddrPortFrom(sockets.Loopback4, 0))
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	c, err := newClient(s, "client", netip.AddrPortFrom(nearby(s), 0))
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	mode := mode(s)
	for w := s.Wait(); ; time.Sleep(engine.Moment) {
		a, err := register(s, b, mode.Bit)
		if err == nil {
			break
		}
		// The daemon may not know yet that the sessions of earlier scenarios are gone.
		if !engine.IsViolation(err) || a == nil || a.Refusal != wire.CodeLimit || w.Over() {
			return err
		}
	}
	if err := roundAtLast(s, c, mode.Name, b); err != nil {
		return err
	}
	s.Good(time.Since(began))
	return nil
}

// again is the time after which a datagram is sent once more, as mosh does.
const again = 100 * time.Millisecond

// briefFlow is a lifetime of a flow that may pass on a slow machine between a datagram and its answer.
const briefFlow = 2 * time.Second

// roundAtLast sends a P until it arrives: what the sessions of an earlier scenario took up may not be free yet. The
// answer has to arrive the first time, unless the daemon is told to forget clients so soon that the flow may be over by
// then.
func roundAtLast(s *engine.Session, c *client, mode string, b *backend) error {
	c.up(mode, b)
	for w, answer := s.Wait(), []byte(nil); ; {
		if err := comesAtLast(s, w, c, mode, b); err != nil {
			return err
		}
		if answer == nil {
			b.down(c)
			answer, w = b.Last, s.Wait()
		} else {
			b.Send(answer, b.flows[c.Name], 0)
		}
		wait := w
		if idle, err := time.ParseDuration(daemonIn(s.In).values[placeholderOf("flow-idle")]); err == nil &&
			idle < briefFlow {
			wait = s.Window(again)
		}
		switch d, err := c.next(wait); {
		case err == nil:
			return c.got(b, d)
		case err != engine.ErrLimit || w.Over():
			return s.Meaning(w, fmt.Sprintf("%s's answer at the client %s", b.Name, c.Name), err)
		}
		c.Send(upward(mode, b, c.p), c.to, 0)
	}
}

// comesAtLast sends the client's P again until it is at the backend.
func comesAtLast(s *engine.Session, w proc.Wait, c *client, mode string, b *backend) error {
	for {
		d, err := b.Next(s.Window(again))
		switch {
		case err == nil && bytes.Equal(d.B, c.p):
			b.flows[c.Name] = d.From
			return nil
		case err == nil:
			return engine.Violation("expected %s's datagram at the backend %s; another one came: %s", c.Name, b.Name,
				engine.Difference(c.p, d.B))
		case err != engine.ErrLimit || w.Over():
			return s.Meaning(w, fmt.Sprintf("%s's datagram at the backend %s", c.Name, b.Name), err)
		}
		c.Send(upward(mode, b, c.p), c.to, 0)
	}
}

// mode gives the mode of a good session: token, unless the scenario has turned that off.
func mode(s *engine.Session) sockets.Mode {
	for _, name := range []string{"token", "port", "learn"} {
		i := slices.IndexFunc(sockets.Modes, func(m sockets.Mode) bool { return m.Name == name })
		if on := daemonIn(s.In).values["modes"]; on == "" || strings.Contains(on, name) {
			return sockets.Modes[i]
		}
	}
	return sockets.Modes[0]
}

// nearby is an address from which a client can reach the daemon.
func nearby(s *engine.Session) netip.Addr {
	if at, err := reached(s); err == nil && at.Addr().Is6() {
		return netip.IPv6Loopback()
	}
	return sockets.Loopback4
}
