package agent

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// prepareSocket lets routers fragment a socket's datagrams, since mosh does not discover the path's MTU and does the
// same on its own sockets, and asks for the ECN bits of what comes.
func prepareSocket(_, _ string, c syscall.RawConn) (err error) {
	controlErr := c.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT) // fails with IPv4
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
	})
	if err == nil {
		err = controlErr
	}
	return err
}

// readECN reads a datagram and its ECN bits.
func readECN(c *net.UDPConn, b []byte) (n int, ecn byte, from netip.AddrPort, err error) {
	var control [64]byte
	n, used, _, from, err := c.ReadMsgUDPAddrPort(b, control[:])
	messages, _ := unix.ParseSocketControlMessage(control[:used])
	for _, m := range messages {
		isTOS := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_TOS
		if isClass := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_TCLASS; isClass && len(m.Data) >= 4 {
			ecn = byte(binary.NativeEndian.Uint32(m.Data)) & 3
		} else if isTOS && len(m.Data) > 0 {
			ecn = m.Data[0] & 3
		}
	}
	return n, ecn, from, err
}

// writeECN sends a datagram with these ECN bits.
func writeECN(c *net.UDPConn, b []byte, ecn byte, to netip.AddrPort) {
	h := unix.Cmsghdr{Level: unix.IPPROTO_IP, Type: unix.IP_TOS}
	if to.Addr().Is6() {
		h.Level, h.Type = unix.IPPROTO_IPV6, unix.IPV6_TCLASS
	}
	h.SetLen(unix.CmsgLen(4))
	control := make([]byte, unix.CmsgSpace(4))
	*(*unix.Cmsghdr)(unsafe.Pointer(&control[0])) = h
	binary.NativeEndian.PutUint32(control[unix.CmsgLen(0):], uint32(ecn))
	c.WriteMsgUDPAddrPort(b, control, to) // a datagram that fails is lost, as in the network
}
