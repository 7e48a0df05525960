package udpmux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Socket is one of the daemon's UDP sockets. It receives and sends in batches: the system call is most of what a datagram costs.
type Socket struct {
	fd      int
	six     bool
	address netip.AddrPort
	in, out batch
	memory  [batchSize][MaxDatagram + 1]byte // one byte more, so that a longer datagram is seen to be so
}

// A batch is what recvmmsg and sendmmsg take, and what that points to.
type batch struct {
	n        int
	messages [batchSize]struct {
		unix.Msghdr
		length uint32
	}
	iovs     [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet6 // or the beginning of one is a RawSockaddrInet4
	controls [batchSize][8]uint64             // for alignment
}

// ListenUDP opens an external socket. Nobody can bind the same address: it has no SO_REUSEADDR and no SO_REUSEPORT (UDPMUX-26).
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
		if zone, err := net.InterfaceByName(ip.Zone()); err == nil {
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

// newSocket sets all options of a bound socket, also those that a service manager may have set otherwise (UDPMUX-27). It closes fd if
// it fails.
func newSocket(fd, receiveBuffer int) (*Socket, error) {
	s := &Socket{fd: fd}
	name, err := unix.Getsockname(fd)
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		s.address = netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		s.six, s.address = true, netip.AddrPortFrom(netip.AddrFrom16(name.Addr), uint16(name.Port))
	default:
		unix.Close(fd)
		return nil, errors.Join(errors.New("not an IPv4 or IPv6 socket"), err)
	}
	type option struct{ level, name, value int }
	options := []option{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 0}, {unix.SOL_SOCKET, unix.SO_REUSEPORT, 0}}
	if s.six {
		options = append(options, option{unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1}, option{unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1},
			option{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT})
	} else {
		options = append(options, option{unix.IPPROTO_IP, unix.IP_PKTINFO, 1}, option{unix.IPPROTO_IP, unix.IP_RECVTOS, 1},
			option{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT})
	}
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			unix.Close(fd)
			return nil, os.NewSyscallError("setsockopt", err)
		}
	}
	unix.SetNonblock(fd, true)
	// What is asked for is doubled by the kernel; the first call needs a privilege, the second one is limited (UDPMUX-29).
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

// Addr is the local address and port.
func (s *Socket) Addr() netip.AddrPort { return s.address }

// ReceiveBuffer is the size that the kernel granted, in bytes.
func (s *Socket) ReceiveBuffer() int {
	n, _ := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return n / 2 // it is doubled for the kernel's own use
}

// Close closes the socket.
func (s *Socket) Close() error { return unix.Close(s.fd) }

// connect lets the messages point to the rest.
func (b *batch) connect() {
	for i := range b.messages {
		h := &b.messages[i].Msghdr
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
		h.Control = (*byte)(unsafe.Pointer(&b.controls[i]))
		h.Namelen, h.Controllen = unix.SizeofSockaddrInet6, 64
	}
}

// receive waits for nothing; it returns how many datagrams there are.
func (s *Socket) receive() int {
	for i := range s.in.n {
		s.in.messages[i].Namelen = unix.SizeofSockaddrInet6
		s.in.messages[i].SetControllen(64)
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.in.messages)), batchSize, unix.MSG_DONTWAIT, 0, 0)
	if s.in.n = int(n); errno != 0 {
		s.in.n = 0
	}
	return s.in.n
}

// datagram returns the i-th that was received. D is good until the next call of receive.
func (s *Socket) datagram(i int) (c Client, ecn byte, D []byte) {
	name := &s.in.names[i]
	if c.RemotePort = binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:]); s.six {
		c.Remote = name.Addr
	} else {
		c.Remote = mapped((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr)
	}
	index := uint32(0)
	control := unsafe.Slice((*byte)(unsafe.Pointer(&s.in.controls[i])), min(64, s.in.messages[i].Controllen))
	for len(control) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		if h.Len < unix.SizeofCmsghdr || int(h.Len) > len(control) {
			break
		}
		switch data := unsafe.Pointer(&control[unix.SizeofCmsghdr:][0]); {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO:
			info := (*unix.Inet4Pktinfo)(data)
			c.Local, index = mapped(info.Spec_dst), uint32(info.Ifindex)
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO:
			info := (*unix.Inet6Pktinfo)(data)
			c.Local, index = info.Addr, info.Ifindex
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_TOS:
			ecn = *(*byte)(data) & 3
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_TCLASS:
			ecn = byte(*(*uint32)(data)) & 3
		}
		control = control[min(len(control), unix.CmsgSpace(int(h.Len)-unix.SizeofCmsghdr)):]
	}
	if linkLocal(&c.Remote) || linkLocal(&c.Local) {
		c.Interface = index
	}
	return c, ecn, s.memory[i][:s.in.messages[i].length]
}

// linkLocal says whether an address means another host on each interface.
func linkLocal(a *[16]byte) bool {
	return a[0] == 0xfe && a[1]&0xc0 == 0x80 || a[10] == 0xff && a[12] == 169 && a[13] == 254 && a[0] == 0
}

// full says that flush comes before the next queue.
func (s *Socket) full() bool { return s.out.n == batchSize }

// queue lets flush send P to c.Remote from c.Local. P stays as it is until then.
func (s *Socket) queue(c *Client, ecn byte, P []byte) {
	i := s.out.n
	s.out.n++
	name, h, control := &s.out.names[i], &s.out.messages[i].Msghdr, unsafe.Pointer(&s.out.controls[i])
	s.out.iovs[i].Base = &P[0]
	s.out.iovs[i].SetLen(len(P))
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], c.RemotePort)
	if s.six {
		name.Family, name.Addr, name.Scope_id = unix.AF_INET6, c.Remote, c.Interface
		h.Namelen = unix.SizeofSockaddrInet6
		*(*unix.Inet6Pktinfo)(cmsg(control, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo)) = unix.Inet6Pktinfo{Addr: c.Local, Ifindex: c.Interface}
		*(*uint32)(cmsg(unsafe.Add(control, unix.CmsgSpace(unix.SizeofInet6Pktinfo)), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, 4)) = uint32(ecn)
		h.SetControllen(unix.CmsgSpace(unix.SizeofInet6Pktinfo) + unix.CmsgSpace(4))
		return
	}
	four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
	four.Family, four.Addr = unix.AF_INET, [4]byte(c.Remote[12:])
	h.Namelen = unix.SizeofSockaddrInet4
	*(*unix.Inet4Pktinfo)(cmsg(control, unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)) = unix.Inet4Pktinfo{Spec_dst: [4]byte(c.Local[12:]), Ifindex: int32(c.Interface)}
	*(*uint32)(cmsg(unsafe.Add(control, unix.CmsgSpace(unix.SizeofInet4Pktinfo)), unix.IPPROTO_IP, unix.IP_TOS, 4)) = uint32(ecn)
	h.SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo) + unix.CmsgSpace(4))
}

// cmsg writes the head of a control message and returns where its data goes.
func cmsg(at unsafe.Pointer, level, kind int32, length int) unsafe.Pointer {
	h := (*unix.Cmsghdr)(at)
	h.Level, h.Type = level, kind
	h.SetLen(unix.CmsgLen(length))
	return unsafe.Add(at, unix.CmsgLen(0))
}

// flush sends what was queued, and returns how many datagrams the system did not take: nobody waits for them (section 4.7).
func (s *Socket) flush() (failed uint64) {
	for i := 0; i < s.out.n; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.out.messages[i])), uintptr(s.out.n-i), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			failed++
			i++
		default:
			i += int(n)
		}
	}
	s.out.n = 0
	return failed
}
