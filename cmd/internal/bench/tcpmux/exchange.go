//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
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
	return &client{server: rig.Loopback(port), request: []byte(w.request), want: w.answer}
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

// drive lets clients work side by side for a while.
func drive(ctx context.Context, clients int, d time.Duration, port int, w way) (rig.Load, error) {
	return rig.Drive(ctx, clients, d, func() func() error { return newClient(port, w).exchange })
}

// ready waits until the server gives its first good answer.
func ready(ctx context.Context, s *rig.Process, port int, w way) error {
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
		case <-s.Gone():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
