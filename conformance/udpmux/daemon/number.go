package daemon

import (
	"fmt"
	"net/netip"
	"regexp"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func numberVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "overtaken", Usage: "NAME...",
			Help: "These backends close their sockets, and other sockets bind the same ports. The names then stand " +
				"for the new sockets.",
			Min: 1, Max: -1, Run: overtakenVerb},
		{Name: "wasted", Usage: "N up|astray|down CLIENT BACKEND",
			Help: "The client sends the daemon N datagrams of one byte (up), or N good ones for a token that no " +
				"session has (astray); or the backend sends N datagrams of one byte to where it last saw the client " +
				"(down). The verb ends when the daemon has handled all of them.", Min: 4, Max: 4, Run: wastedVerb},
	}
}

// numbered is a range of names, such as s1..20.
var numbered = regexp.MustCompile(`^([a-z]+)([0-9]+)\.\.([0-9]+)$`)

// namesIn writes out ranges of names.
func namesIn(words []string) (names []string) {
	for _, word := range words {
		m := numbered.FindStringSubmatch(word)
		if m == nil {
			names = append(names, word)
			continue
		}
		for i := engine.Integer(m[2]); i <= engine.Integer(m[3]); i++ {
			names = append(names, fmt.Sprint(m[1], i))
		}
	}
	return names
}

func overtakenVerb(s *engine.Session, args []string) error {
	names, mark := namesIn(args), s.Rec.Mark()
	for _, name := range names {
		s.Rec.Back(mark)
		if err := vacateVerb(s, []string{name}); err != nil {
			return err
		}
	}
	for _, name := range names {
		s.Rec.Back(mark)
		old := backendNamed(s, name)
		bindBackend(s, name, netip.AddrPortFrom(sockets.Loopback4, old.bound().Port()))
		of(s).backends["before"] = old
		if err := inheritsVerb(s, []string{name, "before"}); err != nil {
			return err
		}
	}
	return nil
}

func wastedVerb(s *engine.Session, args []string) error {
	c, b := clientNamed(s, args[2], ""), backendNamed(s, args[3])
	from, to, D := c.Socket, c.to, []byte{1}
	switch args[1] {
	case "up":
	case "astray":
		D = upward("token", flipped(b, map[string]string{"-flip": "14"}), sockets.P(0, 0, sockets.UsualLength))
	case "down":
		from, to = b.Socket, b.flows[c.Name]
	default:
		return engine.ErrUsage
	}
	const atOnce = 200 // fewer than any receive buffer holds
	mark := s.Rec.Mark()
	for i := range engine.Integer(args[0]) {
		if i%atOnce == 0 {
			s.Rec.Back(mark)
			if err := looked(s, args[1], c, b); err != nil {
				return err
			}
		}
		if _, err := from.WriteToUDPAddrPort(D, to); err != nil {
			return engine.Inconclusive("sending: %v", err)
		}
	}
	return looked(s, args[1], c, b)
}

// looked waits until the daemon has looked at all that was sent in that direction.
func looked(s *engine.Session, way string, c *client, b *backend) error {
	if way != "down" {
		fence(s, b)
		return nil
	}
	b.down(c)
	_, err := answered(s, c, b, s.Wait())
	return err
}
