package hmacsocket

import (
	"bytes"
	"crypto/hmac"
	"encoding/binary"
	"math/big"
	"unicode/utf8"
)

// A Kind is what ReadMessage has found.
type Kind string

// The kinds. (Section 1.3.)
//
//	  4        LH       LD                        4        LH      1      1     LE
//	+--------+--------+---------------+         +--------+--------+------+------+----------+
//	| LD > 0 |   H    |      D        | Chunk   | LD = 0 |   H    |  EC  |  LE  |    EM    | Error
//	+--------+--------+---------------+         +--------+--------+------+------+----------+
const (
	Chunk Kind = "chunk"
	Error Kind = "error"
	End   Kind = "end" // no message: the input has ended where one would begin
)

// The codes that the page gives a meaning. (Section 1.3, EC.)
const (
	CodeTooLong   byte = 0x10 // data length too long
	CodeWrongHMAC byte = 0x20 // HMAC failure
)

// A Message is a Chunk, an Error, or the End of a direction.
type Message struct {
	Kind Kind
	D    []byte // a Chunk's data
	EC   byte   // an Error's code
	EM   []byte // an Error's text; it may be empty
	// Unfit: "its text is not to be shown", since EM is not valid UTF-8 or holds a NUL.
	Unfit bool
}

// ReadMessage reads the message that in begins with, as a receiver that has sent the limit ml in its Init and has
// received i messages; ended says that the input has ended after in. n is the number of bytes consumed.
func (d Direction) ReadMessage(in []byte, ml uint32, i *big.Int, ended bool) (m Message, n int, fault Fault) {
	lh := d.Hash.Length
	incomplete := Incomplete
	if ended {
		if len(in) == 0 { // "no bytes after the last message are the end of the direction, and no fault"
			return Message{Kind: End}, 0, None
		}
		incomplete = CutShort // "incomplete with 1 byte or more becomes the fault cut short"
	}
	if len(in) < 4 { // 1. fewer than 4 bytes
		return Message{}, 0, incomplete
	}
	ld := binary.BigEndian.Uint32(in)
	if ld == 0 { // 2. to 4.
		if m, n, fault = readError(in, lh); fault == Incomplete {
			return Message{}, 0, incomplete
		}
		if !hmac.Equal(in[4:4+lh], d.H(i, nil)) { // 3. H is not HMAC(K, CN(i))
			return Message{}, 0, WrongHMAC
		}
		return m, n, None // 4. an Error
	}
	switch {
	case ld > ml: // 5. LD is greater than ML: "What H and D would be is not looked at"
		return Message{}, 0, TooLong
	case uint64(len(in)) < 4+uint64(lh)+uint64(ld): // 6. fewer than 4 + LH + LD bytes
		return Message{}, 0, incomplete
	}
	n = 4 + lh + int(ld)
	data := in[4+lh : n : n]
	if !hmac.Equal(in[4:4+lh], d.H(i, data)) { // 7. H is not HMAC(K, D | CN(i))
		return Message{}, 0, WrongHMAC
	}
	return Message{Kind: Chunk, D: data}, n, None // 8. a Chunk
}

// readError reads an Error whose LD is there, without a look at its H.
func readError(in []byte, lh int) (m Message, n int, fault Fault) {
	n = 4 + lh + 2
	if len(in) < n { // "fewer than 4 + LH + 2 bytes"
		return Message{}, 0, Incomplete
	}
	ec, le := in[n-2], int(in[n-1])
	if len(in) < n+le { // "or fewer than 4 + LH + 2 + LE"
		return Message{}, 0, Incomplete
	}
	em := in[n : n+le : n+le]
	return Message{Kind: Error, EC: ec, EM: em, Unfit: !fit(em)}, n + le, None
}

// fit says whether an EM is "UTF-8 without NUL".
func fit(em []byte) bool {
	return utf8.Valid(em) && !bytes.Contains(em, []byte{0})
}

// ReadStream reads the messages that in holds from number i on, until the direction ends: at in's end where ended
// says that, with an Error, or with a fault. messages, Chunks and perhaps a last Error, are those before that, and n
// is the number of their bytes; both are set with a fault, too. Incomplete says that the direction may go on. i is
// not changed.
func (d Direction) ReadStream(in []byte, ml uint32, i *big.Int, ended bool) (messages []Message, n int, fault Fault) {
	count := new(big.Int).Set(i)
	for {
		m, length, fault := d.ReadMessage(in[n:], ml, count, ended)
		if fault != None {
			return messages, n, fault
		}
		if m.Kind == End {
			return messages, n, None
		}
		messages, n = append(messages, m), n+length
		if m.Kind == Error { // "nothing after it is a message"
			return messages, n, None
		}
		count.Add(count, big.NewInt(1))
	}
}

// H gives the H of the Chunk of data that is message number i, HMAC(K, D | CN(i)); without data that of an Error, "an
// Error has no D".
func (d Direction) H(i *big.Int, data []byte) []byte {
	return d.Hash.HMAC(d.K, data, d.CN(i))
}

// AppendChunk appends the Chunk of data that is message number i to b, as a transmitter that has received the limit ml.
// No data and more data than ml are refused; b is returned unchanged then.
func (d Direction) AppendChunk(b, data []byte, ml uint32, i *big.Int) ([]byte, Fault) {
	switch {
	case len(data) == 0:
		return b, Empty
	case uint64(len(data)) > uint64(ml):
		return b, TooLong
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, d.H(i, data)...)
	return append(b, data...), None
}

// AppendError appends the Error that is message number i to b. A text that is not valid UTF-8 or holds a NUL, then
// one of more than 255 bytes, is refused; b is returned unchanged then. "ML does not limit Errors."
func (d Direction) AppendError(b []byte, ec byte, em []byte, i *big.Int) ([]byte, Fault) {
	switch {
	case !fit(em):
		return b, BadText
	case len(em) > 255:
		return b, TooLong
	}
	return d.AppendErrorAs(b, TheReading, ec, em, i), None
}
