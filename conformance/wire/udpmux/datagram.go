package udpmux

import (
	"encoding/binary"
	"slices"
)

// The lengths of mosh's datagram P, and the most that a client's datagram has: 1 + 15 + 2048. A reader's buffer holds
// one byte more than MaxDatagram. (Sections 2.1 and 2.2.)
const (
	MinP        = 24
	MaxP        = 2048
	MaxDatagram = 2064
)

// Direction is bit 63 of the number that P begins with. (Section 2.1.)
type Direction uint8

// The directions.
const (
	ToServer Direction = 0
	ToClient Direction = 1
)

const bit63 = 1 << 63

// ReadP reads what this protocol knows of P: direction and nonce. Its length is the only thing that can be wrong with
// it here; which direction is a wrong one is a matter of ReadClient and ReadBackend. (Section 2.1.)
//
//	+---------------------------+-------------------+------------+
//	| direction, nonce: 8 bytes | ciphertext: 0 ... | tag: 16    |    24 … 2048 bytes
//	+---------------------------+-------------------+------------+
func ReadP(p []byte) (direction Direction, nonce uint64, fault Fault) {
	if fault := lengthFault(p); fault != None {
		return 0, 0, fault
	}
	number := binary.BigEndian.Uint64(p[0:8])
	if number&bit63 != 0 {
		direction = ToClient
	}
	return direction, number &^ bit63, None // "the lower 63 bits, the nonce"
}

// WriteP appends a P to b: direction and the lower 63 bits of nonce, then rest, which stands for ciphertext and tag. It
// refuses a rest with which P is TooShort or TooLong. (Section 2.1.)
func WriteP(b []byte, direction Direction, nonce uint64, rest []byte) ([]byte, Fault) {
	number := nonce&^bit63 | uint64(direction)<<63
	p := append(binary.BigEndian.AppendUint64(nil, number), rest...)
	if fault := lengthFault(p); fault != None {
		return b, fault
	}
	return append(b, p...), None
}

// lengthFault is steps 6 and 7 of section 2.2; section 2.3 says the same.
func lengthFault(p []byte) Fault {
	switch {
	case len(p) < MinP:
		return TooShort
	case len(p) > MaxP:
		return TooLong
	}
	return None
}

// Form is what the first byte of a client's datagram tells. (Section 2.2.)
type Form string

// The forms.
const (
	Learn Form = "learn"
	Token Form = "token"
	Port  Form = "port"
)

// Datagram is a datagram from a client. (Section 2.2.)
type Datagram struct {
	Form Form
	T    T      // of form Token
	Port uint16 // of form Port
	P    []byte
}

// ReadClient reads the datagram d from a client. (Section 2.2.)
//
//	learn   P                P[0] is 0x00
//	token   0x01, T (15), P  P[0] is 0x00
//	port    port u16, P      P[0] is 0x00
func ReadClient(d []byte) (Datagram, Fault) {
	var datagram Datagram
	switch {
	case len(d) == 0: // 1.
		return Datagram{}, Empty
	case d[0] == 0x00: // 2.
		datagram = Datagram{Form: Learn, P: d}
	case d[0] == 0x01: // 3.
		if len(d) < 16 {
			return Datagram{}, ShortHeader
		}
		datagram = Datagram{Form: Token, T: T(d[1:16]), P: d[16:]}
	case d[0] == 0x02 || d[0] == 0x03: // 4.
		return Datagram{}, Reserved
	case d[0] >= 0x04: // 5.
		if len(d) < 2 {
			return Datagram{}, ShortHeader
		}
		datagram = Datagram{Form: Port, Port: binary.BigEndian.Uint16(d[0:2]), P: d[2:]}
	}
	if fault := clientFault(datagram.P); fault != None {
		return Datagram{}, fault
	}
	datagram.P = slices.Clip(datagram.P)
	return datagram, None
}

// clientFault is steps 6 to 8 of section 2.2. P[0] holds the upper bits of the nonce, too: one of 2^56 or more is a
// wrong direction here.
func clientFault(p []byte) Fault {
	if fault := lengthFault(p); fault != None { // 6., 7.
		return fault
	}
	if p[0] != 0x00 { // 8.
		return WrongDirection
	}
	return None
}

// WriteLearn appends a datagram of form learn to b: p. What clientFault says of p is refused. (Section 2.2.)
func WriteLearn(b, p []byte) ([]byte, Fault) {
	if fault := clientFault(p); fault != None {
		return b, fault
	}
	return append(b, p...), None
}

// WriteToken appends a datagram of form token to b: 0x01, t, p. It refuses what WriteLearn does. (Section 2.2.)
func WriteToken(b []byte, t T, p []byte) ([]byte, Fault) {
	if fault := clientFault(p); fault != None {
		return b, fault
	}
	b = append(b, 0x01)
	b = append(b, t[:]...)
	return append(b, p...), None
}

// WritePort appends a datagram of form port to b: port, p. It refuses a port below 1024 as BadPort, and then what
// WriteLearn does. (Section 2.2.)
func WritePort(b []byte, port uint16, p []byte) ([]byte, Fault) {
	if port < 1024 {
		return b, BadPort
	}
	if fault := clientFault(p); fault != None {
		return b, fault
	}
	b = binary.BigEndian.AppendUint16(b, port)
	return append(b, p...), None
}

// ReadBackend reads a datagram from a backend, or one to a client: p alone, in every mode. Nothing but a fault is to be
// known of it. (Section 2.3.)
func ReadBackend(p []byte) Fault {
	if fault := lengthFault(p); fault != None {
		return fault
	}
	if p[0]&0x80 == 0 { // "bit 7 of P[0] is 0"
		return WrongDirection
	}
	return None
}

// WriteBackend appends a datagram from a backend, or one to a client, to b: p. The page has no writer of its own;
// this one refuses what a reader does. (Section 2.3.)
func WriteBackend(b, p []byte) ([]byte, Fault) {
	if fault := ReadBackend(p); fault != None {
		return b, fault
	}
	return append(b, p...), None
}
