package hmacsocket

import (
	"io"
	"net"
	"time"
)

// Write sends b, in as many Chunks as the peer's ML demands.
func (c *Conn) Write(b []byte) (n int, err error) {
	for n < len(b) {
		D := c.data(min(len(b)-n, c.most()))
		copy(D, b[n:])
		if err := c.sendChunk(D); err != nil {
			return n, err
		}
		n += len(D)
	}
	return n, nil
}

// ReadFrom sends what r gives, each piece as a Chunk as soon as it is there, until r ends. It reads to where the data is sent from.
func (c *Conn) ReadFrom(r io.Reader) (total int64, err error) {
	for want := smallBuffer; ; {
		D := c.data(min(want, c.most()))
		n, err := r.Read(D)
		if n > 0 {
			if err := c.sendChunk(D[:n]); err != nil {
				return total, err
			}
			total += int64(n)
		}
		switch {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		case n == len(D): // there is more than a little
			want = chunkData
		}
	}
}

// most is how much data a Chunk of ours holds at most.
func (c *Conn) most() int { return int(min(c.out.ML, chunkData)) }

// data gives the place of n bytes of data in the buffer, behind that of a Chunk's head.
func (c *Conn) data(n int) []byte {
	head := c.out.seq.headBytes()
	if len(c.out.buf) < head+n {
		c.out.buf = make([]byte, head+n)
	}
	return c.out.buf[head : head+n]
}

// sendChunk sends D, which stands in its place.
func (c *Conn) sendChunk(D []byte) error {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.err != nil {
		return c.out.err
	}
	head := c.out.seq.appendHead(c.out.buf[:0], D)
	_, c.out.err = c.Conn.Write(c.out.buf[:len(head)+len(D)])
	return c.out.err
}

// broken tells whether sending has failed.
func (c *Conn) broken() bool {
	c.out.Lock()
	defer c.out.Unlock()
	return c.out.err != nil
}

// CloseWrite ends our direction; the peer's goes on.
func (c *Conn) CloseWrite() error {
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.err != nil {
		return c.out.err
	}
	c.out.err = net.ErrClosed
	return closeWrite(c.Conn)
}

// closeWrite ends c's sending direction, if it can end alone.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Close closes the connection. If reading it ended because of a message that was refused, the peer is told by an Error, and the
// call may take a while, since what the peer still sends would make TCP reset the Error away (HMACSOCKET-47).
func (c *Conn) Close() error {
	if EC := byte(c.refused.Swap(0)); EC != 0 && (c.trusted.Load() || !c.endpoint.ClientFirst) {
		c.sendError(EC)
	}
	return c.shut()
}

// giveUp closes a broken connection: if not with an Error, then by a reset, since an end would say that what was sent is whole.
func (c *Conn) giveUp() error {
	if c.refused.Load() == 0 || c.endpoint.ClientFirst && !c.trusted.Load() {
		linger(c.Conn)
	}
	return c.Close()
}

// sendError sends an Error, unless a Chunk was sent in part, and takes what comes until the peer has closed.
func (c *Conn) sendError(EC byte) {
	c.Conn.SetWriteDeadline(time.Now().Add(drainTime)) // the other goroutine may be writing to a peer that does not read
	c.out.Lock()
	defer c.out.Unlock()
	if c.out.err != nil {
		return
	}
	EM := map[byte]string{DataTooLong: "Data length is greater than the receiver's ML", HMACFailure: "HMAC verification failed"}[EC]
	b, err := c.out.seq.AppendError(nil, EC, EM)
	if err == nil {
		_, err = c.Conn.Write(b)
	}
	c.out.err = net.ErrClosed
	if err != nil || closeWrite(c.Conn) != nil {
		return // the peer has gone
	}
	c.Conn.SetReadDeadline(time.Now().Add(drainTime))
	io.CopyN(io.Discard, c.Conn, drainBytes) // whichever way it ends, the Error has had its time
}

// Reset closes the connection so that the peer sees a failure and not an end.
func (c *Conn) Reset() error {
	linger(c.Conn)
	return c.shut()
}

// shut closes the connection below. Our N is forgotten behind that: nothing that is signed for it can arrive any more.
func (c *Conn) shut() error {
	defer c.endpoint.nonces.retire(c.own)
	return c.Conn.Close()
}

// linger makes c's close a reset.
func linger(c net.Conn) { setLinger(c, 0) }

func setLinger(c net.Conn, seconds int) {
	if tcp, ok := c.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(seconds)
	}
}
