package hmacsocket

import "encoding/binary"

// An Init is what stands in front of each direction's messages. (Section 1.2.)
//
//	  2        4        LH
//	+------+--------+--------+
//	|  LH  |   ML   |   N    |
//	+------+--------+--------+
type Init struct {
	ML uint32 // the most D bytes of a Chunk that the Init's sender will receive, 1 or more
	N  []byte // LH bytes
}

// ReadInit reads the Init that in begins with; ended says that the input has ended after in. n is the number of bytes
// consumed: "the bytes after it belong to what follows".
func (h Hash) ReadInit(in []byte, ended bool) (init Init, n int, fault Fault) {
	incomplete := Incomplete
	// "If the input ends before the Init is complete, incomplete becomes the fault cut short": without a byte, too
	if ended {
		incomplete = CutShort
	}
	switch { // "looks at the bytes in order, and the first of these that applies decides"
	case len(in) < 2: // 1. fewer than 2 bytes
		return Init{}, 0, incomplete
	case int(binary.BigEndian.Uint16(in)) != h.Length: // 2. the first field is not the reader's LH
		return Init{}, 0, HashLength
	case len(in) < 6: // 3. fewer than 6 bytes
		return Init{}, 0, incomplete
	case binary.BigEndian.Uint32(in[2:]) == 0: // 4. ML is 0
		return Init{}, 0, ZeroLimit
	case len(in) < 6+h.Length: // 5. fewer than 6 + LH bytes
		return Init{}, 0, incomplete
	}
	n = 6 + h.Length // 6. a complete Init
	return Init{ML: binary.BigEndian.Uint32(in[2:]), N: in[6:n:n]}, n, None
}

// AppendInit appends an Init to b. An N that is not LH bytes long and an ML of 0 are refused, in that order; b is
// returned unchanged then.
func (h Hash) AppendInit(b []byte, init Init) ([]byte, Fault) {
	switch {
	case len(init.N) != h.Length:
		return b, HashLength
	case init.ML == 0:
		return b, ZeroLimit
	}
	b = binary.BigEndian.AppendUint16(b, uint16(h.Length))
	b = binary.BigEndian.AppendUint32(b, init.ML)
	return append(b, init.N...), None
}
