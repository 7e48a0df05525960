package daemon

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	"golang.org/x/sys/unix"
)

// receiveBuffer gives the receive buffer's size of the UDP socket at the address, and of an unprivileged socket that
// asks for 4 MiB.
//
// It asks as [receiveQueue] does, for all sockets and with the extension INET_DIAG_SKMEMINFO, whose second u32 is the
// receive buffer.
func receiveBuffer(at netip.AddrPort) (have, want int, err error) {
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	sockets.Control(c, func(fd int) {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, sockets.Buffer)
		want, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	})
	if err != nil {
		return 0, 0, err
	}
	have, err = receiveBufferOf(at)
	return have, want, err
}

func receiveBufferOf(at netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	const sockDiagByFamily, length, skMemInfo = 20, 16 + 56, 7
	b := make([]byte, length)
	ne := binary.NativeEndian
	ne.PutUint32(b[0:], length)
	ne.PutUint16(b[4:], sockDiagByFamily)
	ne.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	b[16], b[17], b[18] = unix.AF_INET, unix.IPPROTO_UDP, 1<<(skMemInfo-1)
	address := at.Addr().AsSlice()
	if at.Addr().Is6() {
		b[16] = unix.AF_INET6
	}
	ne.PutUint32(b[20:], ^uint32(0)) // any state
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, err
	}
	for answer := make([]byte, 64<<10); ; {
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err != nil {
			return 0, err
		}
		for rest := answer[:n]; len(rest) >= 16; {
			size, kind := int(ne.Uint32(rest)), ne.Uint16(rest[4:])
			if kind == unix.NLMSG_DONE || kind == unix.NLMSG_ERROR || size < 16 || size > len(rest) {
				return 0, unix.ENOENT
			}
			if m := rest[16:size]; len(m) >= 72 && binary.BigEndian.Uint16(m[4:]) == at.Port() &&
				bytes.Equal(m[8:8+len(address)], address) {
				return memInfo(m[72:], skMemInfo)
			}
			rest = rest[min(len(rest), (size+3)&^3):]
		}
	}
}

// memInfo finds an attribute's second u32.
func memInfo(attributes []byte, want uint16) (int, error) {
	ne := binary.NativeEndian
	for len(attributes) >= 4 {
		size := int(ne.Uint16(attributes))
		if size < 4 || size > len(attributes) {
			break
		}
		if ne.Uint16(attributes[2:]) == want && size >= 12 {
			return int(ne.Uint32(attributes[8:])), nil
		}
		attributes = attributes[min(len(attributes), (size+3)&^3):]
	}
	return 0, unix.ENOENT
}
