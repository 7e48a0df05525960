package udpmux

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// A FrameType is what a frame on the Unix socket says (section 2.5).
type FrameType byte

// From section 2.5.
const (
	Hello FrameType = 1 + iota
	Welcome
	Register
	Registered
	Error
	List
	Listed
)

// A Frame has its type and the other fields that go with the type.
type Frame struct {
	Type    FrameType
	Version byte     // HELLO
	Modes   Mode     // WELCOME, REGISTER
	Port    uint16   // WELCOME: the external port; REGISTER: the backend's
	S       [32]byte // REGISTER
	ID      uint32   // REGISTERED
	Code    byte     // ERROR
	Text    string   // ERROR
	Listing Listing  // LISTED: what it is
	Session Session  // LISTED, a session
	Peer    Peer     // LISTED, a client
}

// bodyLimits are the least and the greatest L of a type.
var bodyLimits = map[FrameType][2]int{Hello: {2, 2}, Welcome: {4, 4}, Register: {36, 36}, Registered: {5, 5},
	Error: {2, MaxFrame}, List: {1, 1}, Listed: {1, sessionL}}

// check is what writer and reader refuse in a complete frame.
func (f *Frame) check() error {
	switch {
	case f.Type == Welcome && f.Port == 0:
		return ErrBadPort
	case f.Type == Register && f.S == [32]byte{}:
		return ErrZeroKey
	case f.Type == Error && !utf8.ValidString(f.Text):
		return ErrBadText
	}
	return nil
}

// AppendFrame appends a frame. It fails with [ErrUnknownType], [ErrTooLong], [ErrBadPort], [ErrZeroKey] or
// [ErrBadText].
//
//	L u16 | type u8 | HELLO:      version u8
//	                  WELCOME:    modes u8 | port u16 > 0
//	                  REGISTER:   modes u8 | port u16 | S, 32 bytes
//	                  REGISTERED: id u32
//	                  ERROR:      code u8 | text, UTF-8
//	                  LIST:
//	                  LISTED:     nothing, a [Session] or a [Peer]
func AppendFrame(b []byte, f Frame) ([]byte, error) {
	body := []byte{byte(f.Type)}
	switch f.Type {
	case Hello:
		body = append(body, f.Version)
	case Welcome:
		body = binary.BigEndian.AppendUint16(append(body, byte(f.Modes)), f.Port)
	case Register:
		body = append(binary.BigEndian.AppendUint16(append(body, byte(f.Modes)), f.Port), f.S[:]...)
	case Registered:
		body = binary.BigEndian.AppendUint32(body, f.ID)
	case Error:
		body = append(append(body, f.Code), f.Text...)
	case List:
	case Listed:
		body = f.appendListed(body)
	default:
		return b, ErrUnknownType
	}
	if len(body) > MaxFrame {
		return b, ErrTooLong
	}
	if err := f.check(); err != nil {
		return b, err
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(body))), body...), nil
}

// ParseFrame reads a frame from the beginning of b; n is its length. It fails with [ErrIncomplete], [ErrEmptyFrame],
// [ErrTooLong], [ErrUnknownType], [ErrBadLength], [ErrBadPort], [ErrZeroKey] or [ErrBadText], each as soon as the bytes
// show it.
func ParseFrame(b []byte) (f Frame, n int, err error) {
	if len(b) < 2 {
		return f, 0, ErrIncomplete
	}
	L := int(binary.BigEndian.Uint16(b))
	switch {
	case L == 0:
		return f, 0, ErrEmptyFrame
	case L > MaxFrame:
		return f, 0, ErrTooLong
	case len(b) < 3:
		return f, 0, ErrIncomplete
	}
	f.Type, n = FrameType(b[2]), 2+L
	limits, known := bodyLimits[f.Type]
	switch {
	case !known:
		return Frame{}, 0, ErrUnknownType
	case L < limits[0] || L > limits[1]:
		return Frame{}, 0, ErrBadLength
	case f.Type == Listed && L != 1 && L != peerL && L != sessionL:
		return Frame{}, 0, ErrBadLength
	case len(b) < n:
		return Frame{}, 0, ErrIncomplete
	}
	f.parseBody(b[3:n])
	if err := f.check(); err != nil {
		return Frame{}, 0, err
	}
	return f, n, nil
}

func (f *Frame) parseBody(body []byte) {
	switch f.Type {
	case Hello:
		f.Version = body[0]
	case Welcome:
		f.Modes, f.Port = Mode(body[0]), binary.BigEndian.Uint16(body[1:])
	case Register:
		f.Modes, f.Port, f.S = Mode(body[0]), binary.BigEndian.Uint16(body[1:]), [32]byte(body[3:])
	case Registered:
		f.ID = binary.BigEndian.Uint32(body)
	case Error:
		f.Code, f.Text = body[0], string(body[1:])
	case Listed:
		f.parseListed(body)
	}
}

// A FrameReader reads frames from a stream, however they are cut.
type FrameReader struct {
	r   *bufio.Reader
	err error
}

// NewFrameReader returns a reader of r's frames.
func NewFrameReader(r io.Reader) *FrameReader {
	return &FrameReader{r: bufio.NewReaderSize(r, 64)} // an agent's frames are short, and many wait for the next
}

// Next returns the next frame, one of [ParseFrame]'s errors, the stream's, [ErrCutShort] or, if the stream ends between
// frames, [io.EOF]. An error is returned again by each call.
func (r *FrameReader) Next() (f Frame, err error) {
	for b := []byte(nil); r.err == nil; {
		if f, _, err = ParseFrame(b); err != ErrIncomplete {
			r.err = err
			return f, err
		}
		var next byte
		if next, r.err = r.r.ReadByte(); r.err == io.EOF && len(b) > 0 {
			r.err = ErrCutShort
		}
		b = append(b, next)
	}
	return Frame{}, r.err
}

// Surplus returns how many bytes have come that Next has not returned, perhaps a part of a frame. If there are none, it
// waits for some or for the end of the stream, which is [io.EOF].
func (r *FrameReader) Surplus() (n int, err error) {
	_, err = r.r.Peek(1)
	return r.r.Buffered(), err
}
