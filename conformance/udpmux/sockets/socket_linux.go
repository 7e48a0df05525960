package sockets

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// SeesECN: the system tells a datagram's ECN bits, and lets them be set.
const SeesECN = true

// tellECN makes the socket tell the ECN bits of what it receives.
func tellECN(c *net.UDPConn) {
	Control(c, func(fd int) {
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
	})
}

// setECN gives what is sent from now on these ECN bits.
func setECN(c *net.UDPConn, ecn int) {
	Control(c, func(fd int) {
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, ecn)
		unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, ecn)
	})
}

// ecnOf gives the ECN bits that a control message tells.
func ecnOf(oob []byte) int {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_TOS && len(m.Data) > 0:
			return int(m.Data[0] & 3)
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_TCLASS && len(m.Data) >= 4:
			return int(binary.NativeEndian.Uint32(m.Data) & 3)
		}
	}
	return 0
}

const soReusePort = unix.SO_REUSEPORT
