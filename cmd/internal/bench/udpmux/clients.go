//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Clients plays the mosh-clients: a socket for each flow.
type Clients struct {
	flows   []flow
	wait    *waiter
	in, out *batch
	begin   time.Time
	took    []time.Duration // by Pace

	answered, lost atomic.Int64 // of all flows
	stop, stopped  chan struct{}
	failure        error // of what was stopped
}

// A Route is where a flow goes, and what stands before P.
type Route struct {
	To      netip.AddrPort
	Header  []byte
	Session uint32
}

// A flow is a client's. What is missing before an answered nonce is lost: nothing on the way changes the order.
type flow struct {
	Route
	fd    int
	next  uint64 // nonce to send
	seen  uint64 // the nonce behind the highest that was answered, or given up
	heard time.Time
}

var errMixed = errors.New("a datagram came back that was not sent, or was changed")

// Open opens a flow for each route, and returns when each has had an answer. One after the other, since a server that forks needs a
// moment.
func (c *Clients) Open(routes []Route, _ *struct{}) (err error) {
	if c.wait, err = newWaiter(); err != nil {
		return err
	}
	c.in, c.out, c.begin = newBatch(false), newBatch(false), time.Now()
	c.flows = make([]flow, len(routes))
	for i := range c.flows {
		f := &c.flows[i]
		f.Route = routes[i]
		if f.fd, err = openUDP(unix.Connect, f.To); err != nil {
			return err
		}
		if err := c.wait.add(f.fd, i); err != nil {
			return err
		}
		deadline := time.Now().Add(patience)
		for f.seen == 0 {
			c.send(i, 1)
			for wait := time.Now().Add(100 * time.Millisecond); f.seen == 0 && time.Now().Before(wait); {
				if err := c.receive(time.Until(wait)); err != nil {
					return err
				}
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("flow %d of %d gets no answer", i+1, len(c.flows))
			}
		}
	}
	return nil
}

// send sends n datagrams on a flow.
func (c *Clients) send(i, n int) {
	f := &c.flows[i]
	now := uint64(time.Since(c.begin))
	for j := range n {
		b := &c.out.bytes[j]
		h := copy(b[:], f.Header)
		P := b[h : h+payload]
		binary.BigEndian.PutUint64(P, f.next)
		binary.BigEndian.PutUint32(P[8:], f.Session)
		binary.BigEndian.PutUint32(P[12:], uint32(i))
		binary.BigEndian.PutUint64(P[16:], now)
		c.out.iovs[j].SetLen(h + payload)
		f.next++
	}
	c.out.send(f.fd, n)
}

// receive waits for answers, and gives them to their flows.
func (c *Clients) receive(d time.Duration) error {
	for _, e := range c.wait.wait(d) {
		if err := c.answers(int(e.Fd)); err != nil {
			return err
		}
	}
	return nil
}

// answers takes what has come to a flow.
func (c *Clients) answers(i int) error {
	f := &c.flows[i]
	n := c.in.receive(f.fd, batchSize)
	if n > 0 {
		f.heard = time.Now()
	}
	for j := range n {
		P := c.in.datagram(j)
		if len(P) != payload || P[0] != direction || sessionOf(P) != f.Session || flowOf(P) != uint32(i) {
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
func (c *Clients) reset() {
	for i := range c.flows {
		f := &c.flows[i]
		f.seen, f.heard = f.next, time.Now()
	}
}
