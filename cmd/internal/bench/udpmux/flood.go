//go:build linux

package main

import (
	"encoding/binary"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Flood sends from many sources that nobody answers.
type Flood struct {
	stop atomic.Bool
	done chan Flooded
}

// A Target is what it sends to, and what stands before P.
type Target struct {
	To        netip.AddrPort
	Header    []byte
	Sources   int
	PerSecond int
}

// Flooded is what it has done.
type Flooded struct {
	Sent int
	Took time.Duration
}

// Begin begins a flood, until End.
func (f *Flood) Begin(t Target, _ *struct{}) error {
	fd, err := openUDP(func(fd int, at unix.Sockaddr) error {
		if err := unix.BindToDevice(fd, "lo"); err != nil {
			return os.NewSyscallError("SO_BINDTODEVICE", err)
		}
		return unix.Connect(fd, at)
	}, t.To)
	if err != nil {
		return err
	}
	f.done = make(chan Flooded)
	go f.run(fd, t)
	return nil
}

// End ends it.
func (f *Flood) End(_ struct{}, result *Flooded) error {
	f.stop.Store(true)
	*result = <-f.done
	return nil
}

// run sends as many as are due every millisecond, or as many as it can. A source is an address of 127.128.0.0/9, given by IP_PKTINFO.
func (f *Flood) run(fd int, t Target) {
	runtime.LockOSThread()
	b := newBatch(false)
	controls := make([][4]uint64, batchSize) // a head and an Inet4Pktinfo, aligned
	for i := range batchSize {
		n := copy(b.bytes[i][:], t.Header)
		P := b.bytes[i][n : n+payload]
		binary.BigEndian.PutUint32(P[8:], ^uint32(0)) // no session's: nobody answers
		b.iovs[i].SetLen(n + payload)
		h := (*unix.Cmsghdr)(unsafe.Pointer(&controls[i]))
		h.Level, h.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		h.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		b.messages[i].Control = (*byte)(unsafe.Pointer(&controls[i]))
		b.messages[i].SetControllen(unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	}
	begin, sent := time.Now(), 0
	for !f.stop.Load() {
		due := int(time.Since(begin).Seconds()*float64(t.PerSecond)) - sent
		if due <= 0 {
			unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
			continue
		}
		n := min(due, batchSize)
		for i := range n {
			source := 127<<24 | 128<<16 | uint32((sent+i)%t.Sources+1)
			info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&controls[i][unix.SizeofCmsghdr/8]))
			binary.BigEndian.PutUint32(info.Spec_dst[:], source)
		}
		b.send(fd, n)
		sent += n
	}
	took := time.Since(begin)
	unix.Close(fd)
	f.done <- Flooded{sent, took}
}
