package conformance

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/netip"
	"sync"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// udpParts is what a scenario of UDP mux has on both sides of its target, by the names of the script.
type udpParts struct {
	backends  map[string]*backend
	agents    map[string]*agentConn
	clients   map[string]*udpClient
	agent     *agentConn     // the one at work
	passed    netip.AddrPort // of the socket that another daemon got
	sources   []source       // that were seen
	shared    bool           // sockets that are bound now can be shared
	probed    bool           // unknown clients came through
	strangers int            // clients that have a number for a name

	mu     sync.Mutex
	opened []io.Closer
}

// keep takes note of what has to be closed.
func (u *udpParts) keep(c io.Closer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.opened = append(u.opened, c)
}

// close closes all: what was opened first, first. Backends are opened before their agents, so that the sessions end at once.
func (u *udpParts) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.opened {
		c.Close()
	}
	u.opened = nil
}

// A backend is the suite's stand-in for a mosh-server: its socket, and what it is registered with.
type backend struct {
	*udpSocket
	k     wire.K
	s     wire.S
	t     wire.T
	modes wire.Mode                 // that it is registered for
	at    netip.AddrPort            // where it was, if it has closed its socket
	id    uint32                    // of its session
	flows map[string]netip.AddrPort // where its clients were last seen, by their names
}

// bound is where the backend's socket is, or was.
func (b *backend) bound() netip.AddrPort {
	if b.at.IsValid() {
		return b.at
	}
	return b.address()
}

// A udpClient is a client.
type udpClient struct {
	*udpSocket
	nonce uint64 // of the next datagram
	to    netip.AddrPort
	p     []byte // the P sent last
	from  netip.AddrPort
}

var loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// newBackend binds a backend with a key of its own.
func (s *session) newBackend(name string, at netip.AddrPort) (*backend, error) {
	u, err := s.bindUDP(name, at)
	if err != nil {
		return nil, err
	}
	b := &backend{udpSocket: u, flows: make(map[string]netip.AddrPort)}
	rand.Read(b.k[:])
	b.s = wire.DeriveS(b.k)
	b.t = wire.DeriveT(b.s)
	if s.udp.backends == nil {
		s.udp.backends = make(map[string]*backend)
	}
	s.udp.backends[name] = b
	return b, nil
}

// newClient binds a client, which sends to the daemon at the address that it has at the client's kind of host.
func (s *session) newClient(name string, at netip.AddrPort) (*udpClient, error) {
	u, err := s.bindUDP(name, at)
	if err != nil {
		return nil, err
	}
	c := &udpClient{udpSocket: u}
	if c.to, err = s.in.external(loopback4); err != nil {
		return nil, err
	}
	if s.udp.clients == nil {
		s.udp.clients = make(map[string]*udpClient)
	}
	s.udp.clients[name] = c
	return c, nil
}

// upward puts P into the form of a mode. What the page's writer refuses is written all the same: the form's header, and P.
func upward(mode string, b *backend, P []byte) []byte {
	switch mode {
	case "token":
		return append(append([]byte{0x01}, b.t[:]...), P...)
	case "port":
		port := b.address().Port()
		return append([]byte{byte(port >> 8), byte(port)}, P...)
	}
	return P
}

// usualLength is that of a P where a scenario does not say another.
const usualLength = 60

// up sends a P from the client in the form of a mode for the backend, which learn does not need.
func (c *udpClient) up(mode string, b *backend) {
	c.p = p(0, c.nonce, usualLength)
	c.nonce++
	c.send(upward(mode, b, c.p), c.to, 0)
}

// arrives waits for the next datagram of the backend, which has to be the client's last P, and takes note of its source.
func (s *session) arrives(b *backend, c *udpClient, w wait) (datagram, Outcome, string) {
	d, err := b.next(w)
	for fence := s.udp.clients[fenceName]; err == nil && fence != nil && c != fence && bytes.Equal(d.b, fence.p); {
		d, err = b.next(w) // another backend's, in learn mode
	}
	if err != nil {
		o, reason := s.meaning(w, fmt.Sprintf("%s's datagram at the backend %s", c.name, b.name), err)
		return d, o, reason
	}
	if !bytes.Equal(d.b, c.p) {
		return d, Violation, fmt.Sprintf("expected %s's datagram at the backend %s, %d bytes; what came is another: %s",
			c.name, b.name, len(c.p), difference(c.p, d.b))
	}
	b.flows[c.name] = d.from
	return d, Pass, ""
}

// down sends a P from the backend to where it has seen the client.
func (b *backend) down(c *udpClient) {
	b.send(p(0x80, c.nonce, usualLength), b.flows[c.name], 0)
}

// answered waits for the next datagram of the client, which has to be the backend's last one.
func (s *session) answered(c *udpClient, b *backend, w wait) (datagram, Outcome, string) {
	d, err := c.next(w)
	if err != nil {
		o, reason := s.meaning(w, fmt.Sprintf("%s's answer at the client %s", b.name, c.name), err)
		return d, o, reason
	}
	c.from = d.from
	if !bytes.Equal(d.b, b.last) {
		return d, Violation, fmt.Sprintf("expected %s's answer at the client %s, %d bytes; what came is another: %s",
			b.name, c.name, len(b.last), difference(b.last, d.b))
	}
	return d, Pass, ""
}

// carries sends a P up and another one down.
func (s *session) carries(c *udpClient, mode string, b *backend) (Outcome, string) {
	c.up(mode, b)
	if _, o, reason := s.arrives(b, c, s.wait()); o != Pass {
		return o, reason
	}
	b.down(c)
	_, o, reason := s.answered(c, b, s.wait())
	return o, reason
}

// register speaks the page's conversation for the backend.
func (s *session) register(b *backend, modes wire.Mode) (*agentConn, Outcome, string) {
	a, err := s.dialAgent(b.name)
	if err != nil {
		return nil, Violation, fmt.Sprintf("connecting to the target's Unix socket failed: %v", err)
	}
	for _, step := range []struct{ send, want wire.Frame }{
		{wire.Frame{Type: wire.Hello, Version: wire.Version}, wire.Frame{Type: wire.Welcome}},
		{wire.Frame{Type: wire.Register, Modes: modes, Port: b.address().Port(), S: b.s}, wire.Frame{Type: wire.Registered}},
	} {
		w := s.wait()
		a.sendFrame(step.send, w)
		f, err := a.next(w)
		if err != nil {
			o, reason := s.meaning(w, fmt.Sprintf("%v in answer to %v", step.want.Type, step.send.Type), err)
			return a, o, reason
		}
		if a.refusal = f.Code; f.Type != step.want.Type {
			return a, Violation, fmt.Sprintf("expected %v in answer to %v, not %s", step.want.Type, step.send.Type, frameText(f))
		}
		b.id = f.ID
	}
	return a, Pass, ""
}
