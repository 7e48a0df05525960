package agent

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// A farEnd is the server's UDP port, where a client agent's datagrams go.
type farEnd struct {
	s      *engine.Session
	at     netip.Addr
	said   netip.Addr // at, as the agent is told it
	port   uint16
	socket *sockets.Socket // nil while it is away
}

// newFarEnd listens at a port that nobody gets while the far end is away. An IPv4 address may be given in IPv6's form.
func newFarEnd(s *engine.Session, at netip.Addr) (*farEnd, error) {
	text, err := sockets.FreePort()
	if err != nil {
		return nil, err
	}
	port, _ := strconv.Atoi(text)
	f := &farEnd{s: s, at: at.Unmap(), said: at, port: uint16(port)}
	if err := f.back(); err != nil {
		return nil, err
	}
	return f, nil
}

// farAtPort listens at that port. Others may want it at the same time, so it takes any loopback address, of which Linux
// has many.
func farAtPort(s *engine.Session, port uint16) (f *farEnd, err error) {
	random := netip.AddrFrom4([4]byte{127, 1, byte(rand.IntN(256)), byte(rand.IntN(256))})
	for _, at := range []netip.Addr{random, sockets.Loopback4} {
		f = &farEnd{s: s, at: at, said: at, port: port}
		if err = f.back(); err == nil {
			return f, nil
		}
	}
	return nil, err
}

// back listens, from the beginning or again.
func (f *farEnd) back() (err error) {
	f.socket, err = sockets.Bind(f.s, "far", netip.AddrPortFrom(f.at, f.port), "")
	return err
}

// tokenN is the N that tells a client agent of the far end's port.
func (f *farEnd) tokenN() string { return strconv.FormatUint(wire.WriteTokenN(f.port), 10) }

// away leaves; what is still on its way is lost.
func (f *farEnd) away() {
	f.socket.Close()
	f.socket = nil
}

// A localPort is a port of the real client, at the relay's loopback address, and what the agent has for it.
type localPort struct {
	*sockets.Socket
	outgoing netip.AddrPort // where the far end last saw its datagrams come from
	unheard  [][]byte       // what it has sent and the far end has not got
	lost     [][]byte       // what it has sent while the far end was away
	answers  [][]byte       // what the far end has sent and it has not got
	nonce    uint64
}

// local gives the client's port of that name, which it creates if need be.
func local(s *engine.Session, name string) (*localPort, error) {
	a := of(s)
	if l := a.locals[name]; l != nil {
		return l, nil
	}
	u, err := sockets.Bind(s, "local "+name, netip.AddrPortFrom(a.relay.Addr(), 0), "")
	if err != nil {
		return nil, err
	}
	a.locals[name] = &localPort{Socket: u}
	return a.locals[name], nil
}

// goes sends a P from the local port to the relay; the far end must get it.
func goes(s *engine.Session, l *localPort, length int) {
	P := sockets.P(0, l.nonce, length)
	l.nonce++
	l.unheard = append(l.unheard, P)
	l.Send(P, of(s).relay, 0)
}

// hears waits until the far end has got, after T, the oldest P of the local port that it lacks. It records what other
// local ports sent before that; what nobody sent is a violation.
func hears(s *engine.Session, l *localPort) error {
	a, w := of(s), s.Wait()
	T := a.t()
	for want := len(l.unheard) - 1; len(l.unheard) > want; {
		d, err := a.far.socket.Next(w)
		if err != nil {
			return s.Meaning(w, fmt.Sprintf("0x01, T and %s's datagram of %d bytes at the server's port", l.Name,
				len(l.unheard[0])), err)
		}
		header := append([]byte{1}, T[:]...)
		P, ok := bytes.CutPrefix(d.B, header)
		if !ok {
			return engine.Violation("expected 0x01 and T before each datagram, not %s",
				engine.Shown(d.B[:min(len(d.B), len(header))]))
		}
		if !a.heard(P, d.From) {
			return engine.Violation("the agent sends the server what no local port sent it in this form: %d bytes, %s",
				len(P), engine.Shown(P))
		}
	}
	return nil
}

// heard finds the local port that sent P, which came to the far end from that address.
func (a *part) heard(P []byte, from netip.AddrPort) bool {
	for _, l := range a.locals {
		if i := slices.IndexFunc(l.unheard, func(b []byte) bool { return bytes.Equal(b, P) }); i >= 0 {
			l.unheard, l.outgoing = slices.Delete(l.unheard, i, i+1), from
			return true
		}
		if slices.ContainsFunc(l.lost, func(b []byte) bool { return bytes.Equal(b, P) }) {
			return true // it was late
		}
	}
	return false
}

// answers sends a P from the far end to a local port's outgoing one; the local port must get it.
func answers(s *engine.Session, l *localPort, length int) {
	P := sockets.P(0x80, l.nonce, length)
	l.answers = append(l.answers, P)
	of(s).far.socket.Send(P, l.outgoing, 0)
}

// answered waits until the local port has got the oldest P sent to it; nothing else may come.
func gets(s *engine.Session, l *localPort) error {
	w, want := s.Wait(), l.answers[0]
	d, err := l.Next(w)
	switch {
	case err != nil:
		return s.Meaning(w, fmt.Sprintf("the server's answer of %d bytes at %s", len(want), l.Name), err)
	case d.From != of(s).relay:
		return engine.Violation("an answer comes to %s from %v, not from %v, where it sends to",
			l.Name, d.From, of(s).relay)
	case !bytes.Equal(d.B, want):
		return engine.Violation("expected at %s the server's answer of %d bytes, not %s", l.Name, len(want),
			engine.Difference(want, d.B))
	}
	l.answers = l.answers[1:]
	return nil
}

// outlets gives the outgoing ports that were seen and are still bound by somebody.
func (a *part) outlets() (bound []uint16) {
	for _, l := range a.locals {
		if sockets.Bindable(sockets.NetworkOf(l.outgoing.Addr()),
			netip.AddrPortFrom(netip.Addr{}, l.outgoing.Port())) != nil {
			bound = append(bound, l.outgoing.Port())
		}
	}
	return bound
}

// relayOf reads where the relay is from the last two arguments of the real client.
func relayOf(args []string) (netip.AddrPort, error) {
	if len(args) < 2 {
		return netip.AddrPort{}, fmt.Errorf("it has %d arguments", len(args))
	}
	return netip.ParseAddrPort(net.JoinHostPort(args[len(args)-2], args[len(args)-1]))
}
