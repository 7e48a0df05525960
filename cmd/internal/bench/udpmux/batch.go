//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize     = 64 // datagrams in a system call
	receiveBuffer = 4 << 20
)

// A batch is what recvmmsg and sendmmsg take, and what that points to.
type batch struct {
	messages [batchSize]struct {
		unix.Msghdr
		length uint32
	}
	iovs  [batchSize]unix.Iovec
	names [batchSize]unix.RawSockaddrInet4
	bytes [batchSize][256]byte
}

// newBatch makes one that has the datagrams' addresses, or is of a connected socket.
func newBatch(named bool) *batch {
	b := &batch{}
	for i := range b.messages {
		b.iovs[i].Base = &b.bytes[i][0]
		b.iovs[i].SetLen(len(b.bytes[i]))
		h := &b.messages[i].Msghdr
		h.Iov = &b.iovs[i]
		h.SetIovlen(1)
		if named {
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&b.names[i])), unix.SizeofSockaddrInet4
		}
	}
	return b
}

// perCall is how many datagrams the ends send or receive by a system call at most.
var perCall = batchSize

// receive returns how many datagrams have come, as many as most.
func (b *batch) receive(fd, most int) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.messages)),
		uintptr(min(most, perCall)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 { // nothing is there, or ICMP told of an end that is not there yet
		return 0
	}
	return int(n)
}

// datagram is the i-th that was received.
func (b *batch) datagram(i int) []byte { return b.bytes[i][:b.messages[i].length] }

// send sends the first n. What the system does not take is lost.
func (b *batch) send(fd, n int) {
	for i := 0; i < n; {
		sent, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&b.messages[i])),
			uintptr(min(n-i, perCall)), unix.MSG_DONTWAIT, 0, 0)
		if errno != 0 {
			sent = 1
		}
		i += int(sent)
	}
}

// A waiter waits for what comes to many sockets.
type waiter struct {
	fd     int
	events [256]unix.EpollEvent
}

func newWaiter() (*waiter, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return &waiter{fd: fd}, os.NewSyscallError("epoll_create1", err)
}

// add adds a socket that wait gives as number i.
func (w *waiter) add(fd, i int) error {
	e := &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(w.fd, unix.EPOLL_CTL_ADD, fd, e))
}

func (w *waiter) wait(d time.Duration) []unix.EpollEvent {
	n, _ := unix.EpollWait(w.fd, w.events[:], int(d.Milliseconds()))
	return w.events[:max(n, 0)]
}

// openUDP opens a socket that is bound to an address, or connected to one. It sends with ECT(0), as mosh's do.
func openUDP(call func(int, unix.Sockaddr) error, address netip.AddrPort) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, 2)
	if err := call(fd, &unix.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())}); err != nil {
		unix.Close(fd)
		return 0, fmt.Errorf("%v: %w", address, err)
	}
	return fd, nil
}
