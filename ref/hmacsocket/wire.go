package hmacsocket

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// An Init is the first thing that either side sends (section 1.2).
//
//	LH u16 | ML u32 | N, LH bytes
type Init struct {
	ML uint32 // the most data that the Init's sender takes in a Chunk, in bytes
	N  []byte // random, and new for every connection
}

// AppendInit appends an Init. It fails with [ErrHashLength] or [ErrZeroLimit].
func AppendInit(b []byte, in Init, LH int) ([]byte, error) {
	switch {
	case len(in.N) != LH:
		return b, ErrHashLength
	case in.ML == 0:
		return b, ErrZeroLimit
	}
	b = binary.BigEndian.AppendUint16(b, uint16(LH))
	b = binary.BigEndian.AppendUint32(b, in.ML)
	return append(b, in.N...), nil
}

// ParseInit reads an Init from the beginning of b; n is its length, and N a part of b. It fails with [ErrIncomplete],
// [ErrHashLength] or [ErrZeroLimit]. With [ErrIncomplete], n is the least length needed.
func ParseInit(b []byte, LH int) (in Init, n int, err error) {
	n = 2 + 4 + LH
	if len(b) >= 2 && int(binary.BigEndian.Uint16(b)) != LH {
		return Init{}, 0, ErrHashLength
	}
	if len(b) >= 6 && binary.BigEndian.Uint32(b[2:]) == 0 {
		return Init{}, 0, ErrZeroLimit
	}
	if len(b) < n {
		return Init{}, n, ErrIncomplete
	}
	return Init{binary.BigEndian.Uint32(b[2:]), b[6:n]}, n, nil
}

// headBytes is the length of what stands before a Chunk's data: LD and H.
func (s *Sequence) headBytes() int { return 4 + s.key.LH }

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

// Parse reads the next message from the beginning of b, for a receiver whose Init said ML. n is its length, and D, a
// part of b, a Chunk's data. It fails with [ErrIncomplete], n then being the least length needed, with [ErrTooLong],
// with [ErrHMAC] or, if the message is an Error, with a [PeerError], n then being the Error's length.
func (s *Sequence) Parse(b []byte, ML uint32) (D []byte, n int, err error) {
	head := s.headBytes()
	if len(b) < 4 {
		return nil, head, ErrIncomplete
	}
	LD := binary.BigEndian.Uint32(b)
	if LD == 0 {
		n, err = s.parseError(b)
		return nil, n, err
	}
	if LD > ML {
		return nil, 0, ErrTooLong
	}
	if n = int(min(uint64(head)+uint64(LD), math.MaxInt)); len(b) < n { // an int may have 32 bits
		return nil, n, ErrIncomplete
	}
	if D = b[head:n:n]; !s.verify(b[4:head], D) {
		return nil, 0, ErrHMAC
	}
	s.next()
	return D, n, nil
}

// errForged: an Error with a wrong HMAC. It gets no Error in answer (HMACSOCKET-50).
var errForged = fmt.Errorf("%w of an Error", ErrHMAC)

// parseError reads an Error, whose LD was read. Its HMAC covers CN alone (section 3).
func (s *Sequence) parseError(b []byte) (n int, err error) {
	head := s.headBytes()
	n = head + 2
	if len(b) >= n {
		n += int(b[head+1])
	}
	switch {
	case len(b) < n:
		return n, ErrIncomplete
	case !s.verify(b[4:head], nil):
		return 0, errForged
	}
	s.next()
	e := &PeerError{Code: b[head]}
	if EM := string(b[head+2 : n]); isText(EM) {
		e.Text = EM
	}
	return n, e
}
