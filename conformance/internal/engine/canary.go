package engine

import (
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// A canary is UDP sockets that nobody was told of. Whoever sends there sends to every port of this machine, also to
// those of targets and of the suite.
type canary struct {
	sockets []*net.UDPConn

	mu    sync.Mutex
	heard string // of the first datagram: where it came from
}

// newCanary binds the sockets, where that is possible.
func newCanary() *canary {
	c := new(canary)
	for _, at := range []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback} {
		if socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: at}); err == nil {
			c.sockets = append(c.sockets, socket)
			go c.listen(socket)
		}
	}
	return c
}

// listen takes note of what comes, until the socket is closed.
func (c *canary) listen(socket *net.UDPConn) {
	for b := make([]byte, 1); ; {
		_, from, err := socket.ReadFromUDPAddrPort(b)
		if !from.IsValid() && err != nil { // other than a datagram too long for the buffer
			return
		}
		c.mu.Lock()
		if c.heard == "" {
			from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
			c.heard = fmt.Sprintf("%v%s to %v", from, proc.OwnerOf(from), socket.LocalAddr())
		}
		c.mu.Unlock()
	}
}

// close ends the listening.
func (c *canary) close() {
	for _, socket := range c.sockets {
		socket.Close()
	}
}

// doubts makes a violation inconclusive if somebody else's datagram may have caused it.
func (c *canary) doubts(kind Role, s report.ScenarioResult) report.ScenarioResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard != "" && kind.Datagrams && s.Outcome == report.Violation && !s.Known {
		s.Outcome = report.Inconclusive
		s.Reason = fmt.Sprintf("somebody sends datagrams to ports that nobody was told of, first from %s; "+
			"without that: %s", c.heard, s.Reason)
	}
	return s
}
