package udpmux

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Type is a frame's type. (Section 2.5.)
type Type uint8

// The types of the table. 0x10 and 0x11 are reserved, which to a reader is the same as unknown.
const (
	Hello      Type = 0x01 // agent:  version u8
	Welcome    Type = 0x02 // daemon: modes u8, external port u16
	Register   Type = 0x03 // agent:  modes u8, backend's port u16, S (32 bytes)
	Registered Type = 0x04 // daemon: session id u32
	Error      Type = 0x05 // daemon: code u8, text (UTF-8, 0 … 4094 bytes)
	List       Type = 0x06 // agent:  nothing
	Listed     Type = 0x07 // daemon: nothing, a client or a session (section 2.7)
)

// String gives the type's name in the page's table, or "type" and its number.
func (t Type) String() string {
	switch t {
	case Hello:
		return "HELLO"
	case Welcome:
		return "WELCOME"
	case Register:
		return "REGISTER"
	case Registered:
		return "REGISTERED"
	case Error:
		return "ERROR"
	case List:
		return "LIST"
	case Listed:
		return "LISTED"
	}
	return fmt.Sprintf("type 0x%02x", uint8(t))
}

// The most that L and ERROR's text may be. (Section 2.5.)
const (
	MaxL    = 4096
	MaxText = 4094
)

// Frame is a frame on the Unix socket. What its type does not have is zero. (Section 2.5.)
type Frame struct {
	Type    Type
	Version uint8  // of Hello
	Modes   Mode   // of Welcome and Register: any number of the modes' bits, and unknown ones
	Port    uint16 // of Welcome the external port, of Register the backend's
	S       S      // of Register
	ID      uint32 // of Registered: the session id
	Code    Code   // of Error
	Text    []byte // of Error; when read not nil, even if empty
	Entry   any    // of Listed: a Session, a Client, or nil, which is the end
}

// ReadFrame reads the frame that in begins with; ended says that the stream has ended after in. n is the number of
// bytes that the frame has. No byte and the end is the end between two frames, and stays Incomplete. (Section 2.5.)
//
//	+---------------+---------+-------------------+
//	| length L: u16 | type u8 | body: L − 1 bytes |    L counts type and body: 1 … 4096
//	+---------------+---------+-------------------+
func ReadFrame(in []byte, ended bool) (frame Frame, n int, fault Fault) {
	frame, n, fault = readFrame(in)
	if fault == Incomplete && ended && len(in) > 0 { // "When the stream ends, incomplete becomes the fault cut short"
		return Frame{}, 0, CutShort
	}
	return frame, n, fault
}

func readFrame(in []byte) (frame Frame, n int, fault Fault) {
	if len(in) < 2 { // 1.
		return Frame{}, 0, Incomplete
	}
	l := int(binary.BigEndian.Uint16(in[0:2]))
	switch { // 2.
	case l == 0:
		return Frame{}, 0, EmptyFrame
	case l > MaxL:
		return Frame{}, 0, TooLong
	}
	if len(in) < 3 { // 3.
		return Frame{}, 0, Incomplete
	}
	kind := Type(in[2])
	least, most, known := lengths(kind)
	switch {
	case !known: // 4.
		return Frame{}, 0, UnknownType
	case l < least || l > most || kind == Listed && !isEntry(l): // 5.
		return Frame{}, 0, BadLength
	case len(in) < 2+l: // 6.
		return Frame{}, 0, Incomplete
	}
	frame = readBody(kind, in[3:2+l:2+l])
	if fault := valueFault(frame); fault != None { // 7.
		return Frame{}, 0, fault
	}
	return frame, 2 + l, None // 8.
}

// lengths is the column L of the table; known says whether the table has the type.
func lengths(kind Type) (least, most int, known bool) {
	switch kind {
	case Hello:
		return 2, 2, true
	case Welcome:
		return 4, 4, true
	case Register:
		return 36, 36, true
	case Registered:
		return 5, 5, true
	case Error:
		return 2, 4096, true
	case List:
		return 1, 1, true
	case Listed:
		return 1, 48, true
	}
	return 0, 0, false
}

// readBody is the column body of the table; body has a length that the table has for kind.
func readBody(kind Type, body []byte) Frame {
	frame := Frame{Type: kind}
	switch kind {
	case Hello:
		frame.Version = body[0]
	case Welcome:
		frame.Modes, frame.Port = body[0], binary.BigEndian.Uint16(body[1:3])
	case Register:
		frame.Modes, frame.Port, frame.S = body[0], binary.BigEndian.Uint16(body[1:3]), S(body[3:35])
	case Registered:
		frame.ID = binary.BigEndian.Uint32(body[0:4])
	case Error:
		frame.Code, frame.Text = Code(body[0]), body[1:]
	case Listed:
		frame.Entry = readEntry(body)
	}
	return frame
}

// valueFault is step 7. "Every other value is a matter of the conversation."
func valueFault(frame Frame) Fault {
	switch {
	case frame.Type == Welcome && frame.Port == 0:
		return BadPort
	case frame.Type == Register && frame.S == S{}:
		return ZeroKey
	case frame.Type == Error && !utf8.Valid(frame.Text):
		return BadText
	}
	return None
}

// WriteFrame appends frame to b. It refuses what step 7 does, and a text of more than 4094 bytes as TooLong; where both
// are so it is TooLong, which a reader sees first. A type that is none of the table is UnknownType. (Section 2.5.)
func WriteFrame(b []byte, frame Frame) ([]byte, Fault) {
	if _, _, known := lengths(frame.Type); !known {
		return b, UnknownType
	}
	if frame.Type == Error && len(frame.Text) > MaxText {
		return b, TooLong
	}
	if fault := valueFault(frame); fault != None {
		return b, fault
	}
	body := writeBody(frame)
	b = binary.BigEndian.AppendUint16(b, uint16(1+len(body)))
	b = append(b, byte(frame.Type))
	return append(b, body...), None
}

func writeBody(frame Frame) []byte {
	switch frame.Type {
	case Hello:
		return []byte{frame.Version}
	case Welcome:
		return binary.BigEndian.AppendUint16([]byte{frame.Modes}, frame.Port)
	case Register:
		return append(binary.BigEndian.AppendUint16([]byte{frame.Modes}, frame.Port), frame.S[:]...)
	case Registered:
		return binary.BigEndian.AppendUint32(nil, frame.ID)
	case Error:
		return append([]byte{byte(frame.Code)}, frame.Text...)
	case Listed:
		return writeEntry(frame.Entry)
	}
	return nil
}
