package daemon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A Socket is one of the daemon's UDP sockets. It receives and sends in batches: the system call is most of what a
// datagram costs.
type Socket struct {
	fd      int
	six     bool
	address netip.AddrPort
	overrun uint64 // when it was closed
	in, out batch
	memory  [batchSize][udpmux.MaxDatagram + 1]byte // one byte more, so that a longer datagram is seen to be so
}

// ListenUDP opens an external socket. Nobody can bind the same address: it has no SO_REUSEADDR and no SO_REUSEPORT
// (UDPMUX-26).
func ListenUDP(address netip.AddrPort, receiveBuffer int) (*Socket, error) {
	s, err := openUDP(address, "", receiveBuffer)
	if err != nil {
		return nil, fmt.Errorf("listen %v: %w", address, err)
	}
	return s, nil
}

// InheritUDP makes an external socket of one that a service manager opened, and closes f.
func InheritUDP(f *os.File, receiveBuffer int) (*Socket, error) {
	defer f.Close()
	if kind, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_DGRAM {
		return nil, errors.New("not a UDP socket")
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return newSocket(fd, receiveBuffer)
}

// openUDP binds a socket, to a device if it is not empty.
func openUDP(address netip.AddrPort, device string, receiveBuffer int) (*Socket, error) {
	family, bindTo := unix.AF_INET, unix.Sockaddr(nil)
	if ip := address.Addr(); ip.Is4() {
		bindTo = &unix.SockaddrInet4{Port: int(address.Port()), Addr: ip.As4()}
	} else {
		six := &unix.SockaddrInet6{Port: int(address.Port()), Addr: ip.As16()}
		if ip.Zone() != "" {
			zone, err := net.InterfaceByName(ip.Zone())
			if err != nil {
				return nil, err
			}
			six.ZoneId = uint32(zone.Index)
		}
		family, bindTo = unix.AF_INET6, six
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if family == unix.AF_INET6 { // IPv4 has a listener of its own
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil && device != "" {
		err = os.NewSyscallError("SO_BINDTODEVICE", unix.BindToDevice(fd, device))
	}
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, bindTo))
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return newSocket(fd, receiveBuffer)
}

// newSocket sets all options of a bound socket, also those that a service manager may have set otherwise (UDPMUX-27).
// It closes fd if it fails.
func newSocket(fd, receiveBuffer int) (*Socket, error) {
	s := &Socket{fd: fd}
	name, err := unix.Getsockname(fd)
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		s.address = netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		s.six, s.address = true, netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	}
	if s.address.Port() == 0 {
		unix.Close(fd)
		return nil, errors.Join(errors.New("not an IPv4 or IPv6 socket that is bound"), err)
	}
	if err := s.setOptions(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	// What is asked for is doubled by the kernel; the first call needs a privilege, the second one is limited
	// (UDPMUX-29).
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	s.in.connect()
	s.out.connect()
	for i := range s.memory {
		s.in.iovs[i].Base = &s.memory[i][0]
		s.in.iovs[i].SetLen(len(s.memory[i]))
	}
	return s, nil
}

func (s *Socket) setOptions() error {
	options := [][3]int{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 0}, {unix.SOL_SOCKET, unix.SO_REUSEPORT, 0},
		{unix.IPPROTO_IP, unix.IP_RECVTOS, 1}, {unix.IPPROTO_IP, unix.IP_TOS, usualECN},
		{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT}}
	if s.six { // an inherited one may serve IPv4, too; then the mapped address is in IPV6_PKTINFO
		options = append(options, [3]int{unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1}, [3]int{unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1},
			[3]int{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT})
	} else {
		options = append(options, [3]int{unix.IPPROTO_IP, unix.IP_PKTINFO, 1})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(s.fd, o[0], o[1], o[2]); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return os.NewSyscallError("O_NONBLOCK", unix.SetNonblock(s.fd, true))
}

// Addr is the local address and port.
func (s *Socket) Addr() netip.AddrPort { return s.address }

// ReceiveBuffer is the size that the kernel granted, in bytes.
func (s *Socket) ReceiveBuffer() int {
	n, _ := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return n / 2 // it is doubled for the kernel's own use
}

// overruns is how many datagrams the kernel dropped because the receive buffer was full.
func (s *Socket) overruns() uint64 {
	if s.fd < 0 {
		return s.overrun
	}
	var info [9]uint32 // the kernel's SK_MEMINFO_VARS
	size := uint32(unsafe.Sizeof(info))
	unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_SOCKET, unix.SO_MEMINFO, uintptr(unsafe.Pointer(&info)),
		uintptr(unsafe.Pointer(&size)), 0)
	return uint64(info[8]) // SK_MEMINFO_DROPS
}

// Close closes the socket.
func (s *Socket) Close() error {
	s.overrun = s.overruns()
	err := unix.Close(s.fd)
	s.fd = -1
	return err
}
