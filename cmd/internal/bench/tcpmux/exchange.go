//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"time"
)

// patience is the longest that an exchange may take. inetutils-inetd sleeps for a second at times, and its short queue of
// connections is full then, so that the kernel tries again later and later.
const patience = 30 * time.Second

// A client does one exchange after the other.
type client struct {
	server  *net.TCPAddr
	request []byte
	want    *regexp.Regexp
	buf     [4096]byte
	last    []byte // the last answer, known to be good
}

func newClient(port int, w way) *client {
	return &client{server: loopback(port), request: []byte(w.request), want: w.answer}
}

// exchange opens a connection, sends the request, reads the whole answer up to its end, and closes.
func (c *client) exchange() error {
	conn, err := net.DialTCP("tcp4", nil, c.server)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.finish(conn)
}

// finish does what follows the opening.
func (c *client) finish(conn *net.TCPConn) error {
	conn.SetDeadline(time.Now().Add(patience))
	if len(c.request) > 0 {
		if _, err := conn.Write(c.request); err != nil {
			return err
		}
	}
	n := 0
	for {
		if n == len(c.buf) {
			return fmt.Errorf("an answer of more than %d bytes", n)
		}
		got, err := conn.Read(c.buf[n:])
		n += got
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	// Both directions are over. Closing with a reset leaves no TIME_WAIT behind, of which the kernel bears only so many.
	conn.SetLinger(0)
	if string(c.buf[:n]) == string(c.last) {
		return nil
	}
	if !c.want.Match(c.buf[:n]) {
		return fmt.Errorf("wrong answer %.80q", c.buf[:n])
	}
	c.last = append(c.last[:0], c.buf[:n]...)
	return nil
}

// A load is what a number of clients have achieved.
type load struct {
	exchanges int
	perSecond float64
}

// drive lets clients work side by side for a while. The first failed exchange ends it.
func drive(ctx context.Context, clients int, d time.Duration, port int, w way) (load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var all load
	var wg sync.WaitGroup
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			c := newClient(port, w)
			n, took := 0, time.Duration(0)
			for took < d && ctx.Err() == nil {
				if err := c.exchange(); err != nil {
					cancel(fmt.Errorf("exchange %d of a client: %w", n+1, err))
					return
				}
				n++
				took = time.Since(begin)
			}
			mu.Lock()
			defer mu.Unlock()
			all.exchanges += n
			// Each by its own end: one that waits for long must not make the others look slow.
			all.perSecond += float64(n) / took.Seconds()
		})
	}
	wg.Wait()
	return all, context.Cause(ctx)
}

// ready waits until the server gives its first good answer.
func ready(ctx context.Context, s *server, port int, w way) error {
	deadline := time.Now().Add(patience)
	for {
		err := newClient(port, w).exchange()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *net.OpError
		if !errors.As(err, &refused) || refused.Op != "dial" || time.Now().After(deadline) {
			return err
		}
		select {
		case <-s.gone:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
