// Package udpmux reads and writes the datagrams, keys, frames, lines and numbers of UDP mux as section 2 of
// docs/udpmux.md and sections 1 to 3 of docs/udpmux-agents.md, "agents" in comments, describe them, sentence by
// sentence; a numbered step of a page has its number in a comment. Results that are bytes of the input share its
// memory; an empty text is not nil. With a fault the other results of a Read function are zero, and a Write function
// returns its b unchanged.
package udpmux

import "fmt"

// Fault names what is wrong with some bytes, in the pages' words; the empty Fault is none.
type Fault string

// The faults. Some names stand in several sections, TooLong and BadPort, BadLength too.
const (
	None Fault = "" // nothing is wrong: the bytes are complete and valid

	Empty          Fault = "empty"           // a client's datagram has no byte (section 2.2, step 1)
	ShortHeader    Fault = "short header"    // the token or the port is not whole (section 2.2, steps 3 and 5)
	Reserved       Fault = "reserved"        // the first byte is 0x02 or 0x03 (section 2.2, step 4)
	TooShort       Fault = "too short"       // P has fewer than 24 bytes (sections 2.2, step 6, and 2.3)
	TooLong        Fault = "too long"        // P has over 2048 bytes (2.2, step 7, and 2.3); a frame's L or text (2.5)
	WrongDirection Fault = "wrong direction" // P's first byte (sections 2.2, step 8, and 2.3)
	BadPort        Fault = "bad port"        // a writer's port below 1024 (section 2.2); WELCOME's port 0 (2.5, step 7)

	BadLength    Fault = "bad length"    // of K's text (section 2.4); of a frame for its type (section 2.5, step 5)
	BadCharacter Fault = "bad character" // K's text has one that is none of base64's (section 2.4)
	BadTail      Fault = "bad tail"      // the low four bits of K's last character are not 0 (section 2.4)

	Incomplete  Fault = "incomplete"   // more bytes are needed (section 2.5, steps 1, 3 and 6)
	CutShort    Fault = "cut short"    // the stream has ended within a frame (section 2.5)
	EmptyFrame  Fault = "empty frame"  // L is 0 (section 2.5, step 2)
	UnknownType Fault = "unknown type" // the type is none of the table (section 2.5, step 4)
	ZeroKey     Fault = "zero key"     // S is 32 zero bytes (section 2.5, step 7)
	BadText     Fault = "bad text"     // ERROR's text is not UTF-8 (section 2.5, step 7)

	NotTheLine Fault = "not the line" // this line, or no line of all, is the CONNECT line (agents, section 1, step 1)
	BadNumber  Fault = "bad number"   // the CONNECT line's number is none, or no port (agents, section 1, step 2 or 4)
	BadKey     Fault = "bad key"      // the CONNECT line's rest is not K's text (agents, section 1, step 3)
)

// Mode is the bit of a mode, as in the modes of WELCOME and REGISTER. (Section 1.)
type Mode = uint8

// The modes' bits.
const (
	ModeLearn Mode = 1
	ModeToken Mode = 2
	ModePort  Mode = 4
)

// Version is the one that this page describes, HELLO's. (Section 2.5.)
const Version = 1

// Code is an ERROR's code. An agent takes one that is none of these for a refusal, too. (Section 2.5.)
type Code uint8

// The codes.
const (
	CodeVersion     Code = 1
	CodeLimit       Code = 2
	CodeDuplicate   Code = 3
	CodeNotTheOwner Code = 4
	CodeNotLoopback Code = 5
	CodeModeOff     Code = 6
	CodeBadFrame    Code = 7
)

// String gives the code's name in the page's table, or "code" and its number.
func (c Code) String() string {
	switch c {
	case CodeVersion:
		return "version"
	case CodeLimit:
		return "limit"
	case CodeDuplicate:
		return "duplicate"
	case CodeNotTheOwner:
		return "not the owner"
	case CodeNotLoopback:
		return "not loopback"
	case CodeModeOff:
		return "mode off"
	case CodeBadFrame:
		return "bad frame"
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// allDigits says whether text has nothing but the digits 0x30…0x39 ('0'…'9'), and at least one.
func allDigits(text []byte) bool {
	return len(text) > 0 && len(text) == countDigits(text)
}

// countDigits is the number of digits that text begins with.
func countDigits(text []byte) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}

// withoutLeadingZeros drops the zeros that digits begins with, but not the last digit: of "0" and "000" it leaves "0".
func withoutLeadingZeros(digits []byte) []byte {
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return digits
}
