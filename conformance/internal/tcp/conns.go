// Package tcp has connections to a target over TCP, and the verbs of streams that scenarios of several protocols have:
// dial, send, expect, closed, flood and so on. A role whose part has [Conns] can use them.
package tcp

import (
	"net"
	"net/netip"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// Conns are the connections of a scenario, which the part of a role with the verbs of streams has.
type Conns struct {
	named map[string]*Conn
	Cur   *Conn    // the one at work
	shape shape    // of connections yet to be opened
	at    string   // where they go, if not to the instance's own address
	from  net.Addr // where they come from; nil: the system chooses
}

// At says where the connections go that are opened from here on.
func (c *Conns) At(address string) { c.at = address }

// From lets connections come from an IP address of this machine from now on, or again from one that the system chooses
// if it is invalid.
func (c *Conns) From(ip netip.Addr) {
	if c.from = nil; ip.IsValid() {
		c.from = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
	}
}

func NewConns() *Conns { return &Conns{named: make(map[string]*Conn)} }

// Connections is how the verbs find a part's connections.
func (c *Conns) Connections() *Conns { return c }

// Of gives the session's connections.
func Of(s *engine.Session) *Conns { return s.Part.(interface{ Connections() *Conns }).Connections() }

// Current is the connection at work; nil if there is none.
func Current(s *engine.Session) *Conn { return Of(s).Cur }

// Streams are the verbs of connections.
func Streams() engine.VerbGroup {
	return engine.Group("Connections and streams", connectionVerbs(), streamVerbs(), loadVerbs(), endVerbs())
}
