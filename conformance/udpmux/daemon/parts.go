package daemon

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// part is what a daemon's scenario has on both sides of its target, by the names in the script.
type part struct {
	backends  map[string]*backend
	agents    map[string]*sockets.Conn
	clients   map[string]*client
	agent     *sockets.Conn // the one at work
	requests  map[*sockets.Conn]request
	passed    netip.AddrPort // of the first socket passed to another daemon
	sources   []source       // that were seen
	shared    bool           // sockets bound from now on can be shared
	probed    bool           // unknown clients have come through
	strangers int            // clients that are named by a number
	bytes     bool           // agents write byte by byte
	host      netip.Addr     // the daemon's, if clients send to another one than its first
	lists     int            // that were asked for
}

func newPart() engine.Part { return &part{} }

// Close does nothing: the session closes backends before their agents, in the order of opening, so that the daemon's
// sessions end at once.
func (*part) Close(*engine.Session) {}

func of(s *engine.Session) *part { return s.Part.(*part) }

// options are those of the sockets bound from now on.
func (u *part) options() string {
	if u.shared {
		return "both"
	}
	return ""
}

// A backend is the suite's stand-in for a mosh-server: its socket, and what it is registered with.
type backend struct {
	*sockets.Socket
	k      wire.K
	s      wire.S
	t      wire.T
	modes  wire.Mode                 // those that it is registered for
	at     netip.AddrPort            // where it was, if its socket is closed
	id     uint32                    // of its session
	flows  map[string]netip.AddrPort // where its clients were last seen, by their names
	idle   uint32                    // its session, when it was listed last
	listed time.Time                 // that was
}

// bound is where the backend's socket is, or was.
func (b *backend) bound() netip.AddrPort {
	if b.at.IsValid() {
		return b.at
	}
	return b.Address()
}

// A client is a client of the daemon.
type client struct {
	*sockets.Socket
	nonce uint64 // of the next datagram
	to    netip.AddrPort
	p     []byte // the P sent last
	from  netip.AddrPort
	// late are answers that did not come in time. They may still come, and mean nothing then.
	late [][]byte
}

// next gives the next datagram that is not late.
func (c *client) next(w proc.Wait) (sockets.Datagram, error) {
	for {
		d, err := c.Socket.Next(w)
		i := slices.IndexFunc(c.late, func(b []byte) bool { return bytes.Equal(b, d.B) })
		if err != nil || i < 0 {
			return d, err
		}
		c.late = slices.Delete(c.late, i, i+1)
	}
}

// newBackend binds a backend with a key of its own.
func newBackend(s *engine.Session, name string, at netip.AddrPort) (*backend, error) {
	u, err := sockets.Bind(s, name, at, of(s).options())
	if err != nil {
		return nil, err
	}
	b := &backend{Socket: u, flows: make(map[string]netip.AddrPort)}
	rand.Read(b.k[:])
	b.s = wire.DeriveS(b.k)
	b.t = wire.DeriveT(b.s)
	if of(s).backends == nil {
		of(s).backends = make(map[string]*backend)
	}
	of(s).backends[name] = b
	return b, nil
}

// newClient binds a client, which sends to the daemon's address on a host of the client's kind.
func newClient(s *engine.Session, name string, at netip.AddrPort) (*client, error) {
	u, err := sockets.Bind(s, name, at, of(s).options())
	if err != nil {
		return nil, err
	}
	c := &client{Socket: u}
	if c.to, err = reached(s); err != nil {
		return nil, err
	}
	if c.to.Addr().Is6() != at.Addr().Is6() { // the script names the client's address
		c.to, err = external(s.In, sockets.Loopback4)
		if c.to.Addr().Is6() && at.Addr().Is4() { // the listener serves both families
			c.to = netip.AddrPortFrom(sockets.Loopback4, c.to.Port())
		}
	}
	if err != nil {
		return nil, err
	}
	if of(s).clients == nil {
		of(s).clients = make(map[string]*client)
	}
	of(s).clients[name] = c
	return c, nil
}

// upward puts P into the form of a mode. What the page's writer refuses is written all the same: the header, and P.
func upward(mode string, b *backend, P []byte) []byte {
	switch mode {
	case "token":
		return append(append([]byte{0x01}, b.t[:]...), P...)
	case "port":
		port := b.Address().Port()
		return append([]byte{byte(port >> 8), byte(port)}, P...)
	}
	return P
}

