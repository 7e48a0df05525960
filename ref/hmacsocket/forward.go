package hmacsocket

import (
	"cmp"
	"context"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
)

// A Forwarder carries connections to one address, with HMACs on one side.
type Forwarder struct {
	Endpoint *Endpoint
	// Server: connections come to the HMAC side, and Dial leads to the service. Otherwise they come to the plain side,
	// and Dial leads to a server.
	Server bool
	// Dial connects; it is called for each connection, a server's after a good Init (HMACSOCKET-65).
	Dial func(context.Context) (net.Conn, error)
}

// ServeConn connects c onward, carries both directions until they or ctx have ended, and closes c. The error is why
// that failed; it is nil if a side merely reset the connection.
func (f *Forwarder) ServeConn(ctx context.Context, c net.Conn) error {
	if f.Server {
		return f.fromPeer(ctx, c)
	}
	return f.fromPlain(ctx, c)
}

// fromPeer is a server's: it exchanges the Inits with c, then connects to the service, which is the plain side.
func (f *Forwarder) fromPeer(ctx context.Context, c net.Conn) error {
	defer context.AfterFunc(ctx, func() { end(c, cut) })()
	began := time.Now()
	conn, err := f.Endpoint.Open(c)
	if err != nil {
		return err
	}
	defer conn.end(whole)
	conn.proven = func() { accept.Keep(ctx) }
	if f.Endpoint.ClientFirst {
		conn.SetReadDeadline(began.Add(cmp.Or(f.Endpoint.InitTimeout, InitTimeout)))
		if err := conn.next(); err == io.EOF {
			return nil
		} else if err != nil {
			conn.end(cut)
			return err
		}
		conn.SetReadDeadline(time.Time{})
	}
	plain, err := f.Dial(ctx)
	if err != nil {
		conn.end(cut)
		return err
	}
	defer end(plain, whole)
	return carry(ctx, conn, plain)
}

// fromPlain is a client's: it connects to a server and exchanges the Inits with it, for the process at the plain side.
// If that fails, the process sees a reset.
func (f *Forwarder) fromPlain(ctx context.Context, plain net.Conn) error {
	c, err := f.Dial(ctx)
	if err != nil {
		end(plain, cut)
		return err
	}
	defer context.AfterFunc(ctx, func() { end(c, cut) })()
	conn, err := f.Endpoint.Open(c)
	if err != nil {
		end(plain, cut)
		return err
	}
	defer conn.end(whole)
	defer end(plain, whole)
	return carry(ctx, conn, plain)
}

// carry copies both directions until they have ended. An end is passed on as the end of that direction; all else is a
// reset at the plain side, since a cut stream must not look whole (section 1.5).
func carry(ctx context.Context, conn *Conn, plain net.Conn) (why error) {
	// Writing to the plain side may be what does not end.
	defer context.AfterFunc(ctx, func() { end(plain, cut) })()
	var once sync.Once // the first to fail knows why; after an end or at a full buffer that is not a copier
	fail := func(err error) {
		once.Do(func() {
			why = err
			end(plain, cut)
			conn.end(cut)
		})
	}
	defer accept.Watch(conn.Conn, func() { fail(syscall.ECONNRESET) })()
	defer accept.Watch(plain, func() { fail(nil) })()
	unsent := false
	up := make(chan struct{})
	go func() {
		defer close(up)
		switch _, err := conn.ReadFrom(plain); {
		case err == nil:
			conn.end(half)
		case conn.broken(): // reading tells why: the peer may have sent an Error
			unsent = true
			conn.SetReadDeadline(time.Now().Add(drainTime))
			plain.SetWriteDeadline(time.Now().Add(drainTime))
		default:
			fail(nil)
		}
	}()
	if _, err := conn.WriteTo(plain); err == nil {
		end(plain, half)
	} else {
		fail(conn.in.err) // which is nil if the plain side takes no more
	}
	if <-up; unsent {
		end(plain, cut)
	}
	once.Do(func() {})
	return why
}
