package hmacsocket

import (
	"encoding/binary"
	"hash"
	"io"
	"strings"
	"unicode/utf8"
)

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
	head := c.out.seq.head
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

// A Sequence makes the HMACs of the messages of one direction of a connection, in order. The zero value is of no use.
type Sequence struct {
	key  *Key
	head int    // the length of what stands before a Chunk's data: LD and H
	cn   []byte // CN(i), LH bytes
	i    uint64 // messages so far
}

// appendHMAC appends H = HMAC(K, D | CN(i)) to b; D is empty for an Error.
func (s *Sequence) appendHMAC(b, D []byte) []byte {
	mac := s.key.macs.Get().(hash.Hash)
	defer s.key.macs.Put(mac)
	mac.Reset()
	mac.Write(D)
	mac.Write(s.cn)
	return mac.Sum(b)
}

// next goes on to the next message: CN is a big-endian integer that wraps at the top.
func (s *Sequence) next() {
	s.i++
	for at := len(s.cn) - 1; at >= 0; at-- {
		if s.cn[at]++; s.cn[at] != 0 {
			return
		}
	}
}

// AppendChunk appends the next message, a Chunk that holds D. It fails with [ErrEmpty] or, if D is longer than the
// peer's ML, with [ErrTooLong]; it then counts no message.
//
//	LD u32 > 0 | H, LH bytes | D, LD bytes
func (s *Sequence) AppendChunk(b, D []byte, ML uint32) ([]byte, error) {
	switch {
	case len(D) == 0:
		return b, ErrEmpty
	case uint64(len(D)) > uint64(ML):
		return b, ErrTooLong
	}
	return append(s.appendHead(b, D), D...), nil
}

// appendHead appends what stands before D.
func (s *Sequence) appendHead(b, D []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(D)))
	b = s.appendHMAC(b, D)
	s.next()
	return b
}

// AppendError appends the next message, an Error, which must be the last. It fails with [ErrBadText] or [ErrTooLong].
//
//	LD u32 = 0 | H, LH bytes | EC u8 | LE u8 | EM, LE bytes
func (s *Sequence) AppendError(b []byte, EC byte, EM string) ([]byte, error) {
	switch {
	case !isText(EM):
		return b, ErrBadText
	case len(EM) > MaxText:
		return b, ErrTooLong
	}
	b = append(s.appendHead(b, nil), EC, byte(len(EM)))
	return append(b, EM...), nil
}

func isText(EM string) bool { return utf8.ValidString(EM) && !strings.Contains(EM, "\x00") }
