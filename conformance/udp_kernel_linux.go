package conformance

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

const soReusePort = unix.SO_REUSEPORT

// receiveBuffer gives the size of the receive buffer of the UDP socket at the address, and that of a socket which asks for 4 MiB and
// is not privileged.
//
// It asks as [receiveQueue] does, for all sockets and with the extension INET_DIAG_SKMEMINFO, whose second u32 is the receive buffer.
func receiveBuffer(at netip.AddrPort) (have, want int, err error) {
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	control(c, func(fd int) {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, udpBuffer)
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
			if m := rest[16:size]; len(m) >= 72 && binary.BigEndian.Uint16(m[4:]) == at.Port() && bytes.Equal(m[8:12], at.Addr().AsSlice()) {
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

// sawDF says whether the IPv4 packet of the datagram that send sends to the port had DF set. It needs a raw socket.
func sawDF(port uint16, w wait, send func() []byte) (df bool, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_UDP)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000})
	P := send()
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, udpBuffer)
	for packet := make([]byte, longestDatagram); !w.over(); {
		n, _, err := unix.Recvfrom(fd, packet, 0)
		if err == unix.EAGAIN || err == unix.EINTR { // it was lost: the socket gets everybody's datagrams
			P = send()
			continue
		}
		if err != nil {
			return false, err
		}
		header := int(packet[0]&15) * 4
		if n < header+8 || binary.BigEndian.Uint16(packet[header+2:]) != port || !bytes.Equal(packet[header+8:n], P) {
			continue
		}
		return packet[6]&0x40 != 0, nil
	}
	return false, errLimit
}
