package conformance

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

var farSteps = map[string]agentStep{
	"hears": farHearsStep, "answers": farAnswersStep, "strays": farStraysStep, "is": farIsStep, "parts": farPartsStep, "counts": farCountsStep,
}

// local NAMES sends|gets|talks ...: what the real client's local ports do. To talk is to send and to get an answer, one after the other.
func localStep(s *session, a *agentPart, args []string) (Outcome, string) {
	switch {
	case len(args) >= 2 && args[1] == "sends":
		return s.localSends(args[0], args[2:])
	case len(args) == 2 && args[1] == "gets":
		return s.localGets(args[0])
	case len(args) == 2 && args[1] == "talks":
		return s.each(args[0], s.talks)
	}
	return badStep("local NAMES sends [N|bad FIRST N], local NAMES gets|talks")
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
func (s *session) each(text string, step func(*localPort) (Outcome, string)) (Outcome, string) {
	all, mark := names(text), s.rec.mark()
	for i, name := range all {
		if i > 1 && i < len(all)-1 { // of many, the first and the last say enough
			s.rec.back(mark)
		}
		mark = s.rec.mark()
		l, err := s.local(name)
		if err != nil {
			return Inconclusive, err.Error()
		}
		if o, reason := step(l); o != Pass {
			return o, reason
		}
	}
	return Pass, ""
}

// lengthOf reads a P's length.
func lengthOf(args []string) int {
	if n, err := strconv.Atoi(strings.Join(args, "")); err == nil {
		return n
	}
	return usualLength
}

// local NAMES sends [N|bad FIRST N]: these local ports of the real client send the relay a P, of N bytes; one that the server must not get, with
// that first byte.
func (s *session) localSends(names string, args []string) (Outcome, string) {
	if len(args) == 3 && args[0] == "bad" {
		first, err := strconv.ParseUint(args[1], 0, 8)
		if err != nil {
			return badStep("local NAMES sends bad FIRST N")
		}
		return s.each(names, func(l *localPort) (Outcome, string) {
			l.send(p(byte(first), l.nonce, lengthOf(args[2:])), s.agent.relay, 0)
			return Pass, ""
		})
	}
	return s.each(names, func(l *localPort) (Outcome, string) {
		s.goes(l, lengthOf(args))
		return Pass, ""
	})
}

// talks sends a P from the local port, and an answer to it.
func (s *session) talks(l *localPort) (Outcome, string) {
	s.goes(l, usualLength)
	if o, reason := s.hears(l); o != Pass {
		return o, reason
	}
	s.answers(l, usualLength)
	return s.gets(l)
}

// local NAMES gets: the server's answers come to these local ports, and nothing before them.
func (s *session) localGets(names string) (Outcome, string) {
	return s.each(names, func(l *localPort) (Outcome, string) {
		if len(l.answers) == 0 {
			return badStep("far answers NAME, local NAME gets")
		}
		return s.gets(l)
	})
}

// far hears NAMES: what these local ports have sent comes to the server's port behind 0x01 and T, and nothing that nobody sent.
func farHearsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	return s.each(strings.Join(args, ""), func(l *localPort) (Outcome, string) {
		if len(l.unheard) == 0 { // it came together with another's
			return Pass, ""
		}
		return s.hears(l)
	})
}

// far answers NAMES [N]: the server answers these local ports, with N bytes.
func farAnswersStep(s *session, a *agentPart, args []string) (Outcome, string) {
	return s.each(args[0], func(l *localPort) (Outcome, string) {
		s.answers(l, lengthOf(args[1:]))
		return Pass, ""
	})
}

// far strays NAME ADDRESS|FIRST N: somebody at another port of the server's host, or at that address and the server's port, sends to the local
// port's outgoing one; or the server sends what is no answer, with that first byte and of N bytes.
func farStraysStep(s *session, a *agentPart, args []string) (Outcome, string) {
	l, err := s.local(args[0])
	if err != nil || len(args) < 2 {
		return badStep("far strays NAME port|ADDRESS|FIRST N")
	}
	if len(args) == 3 {
		first, err := strconv.ParseUint(args[1], 0, 8)
		if err != nil {
			return badStep("far strays NAME FIRST N")
		}
		a.far.socket.send(p(byte(first), 0, lengthOf(args[2:])), l.outgoing, 0)
		return Pass, ""
	}
	at := netip.AddrPortFrom(a.far.at, 0)
	if args[1] != "port" {
		other, err := netip.ParseAddr(args[1])
		if err != nil {
			return badStep("far strays NAME port|ADDRESS")
		}
		at = netip.AddrPortFrom(other, a.far.port)
	}
	stranger, err := s.bindUDP("stranger", at)
	if err != nil {
		return Unsupported, fmt.Sprintf("this machine has no such address: %v", err)
	}
	stranger.send(p(0x80, 0, usualLength), l.outgoing, 0)
	return Pass, ""
}

// far is away|back|at ADDRESS: nobody is at the server's port; somebody is again; the server has that address.
func farIsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	switch strings.Join(args[:1], "") {
	case "away":
		a.far.away()
	case "back":
		s.untilRead(a.relay)
		for _, l := range a.locals {
			l.lost, l.unheard = append(l.lost, l.unheard...), nil
		}
		if err := a.far.back(); err != nil {
			return Inconclusive, err.Error()
		}
	case "at":
		at, err := netip.ParseAddr(args[1])
		if err != nil {
			return badStep("far is at ADDRESS")
		}
		a.far.away()
		if a.far, err = s.newFarEnd(at); err != nil {
			return Unsupported, fmt.Sprintf("this machine has no such address: %v", err)
		}
		s.values["N"] = strconv.FormatUint(wire.WriteTokenN(a.far.port), 10)
	default:
		return badStep("far is away|back|at ADDRESS")
	}
	s.rec.note(". the server's port is %s", strings.Join(args, " "))
	return Pass, ""
}

// untilRead waits until what was sent to a UDP socket has been read.
func (s *session) untilRead(at netip.AddrPort) {
	for w := window(s.run.readTime()); !w.over(); time.Sleep(50 * time.Microsecond) {
		if n, known := unread(at); !known {
			time.Sleep(udpMoment)
			return
		} else if n == 0 {
			return
		}
	}
}

// far parts NAMES: the datagrams of these local ports come from as many outgoing ports.
func farPartsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	seen := make(map[netip.AddrPort]string)
	return s.each(strings.Join(args, ""), func(l *localPort) (Outcome, string) {
		if other := seen[l.outgoing]; other != "" {
			return Violation, fmt.Sprintf("what %s and %s send comes from the same outgoing port, %v", other, l.name, l.outgoing)
		}
		seen[l.outgoing] = l.name
		return Pass, ""
	})
}

// far counts N: of the outgoing ports that the server has seen, soon not more than N are still open.
func farCountsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	most := lengthOf(args)
	for w := s.wait(); ; time.Sleep(time.Millisecond) {
		n := len(a.outlets())
		if n <= most {
			return Pass, ""
		}
		if w.over() {
			return s.meaning(w, fmt.Sprintf("at most %d outgoing ports that are open, not %d", most, n), errLimit)
		}
	}
}
