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

// An ending is how a connection ends.
type ending int

const (
	half  ending = iota // our direction alone: what was sent is all
	whole               // both directions: what was sent is all
	cut                 // both directions, by a reset: a cut stream must not look whole (section 1.5)
)

// end ends c, as far as its network can tell one end from another.
func end(c net.Conn, how ending) error {
	if tcp, ok := c.(interface{ CloseWrite() error }); ok && how == half {
		return tcp.CloseWrite()
	} else if how == half {
		return nil
	}
	if tcp, ok := c.(interface{ SetLinger(int) error }); ok && how == cut {
		tcp.SetLinger(0)
	}
	return c.Close()
}

// end ends the connection, and is the only function that does. If reading it ended because of a refused message, the
// peer is told by an Error, whatever the ending; that may take a while, since what the peer still sends would make TCP
// reset the Error away (HMACSOCKET-47). Our N is forgotten last: then nothing signed for it can arrive any more.
func (c *Conn) end(how ending) error {
	if how == half {
		return c.endSending(0)
	}
	defer c.endpoint.nonces.retire(c.own)
	defer c.first.Leave()
	EC := byte(c.refused.Swap(0))
	if EC == 0 || c.endpoint.ClientFirst && !c.trusted.Load() {
		return end(c.Conn, how)
	}
	// The other goroutine may be writing to a peer that does not read.
	c.Conn.SetWriteDeadline(time.Now().Add(drainTime))
	if c.endSending(EC) == nil {
		c.Conn.SetReadDeadline(time.Now().Add(drainTime))
		io.CopyN(io.Discard, c.Conn, drainBytes) // however this ends, the Error has had its time
		how = whole
	}
	return end(c.Conn, how)
}

// endSending ends our direction, with an Error if EC is not 0. It fails if sending has failed or ended before, so that
// no Error follows a part of a Chunk, and if the peer has gone.
func (c *Conn) endSending(EC byte) error {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.err != nil {
		return c.out.err
	}
	c.out.err = net.ErrClosed
	if EC != 0 {
		EM := map[byte]string{
			DataTooLong: "Data length is greater than the receiver's ML",
			HMACFailure: "HMAC verification failed",
		}[EC]
		b, err := c.out.seq.AppendError(nil, EC, EM)
		if err == nil {
			_, err = c.Conn.Write(b)
		}
		if err != nil {
			return err
		}
	}
	return end(c.Conn, half)
}

// CloseWrite ends our direction; the peer's goes on.
func (c *Conn) CloseWrite() error { return c.end(half) }

// Close closes the connection. If reading it ended because of a refused message, the peer is told by an Error, which
// may take up to 2 seconds.
func (c *Conn) Close() error { return c.end(whole) }

// Reset closes the connection so that the peer sees a failure and not an end: a reset, or the Error that [Conn.Close]
// would send.
func (c *Conn) Reset() error { return c.end(cut) }
