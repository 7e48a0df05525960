//go:build linux

package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// stall is how long nothing comes back on a flow until all that it has on its way is given up.
const stall = time.Second

// clients play the mosh-clients: a socket for each flow.
type clients struct {
	header  []byte // what stands before P
	flows   []flow
	wait    *waiter
	in, out *batch
	begin   time.Time
	took    []time.Duration // by the answered datagrams, if it is not nil

	answered, lost atomic.Int64 // of all flows
}

// A flow is a client's. What is missing before an answered nonce is lost: nothing on the way changes the order.
type flow struct {
	fd    int
	next  uint64 // nonce to send
	seen  uint64 // the nonce after the highest that was answered, or given up
	heard time.Time
}

var errMixed = errors.New("a datagram came back that was not sent, or was changed")

// open opens flows, and returns when each has had an answer. One after the other, since a server that forks needs a
// moment. They must be closed though this fails.
func (c *clients) open(ctx context.Context, flows int, to netip.AddrPort, header []byte) (err error) {
	c.header, c.in, c.out, c.begin = header, newBatch(false), newBatch(false), time.Now()
	if c.wait, err = newWaiter(); err != nil {
		return err
	}
	for i := range flows {
		fd, err := openUDP(unix.Connect, to)
		if err != nil {
			return err
		}
		c.flows = append(c.flows, flow{fd: fd})
		if err := c.wait.add(fd, i); err != nil {
			return err
		}
		for deadline := time.Now().Add(rig.Patience); c.flows[i].seen == 0; {
			if ctx.Err() != nil || time.Now().After(deadline) {
				return fmt.Errorf("flow %d of %d gets no answer", i+1, flows)
			}
			c.send(i, 1)
			if err := c.receive(stall/10, func(int) {}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *clients) close() {
	for _, f := range c.flows {
		unix.Close(f.fd)
	}
	if c.wait != nil {
		unix.Close(c.wait.fd)
	}
}

// send sends n datagrams on a flow.
func (c *clients) send(i, n int) {
	f := &c.flows[i]
	now := uint64(time.Since(c.begin))
	for j := range n {
		b := &c.out.bytes[j]
		h := copy(b[:], c.header)
		P := b[h : h+payload]
		binary.BigEndian.PutUint64(P, f.next)
		binary.BigEndian.PutUint32(P[8:], uint32(i))
		binary.BigEndian.PutUint64(P[16:], now)
		c.out.iovs[j].SetLen(h + payload)
		f.next++
	}
	c.out.send(f.fd, n)
}

// receive waits for answers, and tells of each flow, or of what else is in c.wait, that something has come to it.
func (c *clients) receive(d time.Duration, then func(i int)) error {
	for _, e := range c.wait.wait(d) {
		if i := int(e.Fd); i < len(c.flows) {
			if err := c.answers(i); err != nil {
				return err
			}
		}
		then(int(e.Fd))
	}
	return nil
}

// answers takes what has come to a flow.
func (c *clients) answers(i int) error {
	f := &c.flows[i]
	n := c.in.receive(f.fd, batchSize)
	if n > 0 {
		f.heard = time.Now()
	}
	for j := range n {
		P := c.in.datagram(j)
		if len(P) != payload || P[0] != direction || flowOf(P) != i {
			return errMixed
		}
		nonce := binary.BigEndian.Uint64(P) &^ (direction << 56)
		if nonce >= f.next {
			return errMixed
		}
		if nonce < f.seen {
			continue // late: it counts as lost, or was of the measurement before
		}
		c.lost.Add(int64(nonce - f.seen))
		c.answered.Add(1)
		f.seen = nonce + 1
		if c.took != nil {
			c.took = append(c.took, f.heard.Sub(c.begin)-time.Duration(binary.BigEndian.Uint64(P[16:])))
		}
	}
	return nil
}

// reset gives up what is on its way.
func (c *clients) reset() {
	for i := range c.flows {
		f := &c.flows[i]
		f.seen, f.heard = f.next, time.Now()
	}
}

// saturate keeps a window of datagrams on its way on each flow, until the context ends.
func (c *clients) saturate(ctx context.Context, window int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.reset()
	fill := func(i int) {
		f := &c.flows[i]
		if n := window - int(f.next-f.seen); n > 0 {
			c.send(i, n)
		}
	}
	for look := time.Now(); ; {
		if now := time.Now(); now.Sub(look) >= 0 {
			if ctx.Err() != nil {
				return nil
			}
			look = now.Add(stall / 20)
			for i := range c.flows {
				f := &c.flows[i]
				if now.Sub(f.heard) >= stall {
					c.lost.Add(int64(f.next - f.seen))
					f.seen, f.heard = f.next, now
				}
				fill(i)
			}
		}
		if err := c.receive(stall/10, fill); err != nil {
			return err
		}
	}
}

// pace sends datagrams evenly, on one flow after the other, and waits for the last answers. It gives how long the
// answered ones took.
func (c *clients) pace(ctx context.Context, d time.Duration) (took []time.Duration, lost int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.reset()
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, 0, os.NewSyscallError("timerfd_create", err)
	}
	defer unix.Close(timer) // which takes it out of c.wait
	every := unix.NsecToTimespec(int64(time.Second) / paced)
	err = unix.TimerfdSettime(timer, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil)
	if err := cmp.Or(os.NewSyscallError("timerfd_settime", err), c.wait.add(timer, len(c.flows))); err != nil {
		return nil, 0, err
	}
	sent, most := 0, int(d.Seconds()*paced)
	c.took = make([]time.Duration, 0, most)
	defer func() { c.took = nil }()
	due := func(i int) {
		if i < len(c.flows) {
			return
		}
		var times uint64 // that the timer has run out
		unix.Read(timer, (*[8]byte)(unsafe.Pointer(&times))[:])
		for ; times > 0 && sent < most; times-- {
			c.send(sent%len(c.flows), 1)
			sent++
		}
	}
	for end := time.Now().Add(d + stall); sent < most || time.Now().Before(end) && len(c.took) < sent; {
		if err := cmp.Or(ctx.Err(), c.receive(stall/10, due)); err != nil {
			return nil, 0, err
		}
	}
	if len(c.took) == 0 {
		return nil, sent, fmt.Errorf("nothing of %d came back", sent)
	}
	return c.took, sent - len(c.took), nil
}
