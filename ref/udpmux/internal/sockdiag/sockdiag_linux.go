package sockdiag

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// The kernel's struct inet_diag_req_v2 and inet_diag_msg, which x/sys does not have.
const (
	diagRequest = 56
	diagMessage = 72
)

// diagBuffers: many agents come at once after a restart, and new buffers would be most of the memory.
var diagBuffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// udpSockets asks the kernel for the UDP sockets with this local port, or for all if it is 0. That needs no privilege.
func udpSockets(family byte, port uint16) (sockets []Socket, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, os.NewSyscallError("socket(NETLINK_SOCK_DIAG)", err)
	}
	defer unix.Close(fd)
	request := make([]byte, unix.SizeofNlMsghdr+diagRequest)
	binary.NativeEndian.PutUint32(request, uint32(len(request)))
	binary.NativeEndian.PutUint16(request[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	body := request[unix.SizeofNlMsghdr:]
	body[0], body[1] = family, unix.IPPROTO_UDP
	binary.NativeEndian.PutUint32(body[4:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(body[8:], port)
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto(NETLINK_SOCK_DIAG)", err)
	}
	answer := diagBuffers.Get().(*[16 << 10]byte)
	defer diagBuffers.Put(answer)
	for {
		n, _, err := unix.Recvfrom(fd, answer[:], 0)
		if err == unix.EINTR {
			continue
		} else if err != nil {
			return nil, os.NewSyscallError("recvfrom(NETLINK_SOCK_DIAG)", err)
		}
		for b := answer[:n]; len(b) >= unix.SizeofNlMsghdr; {
			size := int(binary.NativeEndian.Uint32(b))
			kind := binary.NativeEndian.Uint16(b[4:])
			if kind == unix.NLMSG_DONE {
				return sockets, nil
			}
			if kind == unix.NLMSG_ERROR || size < unix.SizeofNlMsghdr+diagMessage || size > len(b) {
				return nil, fmt.Errorf("sock_diag: unexpected answer of type %d", kind)
			}
			sockets = append(sockets, parseDiag(b[unix.SizeofNlMsghdr:size]))
			b = b[min(len(b), (size+3)&^3):]
		}
	}
}

func parseDiag(b []byte) Socket {
	address := netip.AddrFrom4([4]byte(b[8:]))
	if b[0] == unix.AF_INET6 {
		address = netip.AddrFrom16([16]byte(b[8:])).Unmap()
	}
	return Socket{Address: address, Port: binary.BigEndian.Uint16(b[4:]), UID: binary.NativeEndian.Uint32(b[64:]),
		Inode: uint64(binary.NativeEndian.Uint32(b[68:]))}
}

// UDP asks for both families.
func UDP(port uint16) ([]Socket, error) {
	four, err := udpSockets(unix.AF_INET, port)
	if err != nil {
		return nil, err
	}
	six, _ := udpSockets(unix.AF_INET6, port) // there may be no IPv6
	return append(four, six...), nil
}

func uidOf(fd int) (uint32, error) {
	credentials, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return credentials.Uid, nil
}
