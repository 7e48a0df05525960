//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stall is how long nothing comes back on a flow until all that it has on its way is given up.
const stall = time.Second

// A Load is what Clients are to do.
type Load struct {
	Window    int           // datagrams that each flow keeps on its way: Begin
	PerSecond int           // round trips: Pace
	For       time.Duration // Pace
}

// A Count is what has become of the datagrams until now.
type Count struct {
	Answered, Lost int64
	At             time.Duration
}

// Begin begins to send as much as goes through, until End. A measurement is what lies between two Counts: then the datagrams that are
// on their way at its beginning make up for those at its end.
func (c *Clients) Begin(l Load, _ *struct{}) error {
	c.reset()
	c.stop, c.stopped = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(c.stopped)
		c.failure = c.saturate(l.Window)
	}()
	return nil
}

// Count counts.
func (c *Clients) Count(_ struct{}, n *Count) error {
	*n = Count{c.answered.Load(), c.lost.Load(), time.Since(c.begin)}
	return nil
}

// End ends what Begin began, and says whether it failed.
func (c *Clients) End(struct{}, *struct{}) error {
	close(c.stop)
	<-c.stopped
	return c.failure
}

// saturate keeps a window of datagrams on its way on each flow.
func (c *Clients) saturate(window int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for look := time.Now(); ; {
		if now := time.Now(); now.Sub(look) >= 0 {
			select {
			case <-c.stop:
				return nil
			default:
			}
			look = now.Add(stall / 20)
			for i := range c.flows {
				f := &c.flows[i]
				if now.Sub(f.heard) >= stall {
					c.lost.Add(int64(f.next - f.seen))
					f.seen, f.heard = f.next, now
				}
				c.fill(i, window)
			}
		}
		for _, e := range c.wait.wait(stall / 10) {
			if err := c.answers(int(e.Fd)); err != nil {
				return err
			}
			c.fill(int(e.Fd), window)
		}
	}
}

// fill sends what is missing of a flow's window.
func (c *Clients) fill(i, window int) {
	f := &c.flows[i]
	if n := window - int(f.next-f.seen); n > 0 {
		c.send(i, n)
	}
}

// Paced is what has come of Pace.
type Paced struct {
	Answered, Lost int
	P50, P99       float64 // of a round trip, in µs
}

// Pace sends PerSecond datagrams, on one flow after the other, and waits for the last answers.
func (c *Clients) Pace(l Load, result *Paced) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c.reset()
	sent, most := 0, int(l.For.Seconds()*float64(l.PerSecond))
	c.took = make([]time.Duration, 0, most)
	defer func() { c.took = nil }()
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	defer unix.Close(timer)
	every := unix.NsecToTimespec(int64(time.Second) / int64(l.PerSecond))
	if err := unix.TimerfdSettime(timer, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		return os.NewSyscallError("timerfd_settime", err)
	}
	if err := c.wait.add(timer, len(c.flows)); err != nil {
		return err
	}
	for end := time.Now().Add(l.For + stall); sent < most || time.Now().Before(end) && len(c.took) < sent; {
		for _, e := range c.wait.wait(stall / 10) {
			if int(e.Fd) < len(c.flows) {
				err = c.answers(int(e.Fd))
			} else {
				sent += c.due(timer, sent, most)
			}
			if err != nil {
				return err
			}
		}
	}
	if result.Answered = len(c.took); result.Answered == 0 {
		return fmt.Errorf("nothing of %d came back", sent)
	}
	result.Lost = sent - result.Answered
	slices.Sort(c.took)
	µs := func(i int) float64 { return float64(c.took[i].Nanoseconds()) / 1e3 }
	result.P50, result.P99 = µs(len(c.took)/2), µs(len(c.took)*99/100)
	return nil
}

// due sends what is due by the timer.
func (c *Clients) due(timer, sent, most int) (n int) {
	var times uint64
	unix.Read(timer, (*[8]byte)(unsafe.Pointer(&times))[:])
	for n < int(times) && sent+n < most {
		c.send((sent+n)%len(c.flows), 1)
		n++
	}
	if sent+n == most {
		unix.TimerfdSettime(timer, 0, &unix.ItimerSpec{}, nil)
	}
	return n
}
