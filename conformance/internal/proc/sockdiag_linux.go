package proc

import (
	"encoding/binary"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Received says whether the program at the other end of c, on this machine, has read all that was sent to it, and
// whether that can be seen. It asks the kernel (sock_diag(7)) for the receive queue of that end's socket.
func Received(c net.Conn) (yes, known bool) {
	local, ok1 := c.LocalAddr().(*net.TCPAddr)
	remote, ok2 := c.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return false, false
	}
	queue, found, err := receiveQueue(remote.AddrPort(), local.AddrPort())
	if err != nil {
		return false, false
	}
	return !found || queue == 0, true // a socket that is gone reads no more
}

// listener says whether a TCP socket listens at the address. The kernel looks it up as for a connection's first packet,
// which takes no time; reading its table of all sockets takes a millisecond.
func listener(at netip.AddrPort) (found bool, err error) {
	nobody := netip.IPv4Unspecified()
	if at.Addr().Unmap().Is6() {
		nobody = netip.IPv6Unspecified()
	}
	_, found, err = receiveQueue(at, netip.AddrPortFrom(nobody, 0))
	return found, err
}

// receiveQueue gives the number of bytes that have come to the TCP socket from remote to local and have not been read.
//
// Request, all in the machine's order but ports and addresses: nlmsghdr (16 bytes), then inet_diag_req_v2 (56 bytes):
// family u8, protocol u8, ext u8, pad u8, states u32, and the id: source port u16, destination port u16, source 16
// bytes, destination 16 bytes, interface u32, cookie 8 bytes. Answer: nlmsghdr, then inet_diag_msg: family u8, state
// u8, timer u8, retransmissions u8, id (48 bytes), expires u32, receive queue u32, …
func receiveQueue(local, remote netip.AddrPort) (n int, found bool, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return 0, false, err
	}
	defer unix.Close(fd)
	const sockDiagByFamily, length = 20, 16 + 56
	b := make([]byte, length)
	ne := binary.NativeEndian
	ne.PutUint32(b[0:], length)
	ne.PutUint16(b[4:], sockDiagByFamily)
	ne.PutUint16(b[6:], unix.NLM_F_REQUEST)
	family := byte(unix.AF_INET)
	if local.Addr().Unmap().Is6() {
		family = unix.AF_INET6
	}
	b[16], b[17] = family, unix.IPPROTO_TCP
	ne.PutUint32(b[20:], ^uint32(0)) // any state
	binary.BigEndian.PutUint16(b[24:], local.Port())
	binary.BigEndian.PutUint16(b[26:], remote.Port())
	copy(b[28:44], local.Addr().Unmap().AsSlice())
	copy(b[44:60], remote.Addr().Unmap().AsSlice())
	ne.PutUint64(b[64:], ^uint64(0)) // no cookie
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, false, err
	}
	answer := make([]byte, 1024)
	got, _, err := unix.Recvfrom(fd, answer, 0)
	switch {
	case err != nil:
		return 0, false, err
	case got >= 20 && ne.Uint16(answer[4:]) == unix.NLMSG_ERROR:
		if errno := unix.Errno(-int32(ne.Uint32(answer[16:]))); errno != unix.ENOENT {
			return 0, false, errno
		}
		return 0, false, nil
	case got < 16+60+4:
		return 0, false, unix.EPROTO
	}
	return int(ne.Uint32(answer[16+4+48+4:])), true, nil
}
