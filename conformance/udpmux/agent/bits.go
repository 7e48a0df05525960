package agent

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func bitsVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "far marks", Usage: "up|down NAME BITS,...",
			Help: "The local port sends the server a datagram with each of these ECN bits (up), or the server " +
				"answers with them (down), and each arrives with the same bits. A value of more than two bits is " +
				"the whole byte, and its last two bits count.",
			Max: -1, Run: alone(marksStep)},
		{Name: "far unfixed", Usage: "NAME",
			Help: "A datagram from the local port leaves the relay in an IPv4 packet with DF clear.",
			Max:  -1, Run: alone(farUnfixedStep)},
	}
}

func marksStep(s *engine.Session, a *part, args []string) error {
	if len(args) != 3 || args[0] != "up" && args[0] != "down" {
		return engine.ErrUsage
	}
	if !sockets.SeesECN {
		return engine.Unsupported("this system does not show ECN bits")
	}
	l, err := local(s, args[1])
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	for text := range strings.SplitSeq(args[2], ",") {
		bits, err := strconv.ParseUint(text, 0, 8)
		if err != nil {
			return engine.ErrUsage
		}
		ecn := int(bits)
		to, want := l.Socket, sockets.P(0x80, l.nonce, sockets.UsualLength)
		if args[0] == "up" {
			to = a.far.socket
			want = l.up(s, ecn)
		} else {
			a.far.socket.Send(want, l.outgoing, ecn)
		}
		w := s.Wait()
		d, err := to.Next(w)
		switch {
		case err != nil:
			return s.Meaning(w, "the datagram at the other end", err)
		case !bytes.Equal(d.B, want):
			return engine.Violation("expected the datagram at the other end, not %s", engine.Difference(want, d.B))
		case d.Ecn != ecn&3:
			return engine.Violation("expected the ECN bits %d at the other end, not %d", ecn&3, d.Ecn)
		}
	}
	return nil
}

// up sends a P from the local port, and gives what the server must get.
func (l *localPort) up(s *engine.Session, ecn int) []byte {
	T, P := of(s).t(), sockets.P(0, l.nonce, sockets.UsualLength)
	l.nonce++
	l.Send(P, of(s).relay, ecn)
	return append(append([]byte{1}, T[:]...), P...)
}

func farUnfixedStep(s *engine.Session, a *part, args []string) error {
	l, err := local(s, strings.Join(args, ""))
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	w := s.Wait()
	df, err := sockets.SawDF(a.far.port, w, func() []byte { return l.up(s, 0) })
	switch {
	case err == engine.ErrLimit:
		return s.Meaning(w, "the packet of a datagram", err)
	case err != nil:
		return engine.Unsupported("looking at packets: %v", err)
	case df:
		return engine.Violation("the datagram's packet has DF set")
	}
	return nil
}
