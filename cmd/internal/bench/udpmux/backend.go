//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A mosh datagram P of the benchmark, 100 bytes; integers are big endian:
//
//	0 direction and nonce u64 | 8 session u32 | 12 flow u32 | 16 when it was sent, ns u64 | 24 zeros
const (
	payload   = 100
	direction = 0x80 // of the first byte
)

func sessionOf(P []byte) uint32 { return binary.BigEndian.Uint32(P[8:]) }
func flowOf(P []byte) uint32    { return binary.BigEndian.Uint32(P[12:]) }

// Backend plays the mosh-servers: each socket answers its own clients, and nobody else, by the same bytes in the other direction.
type Backend struct {
	fds  []int
	wait *waiter
}

// Sockets are those that a Backend is to open.
type Sockets struct {
	Address netip.Addr
	Count   int
}

// Open opens them, and answers from then on.
func (b *Backend) Open(args Sockets, ports *[]uint16) (err error) {
	if b.wait, err = newWaiter(); err != nil {
		return err
	}
	for i := range args.Count {
		fd, err := openUDP(unix.Bind, netip.AddrPortFrom(args.Address, 0))
		if err != nil {
			return err
		}
		b.fds = append(b.fds, fd)
		if err := b.wait.add(fd, i); err != nil {
			return err
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			return err
		}
		*ports = append(*ports, uint16(name.(*unix.SockaddrInet4).Port))
	}
	go b.serve()
	return nil
}

func (b *Backend) serve() {
	runtime.LockOSThread()
	all := newBatch(true)
	for {
		for _, e := range b.wait.wait(time.Hour) {
			b.answer(int(e.Fd), all)
		}
	}
}

// answer answers one batch.
func (b *Backend) answer(session int, all *batch) {
	got := all.receive(b.fds[session], batchSize)
	good := 0
	for i := range got {
		P := all.datagram(i)
		if len(P) != payload || P[0]&direction != 0 || sessionOf(P) != uint32(session) {
			continue // another's, by learn mode, or of the flood
		}
		P[0] |= direction
		if good < i {
			all.bytes[good], all.names[good] = all.bytes[i], all.names[i]
		}
		all.iovs[good].SetLen(payload)
		good++
	}
	all.send(b.fds[session], good)
	for i := range got {
		all.iovs[i].SetLen(len(all.bytes[i]))
	}
}
