package agent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/process"
	"github.com/muxspec/muxspec/ref/udpmux/internal/sockdiag"
)

// dup2 makes the descriptor to the same as from. Some of Linux's architectures have only dup3.
func dup2(from, to int) error { return unix.Dup3(from, to, 0) }

// process finds the process that has the socket, which must be bound to 127.0.0.1 and port alone. The file is a pidfd,
// or nil if the system has none.
func (s *moshServer) process(port uint16) (*os.File, error) {
	sockets, err := sockdiag.UDP(port)
	if err != nil {
		return nil, err
	}
	notAlone := fmt.Errorf("port %d: no socket of this user's is bound to 127.0.0.1 and this port, "+
		"or not this one alone",
		port)
	inode, elsewhere := sockdiag.OnLoopback(sockets, uint32(os.Geteuid()))
	if inode == 0 {
		return nil, notAlone
	}
	pid := 0
	for _, c := range process.Family(s.group()) {
		for _, other := range elsewhere {
			if has, _ := c.HasSocket(other); has {
				return nil, notAlone
			}
		}
		has, err := c.HasSocket(inode)
		if has || err != nil && pid == 0 { // a privileged process that lets nobody look is taken at its word
			pid = c.PID
		}
		if has {
			break
		}
	}
	if pid == 0 {
		return nil, fmt.Errorf("port %d is not its own", port)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return nil, nil
	} else if err != nil {
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// prepareSocket lets routers fragment a socket's datagrams, since mosh does not discover the path's MTU and does the
// same on its own sockets, and asks for the ECN bits of what comes.
func prepareSocket(_, _ string, c syscall.RawConn) (err error) {
	controlErr := c.Control(func(fd uintptr) {
		// This fails with IPv4.
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1)
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
	})
	return errors.Join(err, controlErr)
}

// readECN reads a datagram and its ECN bits.
func readECN(c *net.UDPConn, b []byte) (n int, ecn byte, from netip.AddrPort, err error) {
	var control [64]byte
	n, used, _, from, err := c.ReadMsgUDPAddrPort(b, control[:])
	messages, _ := unix.ParseSocketControlMessage(control[:used])
	for _, m := range messages {
		isTOS := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_TOS
		isClass := m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_TCLASS
		if isClass && len(m.Data) >= 4 {
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
