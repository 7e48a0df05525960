package hmacsocket

import "io"

// Write sends b, in as many Chunks as the peer's ML demands.
func (c *Conn) Write(b []byte) (n int, err error) {
	for n < len(b) {
		D := c.data(len(b) - n)
		copy(D, b[n:])
		if err := c.sendChunk(D); err != nil {
			return n, err
		}
		n += len(D)
	}
	return n, nil
}

// ReadFrom sends what r gives, each piece as a Chunk as soon as it comes, until r ends. It reads straight into the send
// buffer.
func (c *Conn) ReadFrom(r io.Reader) (total int64, err error) {
	for want := smallBuffer; ; {
		D := c.data(want)
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

// data gives the place in the buffer for n bytes of data, or as many as a Chunk of ours may have; the head goes before
// it.
func (c *Conn) data(n int) []byte {
	n = min(n, int(min(c.out.ML, chunkData)))
	head := c.out.seq.headBytes()
	if len(c.out.buf) < head+n {
		c.out.buf = make([]byte, head+n)
	}
	return c.out.buf[head : head+n]
}

// sendChunk sends D, which is in its place in the buffer.
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

// broken says whether sending has failed.
func (c *Conn) broken() bool {
	c.out.Lock()
	defer c.out.Unlock()
	return c.out.err != nil
}
