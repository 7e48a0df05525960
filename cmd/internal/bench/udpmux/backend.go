//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A mosh datagram P of the benchmark, 100 bytes; integers are big endian:
//
//	0 direction and nonce u64 | 8 flow u32 | 12 zeros | 16 when it was sent, ns u64 | 24 zeros
const (
	payload   = 100
	direction = 0x80 // of the first byte
)

func flowOf(P []byte) int { return int(binary.BigEndian.Uint32(P[8:])) }

// A backend plays a mosh-server: it answers its clients by the same bytes in the other direction.
type backend struct {
	fd      int
	port    int
	wait    *waiter
	over    atomic.Bool
	stopped chan struct{}
}

// newBackend opens a socket, and answers from then on.
func newBackend() (b *backend, err error) {
	b = &backend{stopped: make(chan struct{})}
	if b.wait, err = newWaiter(); err != nil {
		return nil, err
	}
	if b.fd, err = openUDP(unix.Bind, netip.AddrPortFrom(loopback, 0)); err == nil {
		err = b.wait.add(b.fd, 0)
	}
	if err != nil {
		unix.Close(b.wait.fd)
		return nil, err
	}
	name, _ := unix.Getsockname(b.fd)
	b.port = name.(*unix.SockaddrInet4).Port
	go b.serve()
	return b, nil
}

func (b *backend) serve() {
	runtime.LockOSThread()
	defer close(b.stopped)
	all := newBatch(true)
	for !b.over.Load() {
		if len(b.wait.wait(stall/10)) > 0 {
			b.answer(all)
		}
	}
	unix.Close(b.fd)
	unix.Close(b.wait.fd)
}

// stop returns when all is closed.
func (b *backend) stop() {
	b.over.Store(true)
	<-b.stopped
}

// answer answers one batch.
func (b *backend) answer(all *batch) {
	got := all.receive(b.fd, batchSize)
	good := 0
	for i := range got {
		P := all.datagram(i)
		if len(P) != payload || P[0]&direction != 0 {
			continue // another's
		}
		P[0] |= direction
		if good < i {
			all.bytes[good], all.names[good] = all.bytes[i], all.names[i]
		}
		all.iovs[good].SetLen(payload)
		good++
	}
	all.send(b.fd, good)
	for i := range got {
		all.iovs[i].SetLen(len(all.bytes[i]))
	}
}