// up sends a P from the client in the form of a mode for the backend, which learn does not need.
func (c *client) up(mode string, b *backend) {
	c.p = sockets.P(0, c.nonce, sockets.UsualLength)
	c.nonce++
	c.Send(upward(mode, b, c.p), c.to, 0)
}

// arrives waits for the backend's next datagram, which must be the client's last P, and records its source.
func arrives(s *engine.Session, b *backend, c *client, w proc.Wait) (sockets.Datagram, error) {
	d, err := b.Next(w)
	for fence := of(s).clients[fenceName]; err == nil && fence != nil && c != fence && bytes.Equal(d.B, fence.p); {
		d, err = b.Next(w) // in learn mode it may be for another backend
	}
	if err != nil {
		err := s.Meaning(w, fmt.Sprintf("%s's datagram at the backend %s", c.Name, b.Name), err)
		return d, err
	}
	if !bytes.Equal(d.B, c.p) {
		return d, engine.Violation("expected %s's datagram at the backend %s, %d bytes; another one came: %s",
			c.Name, b.Name, len(c.p), engine.Difference(c.p, d.B))
	}
	b.flows[c.Name] = d.From
	return d, nil
}

// down sends a P from the backend to where it has seen the client.
func (b *backend) down(c *client) {
	b.Send(sockets.P(0x80, c.nonce, sockets.UsualLength), b.flows[c.Name], 0)
}

// answered waits for the client's next datagram, which must be the backend's last one.
func answered(s *engine.Session, c *client, b *backend, w proc.Wait) (sockets.Datagram, error) {
	d, err := c.next(w)
	if err != nil {
		return d, s.Meaning(w, fmt.Sprintf("%s's answer at the client %s", b.Name, c.Name), err)
	}
	return d, c.got(b, d)
}

// got checks a datagram that came to the client, which must be the backend's last one.
func (c *client) got(b *backend, d sockets.Datagram) error {
	c.from = d.From
	if !bytes.Equal(d.B, b.Last) {
		return engine.Violation("expected %s's answer at the client %s, %d bytes; another one came: %s",
			b.Name, c.Name, len(b.Last), engine.Difference(b.Last, d.B))
	}
	return nil
}

// carries sends a P up and another one down.
func carries(s *engine.Session, c *client, mode string, b *backend) error {
	c.up(mode, b)
	if _, err := arrives(s, b, c, s.Wait()); err != nil {
		return err
	}
	b.down(c)
	_, err := answered(s, c, b, s.Wait())
	return err
}

// register speaks the page's conversation for the backend.
func register(s *engine.Session, b *backend, modes wire.Mode) (*sockets.Conn, error) {
	a, err := dialAgent(s, b.Name)
	if err != nil {
		return nil, engine.Violation("connecting to the target's Unix socket failed: %v", err)
	}
	for _, step := range []struct{ send, want wire.Frame }{
		{wire.Frame{Type: wire.Hello, Version: wire.Version}, wire.Frame{Type: wire.Welcome}},
		{wire.Frame{Type: wire.Register, Modes: modes, Port: b.Address().Port(), S: b.s},
			wire.Frame{Type: wire.Registered}},
	} {
		w := s.Wait()
		a.SendFrame(step.send, w)
		f, err := a.Next(w)
		if err != nil {
			err := s.Meaning(w, fmt.Sprintf("%v in answer to %v", step.want.Type, step.send.Type), err)
			return a, err
		}
		if a.Refusal = f.Code; f.Type != step.want.Type {
			return a, engine.Violation("expected %v in answer to %v, not %s", step.want.Type, step.send.Type,
				sockets.FrameText(f))
		}
		b.id = f.ID
	}
	return a, nil
}

// A request is what an agent has asked for: the backend has the modes once the daemon agrees.
type request struct {
	backend *backend
	modes   wire.Mode
}

// asks records what the agent at work asks for.
func asks(s *engine.Session, b *backend, modes wire.Mode) {
	p := of(s)
	if p.requests == nil {
		p.requests = make(map[*sockets.Conn]request)
	}
	p.requests[p.agent] = request{b, modes}
}
