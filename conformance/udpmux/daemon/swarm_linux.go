package daemon

import (
	"net"
	"net/netip"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"golang.org/x/sys/unix"
)

// swarm sends to the address from n clients, each at an address of its own in 127.0.0.0/8: the n-th sends what datagram
// gives for n.
func swarm(s *engine.Session, to netip.AddrPort, n int, datagram func(i int) []byte) error {
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	s.Keep(c)
	for i := range n {
		at := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte{127, byte(1 + i>>16), byte(i >> 8), byte(i)}})
		if _, _, err := c.WriteMsgUDPAddrPort(datagram(i), at, to); err != nil {
			return err
		}
	}
	return nil
}
