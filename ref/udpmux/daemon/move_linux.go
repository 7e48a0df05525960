package daemon

import (
	"context"
	"encoding/binary"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// firstSource is where the loopback sources begin (section 4.1).
const firstSource = 127<<24 | 64<<16

var loopback = mapped([4]byte{127, 0, 0, 1})

// move carries datagrams until ctx is done. One thread reads all sockets in turns, a batch of each (section 4.3).
func (s *Server) move(ctx context.Context) error {
	stopped, stop, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stopped.Close()
	defer stop.Close()
	defer context.AfterFunc(ctx, func() { stop.Close() })()
	fds := []unix.PollFd{{Fd: int32(stopped.Fd()), Events: unix.POLLIN}, {Fd: int32(s.backend.fd), Events: unix.POLLIN}}
	for _, socket := range s.external {
		fds = append(fds, unix.PollFd{Fd: int32(socket.fd), Events: unix.POLLIN})
	}
	for ctx.Err() == nil {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		if fds[1].Revents != 0 {
			s.mu.Lock()
			s.fromBackends()
			s.mu.Unlock()
		}
		for listener, fd := range fds[2:] {
			if fd.Revents != 0 {
				s.fromClients(listener)
			}
		}
	}
	return nil
}

// fromClients carries one batch to the sessions.
func (s *Server) fromClients(listener int) {
	socket := s.external[listener]
	n := socket.receive()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for i := range n {
		c, ecn, D := socket.datagram(i)
		c.Listener = uint16(listener)
		s.deliver(s.mux.FromClient(now, c, ecn, D))
	}
	s.mux.NotSent(s.backend.flush())
}

// deliver queues deliveries; it sends when there is no more room.
func (s *Server) deliver(deliveries []mux.Delivery) {
	to := mux.Client{Remote: loopback, Local: loopback}
	for i := range deliveries {
		d := &deliveries[i]
		binary.BigEndian.PutUint32(to.Local[12:], firstSource+d.Source)
		to.RemotePort = d.Port
		if s.backend.out.n == batchSize {
			s.mux.NotSent(s.backend.flush())
		}
		s.backend.queue(&to, d.ECN, d.P)
	}
}

// fromBackends carries one batch to the clients, and says whether there may be more. It is called under the lock.
func (s *Server) fromBackends() (more bool) {
	n := s.backend.receive()
	now := s.now()
	for i := range n {
		from, ecn, P := s.backend.datagram(i)
		source := binary.BigEndian.Uint32(from.Local[12:]) - firstSource
		if from.Remote != loopback {
			from.RemotePort = 0 // no session has port 0
		}
		if c, ok := s.mux.FromBackend(now, from.RemotePort, source, P); ok {
			s.external[c.Listener].queue(&c, ecn, P)
		}
	}
	for _, socket := range s.external {
		s.mux.NotSent(socket.flush())
	}
	return n == batchSize
}

// controlSize is the room for IPV6_PKTINFO, IP_TOS and SO_RXQ_OVFL.
const controlSize = 40 + 24 + 24

// A batch is what recvmmsg and sendmmsg take, with everything that it points to.
type batch struct {
	n        int
	messages [batchSize]struct {
		unix.Msghdr
		length uint32
	}
	iovs     [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet6   // or the beginning of one is a RawSockaddrInet4
	controls [batchSize][controlSize / 8]uint64 // for alignment
}

// connect lets the messages point to the rest.
func (b *batch) connect() {
	for i := range b.messages {
		h := &b.messages[i].Msghdr
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
		h.Control = (*byte)(unsafe.Pointer(&b.controls[i]))
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(int(unsafe.Sizeof(b.controls[i])))
	}
}

// receive does not wait; it returns how many datagrams there are. As in flush, the runtime is not told of the system
// call: it would check every 20 µs whether to give this thread's place to another.
func (s *Socket) receive() int {
	for i := range s.in.n {
		s.in.messages[i].Namelen = unix.SizeofSockaddrInet6
		s.in.messages[i].SetControllen(int(unsafe.Sizeof(s.in.controls[i])))
	}
	n, _, _ := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.in.messages)), batchSize,
		unix.MSG_DONTWAIT, 0, 0)
	s.in.n = max(int(n), 0) // -1 is a failure
	return s.in.n
}

