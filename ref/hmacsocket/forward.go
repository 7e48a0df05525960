package hmacsocket

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// A Forwarder carries connections to one address, with HMACs on one side.
type Forwarder struct {
	Endpoint *Endpoint
	// Server: those who connect are the HMAC side, and Dial leads to the service. Else they are the plain side, and Dial leads to a
	// server.
	Server bool
	// Dial connects; it is called for each connection, a server's behind a good Init (HMACSOCKET-65).
	Dial func(context.Context) (net.Conn, error)
}

// ServeConn connects c onward, carries both directions until they have ended, or ctx has, and closes c. The error is why that failed;
// that one side reset the connection is none.
func (f *Forwarder) ServeConn(ctx context.Context, c net.Conn) error {
	if f.Server {
		return f.open(ctx, c, nil)
	}
	defer c.Close()
	linger(c) // until there is a connection, which has ends of its own
	server, err := f.Dial(ctx)
	if err != nil {
		return err
	}
	return f.open(ctx, server, c)
}

// open exchanges the Inits over c, and then carries; a server without a plain side gets one in between.
func (f *Forwarder) open(ctx context.Context, c, plain net.Conn) (err error) {
	defer context.AfterFunc(ctx, func() {
		linger(c)
		c.Close()
	})()
	conn, err := f.Endpoint.Open(c)
	if err != nil {
		return err
	}
	defer conn.Close()
	if f.Server {
		if f.Endpoint.ClientFirst {
			if err := conn.next(); err == io.EOF {
				return nil
			} else if err != nil {
				conn.giveUp()
				return err
			}
		}
		if plain, err = f.Dial(ctx); err != nil {
			conn.giveUp()
			return err
		}
		defer plain.Close()
	}
	setLinger(plain, -1)
	defer context.AfterFunc(ctx, func() { // writing to it may be what does not end
		linger(plain)
		plain.Close()
	})()
	return carry(conn, plain)
}

// carry copies both directions until they have ended. An end is passed on as the end of that direction; all else is a reset at the plain
// side, since a cut stream must not look whole (section 1.5).
func carry(conn *Conn, plain net.Conn) (why error) {
	var once sync.Once // whoever fails first knows why
	fail := func(err error, end func() error) {
		once.Do(func() {
			why = err
			linger(plain)
			end()
		})
		plain.Close()
	}
	cut := false
	up := make(chan struct{})
	go func() {
		defer close(up)
		switch _, err := conn.ReadFrom(plain); {
		case err == nil:
			conn.CloseWrite()
		case conn.broken(): // reading tells why: an Error of the peer may be there
			cut = true
			conn.SetReadDeadline(time.Now().Add(drainTime))
			plain.SetWriteDeadline(time.Now().Add(drainTime))
		default:
			fail(nil, conn.Reset)
		}
	}()
	switch _, err := conn.WriteTo(plain); {
	case err == nil:
		closeWrite(plain)
	case conn.in.err == nil: // the plain side takes no more
		fail(nil, conn.Reset)
	default:
		fail(err, plain.Close)
		conn.giveUp()
	}
	if <-up; cut {
		linger(plain)
	}
	return why
}
