package services

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
	"github.com/muxspec/muxspec/ref/tcpmux"
)

// dialTimeout is the time to reach what a service is forwarded to.
const dialTimeout = 10 * time.Second

// Forward makes a handler that connects to address and carries the bytes of both directions. network is "tcp" or
// "unix". The end of a direction is passed on as the end of that direction, a failure as a reset.
func Forward(network, address string) tcpmux.Handler {
	return func(ctx context.Context, c net.Conn) error {
		dialer := net.Dialer{Timeout: dialTimeout}
		backend, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return errors.Join(err, tcpmux.Refuse(c, "Service cannot be reached"))
		}
		defer backend.Close()
		defer context.AfterFunc(ctx, func() { reset(backend) })()
		broken := func() {
			reset(c)
			reset(backend)
		}
		defer accept.Watch(c, broken)()
		defer accept.Watch(backend, broken)()
		if err := tcpmux.Accept(c); err != nil {
			return err
		}
		forth := make(chan error, 1)
		go func() { forth <- carry(backend, c) }()
		return errors.Join(carry(c, backend), <-forth)
	}
}

// carry copies from src until it ends and passes the end on. It gets the sockets themselves, so that [io.Copy] leaves
// the copying to the kernel.
func carry(dst, src net.Conn) error {
	if _, err := io.Copy(dst, src); err != nil {
		reset(dst)
		reset(src)
		return err
	}
	if half, ok := dst.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() // fails only if dst has gone, which its reader sees
	}
	return nil
}

// reset closes c so that the peer sees a failure and not an end.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
