package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A Socket is one of the daemon's UDP sockets. It works in batches: the system call is most of a datagram's cost.
type Socket struct {
	fd      int
	six     bool
	address netip.AddrPort
	overrun uint32 // how many datagrams the kernel has dropped because the receive buffer was full
	in, out batch
	memory  [batchSize][udpmux.MaxDatagram + 1]byte // one byte more, to recognise a longer datagram
}

// ListenUDP opens an external socket, without SO_REUSEADDR and SO_REUSEPORT: nobody else binds its address (UDPMUX-26).
func ListenUDP(address netip.AddrPort, receiveBuffer int) (*Socket, error) {
	return openUDP(net.ListenConfig{}, address, receiveBuffer)
}

// openLoopback opens a socket for loopback alone, whatever address it is bound to (section 4.1).
func openLoopback(address netip.AddrPort, receiveBuffer int) (*Socket, error) {
	bind := func(_, _ string, c syscall.RawConn) (err error) {
		c.Control(func(fd uintptr) { err = os.NewSyscallError("SO_BINDTODEVICE", unix.BindToDevice(int(fd), "lo")) })
		return err
	}
	return openUDP(net.ListenConfig{Control: bind}, address, receiveBuffer)
}

func openUDP(config net.ListenConfig, address netip.AddrPort, receiveBuffer int) (*Socket, error) {
	if zone := address.Addr().Zone(); zone != "" { // Go ignores a zone that does not exist
		if _, err := net.InterfaceByName(zone); err != nil {
			return nil, fmt.Errorf("listen %v: %w", address, err)
		}
	}
	network := "udp4"
	if address.Addr().Is6() {
		network = "udp6" // alone: IPv4 has a listener of its own
	}
	c, err := config.ListenPacket(context.Background(), network, address.String())
	if err != nil {
		return nil, err
	}
	s, err := newSocket(c, receiveBuffer)
	if err != nil {
		return nil, fmt.Errorf("listen %v: %w", address, err)
	}
	return s, nil
}

// InheritUDP makes an external socket from one that a service manager opened, and closes f.
func InheritUDP(f *os.File, receiveBuffer int) (*Socket, error) {
	defer f.Close()
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, fmt.Errorf("not a UDP socket: %w", err)
	}
	return newSocket(c, receiveBuffer)
}

// newSocket takes a socket away from Go's runtime, which would wait for its datagrams one by one, and sets all options,
// including those that a service manager may have set differently (UDPMUX-27).
func newSocket(c net.PacketConn, receiveBuffer int) (s *Socket, err error) {
	defer c.Close()
	udp, ok := c.(*net.UDPConn)
	if !ok {
		return nil, errors.New("not a UDP socket")
	}
	s = &Socket{fd: -1, address: udp.LocalAddr().(*net.UDPAddr).AddrPort()}
	s.six = s.address.Addr().Is6()
	if s.address.Port() == 0 {
		return nil, errors.New("not a socket that is bound")
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	raw.Control(func(fd uintptr) { s.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 3) })
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := s.setOptions(receiveBuffer); err != nil {
		s.Close()
		return nil, err
	}
	s.in.connect()
	s.out.connect()
	for i := range s.memory {
		s.in.iovs[i].Base = &s.memory[i][0]
		s.in.iovs[i].SetLen(len(s.memory[i]))
	}
	return s, nil
}

func (s *Socket) setOptions(receiveBuffer int) error {
	options := [][3]int{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 0}, {unix.SOL_SOCKET, unix.SO_REUSEPORT, 0},
		{unix.SOL_SOCKET, unix.SO_BROADCAST, 0}, // which Go sets; a forged client may have such an address
		{unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1}, {unix.IPPROTO_IP, unix.IP_RECVTOS, 1},
		{unix.IPPROTO_IP, unix.IP_TOS, usualECN}, {unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT}}
	if s.six { // an inherited one may serve IPv4, too, with the mapped address in IPV6_PKTINFO
		options = append(options, [3]int{unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1},
			[3]int{unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1},
			[3]int{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT})
	} else {
		options = append(options, [3]int{unix.IPPROTO_IP, unix.IP_PKTINFO, 1})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(s.fd, o[0], o[1], o[2]); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	// The kernel doubles what is asked for; the first call needs a privilege, the second is limited (UDPMUX-29).
	if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	return nil
}

// Addr is the local address and port.
func (s *Socket) Addr() netip.AddrPort { return s.address }

// ReceiveBuffer is the size that the kernel granted, in bytes.
func (s *Socket) ReceiveBuffer() int {
	n, _ := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return n / 2 // the kernel doubles it for its own use
}

// Close closes the socket.
func (s *Socket) Close() error { return unix.Close(s.fd) }
