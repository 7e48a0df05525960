package agent

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func farVerbs() []engine.Verb {
	return append(bitsVerbs(), []engine.Verb{
		{Name: "local", Usage: "NAMES sends|gets|talks ...",
			Help: "Actions of the real client's local ports. To talk is to send and then get an answer. After " +
				"sends, N sets the length of P; for TIME keeps sending for that time; bad FIRST N sends something " +
				"that the server must not get, with that first byte and length.",
			Max: -1, Run: alone(localStep)},
		{Name: "far hears", Usage: "NAMES",
			Help: "What these local ports have sent reaches the server's port after 0x01 and T, and nothing else " +
				"comes.", Max: -1, Run: alone(farHearsStep)},
		{Name: "far answers", Usage: "NAMES [N]",
			Help: "The server answers these local ports, with N bytes if N is given.",
			Max:  -1, Run: alone(farAnswersStep)},
		{Name: "far strays", Usage: "NAME ADDRESS|FIRST N",
			Help: "A stranger at another port of the server's host, or at ADDRESS and the server's port, sends to " +
				"the outgoing port of the local port; or the server itself sends something that is not an answer, " +
				"with the first byte FIRST and N bytes long.", Max: -1, Run: alone(farStraysStep)},
		{Name: "far is", Usage: "away|back|at ADDRESS|port N",
			Help: "Nobody is at the server's port (away); somebody is again (back); the server has that address " +
				"(at), or that port, at a loopback address where the port is free (port).",
			Max: -1, Run: alone(farIsStep)},
		{Name: "far shares", Usage: "its number",
			Help: "The port number that the real client was given is the server's.",
			Max:  -1, Run: alone(farSharesStep)},
		{Name: "far parts", Usage: "NAMES",
			Help: "The datagrams of these local ports come from different outgoing ports, one for each.",
			Max:  -1, Run: alone(farPartsStep)},
		{Name: "far counts", Usage: "N",
			Help: "Of the outgoing ports that the server has seen, at most N are open after a short time.",
			Max:  -1, Run: alone(farCountsStep)},
	}...)
}

func farSharesStep(s *engine.Session, a *part, args []string) error {
	if a.relay.Port() != a.far.port {
		return engine.Violation("expected the real client to be told port %d, the server's, not %d", a.far.port,
			a.relay.Port())
	}
	return nil
}

// names reads A, or 1..16, or 1,3..5.
func names(text string) (all []string) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "..")
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if !isRange || err1 != nil || err2 != nil {
			all = append(all, part)
			continue
		}
		for i := from; i <= to; i++ {
			all = append(all, strconv.Itoa(i))
		}
	}
	return all
}

// each does a step for each of the local ports.
func each(s *engine.Session, text string, step func(*localPort) error) error {
	all, mark := names(text), s.Rec.Mark()
	for i, name := range all {
		if i > 1 && i < len(all)-1 { // of many, the first and the last are enough
			s.Rec.Back(mark)
		}
		mark = s.Rec.Mark()
		l, err := local(s, name)
		if err != nil {
			return engine.Inconclusive("%v", err)
		}
		if err := step(l); err != nil {
			return err
		}
	}
	return nil
}

// lengthOf reads a P's length.
func lengthOf(args []string) int {
	if n, err := strconv.Atoi(strings.Join(args, "")); err == nil {
		return n
	}
	return sockets.UsualLength
}

func farHearsStep(s *engine.Session, a *part, args []string) error {
	return each(s, strings.Join(args, ""), func(l *localPort) error {
		if len(l.unheard) == 0 { // it came along with another's
			return nil
		}
		return hears(s, l)
	})
}

func farAnswersStep(s *engine.Session, a *part, args []string) error {
	return each(s, args[0], func(l *localPort) error {
		answers(s, l, lengthOf(args[1:]))
		return nil
	})
}

func farStraysStep(s *engine.Session, a *part, args []string) error {
	l, err := local(s, args[0])
	if err != nil || len(args) < 2 {
		return engine.ErrUsage
	}
	if len(args) == 3 {
		first, err := strconv.ParseUint(args[1], 0, 8)
		if err != nil {
			return engine.ErrUsage
		}
		a.far.socket.Send(sockets.P(byte(first), 0, lengthOf(args[2:])), l.outgoing, 0)
		return nil
	}
	at := netip.AddrPortFrom(a.far.at, 0)
	if args[1] != "port" {
		other, err := netip.ParseAddr(args[1])
		if err != nil {
			return engine.ErrUsage
		}
		at = netip.AddrPortFrom(other, a.far.port)
	}
	stranger, err := sockets.Bind(s, "stranger", at, "")
	if err != nil {
		return engine.Unsupported("this machine has no such address: %v", err)
	}
	stranger.Send(sockets.P(0x80, 0, sockets.UsualLength), l.outgoing, 0)
	stranger.Close() // for the next at this address
	return nil
}

func farIsStep(s *engine.Session, a *part, args []string) error {
	switch strings.Join(args[:1], "") {
	case "away":
		a.far.away()
	case "back":
		s.Rec.Apart(s.Reading(), func() (yes, known bool) { return proc.ReceivedAt(a.relay) })
		for _, l := range a.locals {
			l.lost, l.unheard = append(l.lost, l.unheard...), nil
		}
		if err := a.far.back(); err != nil {
			return engine.Inconclusive("%v", err)
		}
	case "port":
		port, err := strconv.ParseUint(strings.Join(args[1:], ""), 10, 16)
		if err != nil {
			return engine.ErrUsage
		}
		a.far.away()
		if a.far, err = farAtPort(s, uint16(port)); err != nil {
			return engine.Unsupported("%v", err)
		}
		s.Values["N"] = a.far.tokenN()
	case "at":
		at, err := netip.ParseAddr(args[1])
		if err != nil {
			return engine.ErrUsage
		}
		a.far.away()
		if a.far, err = newFarEnd(s, at); err != nil {
			return engine.Unsupported("this machine has no such address: %v", err)
		}
		s.Values["N"] = a.far.tokenN()
	default:
		return engine.ErrUsage
	}
	s.Rec.Note(". the server's port is %s", strings.Join(args, " "))
	return nil
}

func farPartsStep(s *engine.Session, a *part, args []string) error {
	seen := make(map[netip.AddrPort]string)
	return each(s, strings.Join(args, ""), func(l *localPort) error {
		if other := seen[l.outgoing]; other != "" {
			return engine.Violation("what %s and %s send comes from the same outgoing port, %v",
				other, l.Name, l.outgoing)
		}
		seen[l.outgoing] = l.Name
		return nil
	})
}

func farCountsStep(s *engine.Session, a *part, args []string) error {
	most := lengthOf(args)
	for w := s.Wait(); ; time.Sleep(time.Millisecond) {
		n := len(a.outlets())
		if n <= most {
			return nil
		}
		if w.Over() {
			return s.Meaning(w, fmt.Sprintf("at most %d open outgoing ports, not %d", most, n), engine.ErrLimit)
		}
	}
}
