package conformance

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// A farEnd is the server's UDP port, where a client agent's datagrams go to.
type farEnd struct {
	s      *session
	at     netip.Addr
	port   uint16
	socket *udpSocket // nil while it is away
}

// newFarEnd listens at a port that nobody gets while the far end is away.
func (s *session) newFarEnd(at netip.Addr) (*farEnd, error) {
	text, err := freeUDPPort()
	if err != nil {
		return nil, err
	}
	port, _ := strconv.Atoi(text)
	f := &farEnd{s: s, at: at, port: uint16(port)}
	if err := f.back(); err != nil {
		return nil, err
	}
	return f, nil
}

// back listens, from the beginning or again.
func (f *farEnd) back() (err error) {
	f.socket, err = f.s.bindUDP("far", netip.AddrPortFrom(f.at, f.port))
	return err
}

// away leaves; what was sent and did not come yet is lost.
func (f *farEnd) away() {
	f.socket.Close()
	f.socket = nil
}

// A localPort is one of the real client's, at the relay's loopback address, and what the agent has for it.
type localPort struct {
	*udpSocket
	outgoing netip.AddrPort // where the far end last saw its datagrams come from
	unheard  [][]byte       // what it has sent and the far end has not got
	lost     [][]byte       // what it has sent while nobody was there
	answers  [][]byte       // what the far end has sent and it has not got
	nonce    uint64
}

// local gives the client's port of that name; it comes into being where it is not there yet.
func (s *session) local(name string) (*localPort, error) {
	a := s.agent
	if l := a.locals[name]; l != nil {
		return l, nil
	}
	u, err := s.bindUDP("local "+name, netip.AddrPortFrom(a.relay.Addr(), 0))
	if err != nil {
		return nil, err
	}
	a.locals[name] = &localPort{udpSocket: u}
	return a.locals[name], nil
}

// goes sends a P from the local port to the relay; the far end has to get it.
func (s *session) goes(l *localPort, length int) {
	P := p(0, l.nonce, length)
	l.nonce++
	l.unheard = append(l.unheard, P)
	l.send(P, s.agent.relay, 0)
}

// hears waits until the far end has got what the local port sent first of what it has not got yet, behind T. What comes of other
// local ports before it is taken note of; what nobody sent is a violation.
func (s *session) hears(l *localPort) (Outcome, string) {
	a, w := s.agent, s.wait()
	T := a.t()
	for want := len(l.unheard) - 1; len(l.unheard) > want; {
		d, err := a.far.socket.next(w)
		if err != nil {
			return s.meaning(w, fmt.Sprintf("at the server's port 0x01, T and %s's datagram of %d bytes", l.name, len(l.unheard[0])), err)
		}
		header := append([]byte{1}, T[:]...)
		P, ok := bytes.CutPrefix(d.b, header)
		if !ok {
			return Violation, fmt.Sprintf("expected 0x01 and T in front of each datagram, not %s", shown(d.b[:min(len(d.b), len(header))]))
		}
		if !a.heard(P, d.from) {
			return Violation, fmt.Sprintf("the agent sends to the server what no local port has sent it in this form: %d bytes, %s", len(P), shown(P))
		}
	}
	return Pass, ""
}

// heard finds the local port that sent P, which came to the far end from that address.
func (a *agentPart) heard(P []byte, from netip.AddrPort) bool {
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

// answers sends a P from the far end to the outgoing port of a local one, which has to get it.
func (s *session) answers(l *localPort, length int) {
	P := p(0x80, l.nonce, length)
	l.answers = append(l.answers, P)
	s.agent.far.socket.send(P, l.outgoing, 0)
}

// answered waits until the local port has got what was sent to it first; nothing else may come.
func (s *session) gets(l *localPort) (Outcome, string) {
	w, want := s.wait(), l.answers[0]
	d, err := l.next(w)
	switch {
	case err != nil:
		return s.meaning(w, fmt.Sprintf("the server's answer of %d bytes at %s", len(want), l.name), err)
	case d.from != s.agent.relay:
		return Violation, fmt.Sprintf("an answer comes to %s from %v, not from %v, where it sends to", l.name, d.from, s.agent.relay)
	case !bytes.Equal(d.b, want):
		return Violation, fmt.Sprintf("expected at %s the server's answer of %d bytes, not %s", l.name, len(want), difference(want, d.b))
	}
	l.answers = l.answers[1:]
	return Pass, ""
}

// outlets gives the outgoing ports that were seen and are still bound by somebody.
func (a *agentPart) outlets() (bound []uint16) {
	for _, l := range a.locals {
		network := map[bool]string{true: "udp4", false: "udp6"}[l.outgoing.Addr().Is4()]
		if bindable(network, netip.AddrPortFrom(netip.Addr{}, l.outgoing.Port())) != nil {
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

// relayAddress is where a relay has to be: ::1 where there is that.
func relayAddress() netip.Addr {
	c, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		return loopback4
	}
	c.Close()
	return netip.IPv6Loopback()
}