// datagram returns the i-th received datagram. D is good until the next call of receive.
func (s *Socket) datagram(i int) (c mux.Client, ecn byte, D []byte) {
	name := &s.in.names[i]
	if c.RemotePort = binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:]); s.six {
		c.Remote = name.Addr
	} else {
		c.Remote = mapped((*unix.RawSockaddrInet4)(unsafe.Pointer(name)).Addr)
	}
	index := uint32(0)
	control := unsafe.Slice((*byte)(unsafe.Pointer(&s.in.controls[i])), s.in.messages[i].Controllen)
	for len(control) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			break
		}
		switch data := unsafe.Pointer(unsafe.SliceData(data)); {
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
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_RXQ_OVFL:
			s.overrun = *(*uint32)(data)
		}
		control = rest
	}
	if linkLocal(c.Remote) || linkLocal(c.Local) {
		c.Interface = index
	}
	return c, ecn, s.memory[i][:s.in.messages[i].length]
}

// mapped is an IPv4 address among those of IPv6.
func mapped(four [4]byte) [16]byte { return netip.AddrFrom4(four).As16() }

// linkLocal says whether an address means another host on each interface.
func linkLocal(a [16]byte) bool { return netip.AddrFrom16(a).Unmap().IsLinkLocalUnicast() }

// queue lets flush send P to c.Remote from c.Local, if fewer than batchSize wait. P stays as it is until then.
func (s *Socket) queue(c *mux.Client, ecn byte, P []byte) {
	i := s.out.n
	s.out.n++
	name, h := &s.out.names[i], &s.out.messages[i].Msghdr
	s.out.iovs[i].Base = &P[0]
	s.out.iovs[i].SetLen(len(P))
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], c.RemotePort)
	if s.six {
		name.Family, name.Addr, name.Scope_id = unix.AF_INET6, c.Remote, c.Interface
	} else {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		four.Family, four.Addr = unix.AF_INET, [4]byte(c.Remote[12:])
		h.Namelen = unix.SizeofSockaddrInet4
	}
	h.SetControllen(0)
	if !netip.AddrFrom16(c.Remote).Is4In6() { // which it may be on a socket of both families
		addControl(h, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.Inet6Pktinfo{Addr: c.Local, Ifindex: c.Interface})
		addControl(h, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, uint32(ecn))
		return
	}
	from := unix.Inet4Pktinfo{Spec_dst: [4]byte(c.Local[12:]), Ifindex: int32(c.Interface)}
	addControl(h, unix.IPPROTO_IP, unix.IP_PKTINFO, from)
	if ecn != usualECN { // with only one control message the kernel allocates no memory
		addControl(h, unix.IPPROTO_IP, unix.IP_TOS, uint32(ecn))
	}
}

func addControl[T any](h *unix.Msghdr, level, kind int32, data T) {
	m := (*unix.Cmsghdr)(unsafe.Add(unsafe.Pointer(h.Control), h.Controllen))
	m.Level, m.Type = level, kind
	m.SetLen(unix.CmsgLen(int(unsafe.Sizeof(data))))
	*(*T)(unsafe.Add(unsafe.Pointer(m), unix.CmsgLen(0))) = data
	h.SetControllen(int(h.Controllen) + unix.CmsgSpace(int(unsafe.Sizeof(data))))
}

// flush sends what was queued. It returns how many the system did not take: they are not sent again (section 4.7).
func (s *Socket) flush() (failed uint64) {
	for i := 0; i < s.out.n; {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.out.messages[i])),
			uintptr(s.out.n-i), unix.MSG_DONTWAIT, 0, 0)
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
