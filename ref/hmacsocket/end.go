package hmacsocket

import (
	"io"
	"net"
	"time"
)

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
