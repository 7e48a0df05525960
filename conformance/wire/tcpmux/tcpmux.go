// Package tcpmux reads and writes the lines, requests, replies and lists of TCPMUX as section 1 of docs/tcpmux.md
// describes them, sentence by sentence. Results that are bytes of the input share its memory; an empty text is not nil.
// With a fault the other results of a Parse function are zero.
package tcpmux

import "bytes"

// Fault names what is wrong with some bytes, in the page's words; the empty Fault is none. (Section 1.)
type Fault string

// The faults. Only ParseList is told whether the input has ended; for the other readers it is the caller who makes
// CutShort of Incomplete, where a byte has come.
const (
	None       Fault = ""           // nothing is wrong: the bytes are complete and valid
	Incomplete Fault = "incomplete" // more bytes are needed (section 1.1, cases 2 and 5; sections 1.3 and 1.4)
	BadByte    Fault = "bad byte"   // CR followed by anything but LF, LF without CR, NUL (section 1.1, case 3)
	TooLong    Fault = "too long"   // a text byte after as many as the limit allows (section 1.1, case 4)
	CutShort   Fault = "cut short"  // the input has ended within a line (sections 1.1 and 1.4); only from ParseList
	EmptyName  Fault = "empty name" // a service name of no bytes, known with its LF (sections 1.2 and 1.4)
	BadSign    Fault = "bad sign"   // a reply begins with neither '+' nor '-' (1.3), a list's name with one (1.4)
)

const nul, lf, cr = 0x00, 0x0A, 0x0D

// ParseLine reads the line that in begins with. text is what stands before its CR LF, n the number of bytes consumed,
// CR LF included. max is the reader's limit for text; one below 0 is like 0. (Section 1.1.)
//
//	+-------------------------+------+------+
//	| text, 0 … max bytes     | 0x0D | 0x0A |    text holds no NUL (0x00), no CR and no LF
//	+-------------------------+------+------+
func ParseLine(in []byte, max int) (text []byte, n int, fault Fault) {
	// "A reader looks at the bytes in order, and the first of these that applies decides": the cases have the page's
	// order and numbers. Every byte passed was a text byte, so i is also the number of text bytes already seen.
	for i := 0; ; i++ {
		rest := in[i:]
		switch {
		case len(rest) >= 2 && rest[0] == cr && rest[1] == lf: // 1. CR that is followed by LF
			return in[:i:i], i + 2, None
		case len(rest) == 1 && rest[0] == cr: // 2. CR that is the last byte so far
			return nil, 0, Incomplete
		case len(rest) >= 1 && !isText(rest[0]): // 3. CR that is followed by anything else, LF without CR, NUL
			return nil, 0, BadByte
		case len(rest) >= 1 && i >= max: // 4. a text byte when MAX text bytes have already been seen
			return nil, 0, TooLong
		case len(rest) == 0: // 5. no byte is left
			return nil, 0, Incomplete
		}
	}
}

// isText follows "text holds no NUL (0x00), no CR and no LF".
func isText(c byte) bool {
	return c != nul && c != cr && c != lf
}

// ParseRequest reads the request that in begins with: one line whose text, 1 to max bytes, is the service name. n is
// the number of bytes consumed, CR LF included; the bytes after them are not the request's. (Section 1.2.)
//
//	"daytime" CR LF     64 61 79 74 69 6d 65 0d 0a
func ParseRequest(in []byte, max int) (name []byte, n int, fault Fault) {
	name, n, fault = ParseLine(in, max)
	if fault == None && len(name) == 0 {
		return nil, 0, EmptyName
	}
	return name, n, fault
}

// ParseReply reads the reply that in begins with: the sign, '+' (0x2B) or '-' (0x2D), then one line whose text, 0 to
// max bytes, is the explanation. max does not count the sign. n is the number of bytes consumed, sign and CR LF
// included; after a positive reply the next byte is the service's. (Section 1.3.)
//
//	"+Go" CR LF         2b 47 6f 0d 0a
func ParseReply(in []byte, max int) (sign byte, explanation []byte, n int, fault Fault) {
	switch {
	case len(in) == 0:
		return 0, nil, 0, Incomplete
	case !isSign(in[0]): // before the line is looked at: "known as soon as that byte is there"
		return 0, nil, 0, BadSign
	}
	explanation, n, fault = ParseLine(in[1:], max)
	if fault != None {
		return 0, nil, 0, fault
	}
	return in[0], explanation, 1 + n, None
}

// List is the answer to HELP. (Section 1.4.)
type List struct {
	Introduction []byte   // the explanation of the positive reply that the list begins with; nil if there is none
	Names        [][]byte // the names, in their order; nil if there are none
	Refused      bool     // the list begins with a negative reply; nothing but Explanation is set then
	Explanation  []byte   // the negative reply's; nil if there is none
}

// ParseList reads the answer to HELP, all of in; ended says that the connection has ended after in. (Section 1.4.)
//
//	[ "+" introduction CR LF ] { name CR LF } end of the connection
//	"-" explanation CR LF
//
// Without the end a list that has no fault is Incomplete, even between lines, since the next name may still come.
// Only a refusal does not wait for it: what comes after its LF does not matter. Names hold 1 to max bytes, the
// introduction and the explanation 0 to max; max does not count a reply's sign.
func ParseList(in []byte, max int, ended bool) (list List, fault Fault) {
	if len(in) > 0 && isSign(in[0]) { // "If the first byte of all is `+` or `-`, the list begins with a reply"
		sign, explanation, n, fault := ParseReply(in, max)
		switch {
		case fault != None:
			return List{}, withinLine(fault, ended)
		case sign == '-': // "a refusal: it decides as soon as it is complete"
			return List{Refused: true, Explanation: explanation}, None
		}
		list.Introduction, in = explanation, in[n:]
	}
	for len(in) > 0 { // "lines, each holding one service name as in section 1.2"
		name, n, fault := ParseRequest(in, max)
		if fault != None {
			return List{}, withinLine(fault, ended)
		}
		list.Names, in = append(list.Names, name), in[n:]
	}
	if !ended { // "Only the end of the connection ends a list"
		return List{}, Incomplete
	}
	return list, None
}

// withinLine is the fault of a line of which a byte has come: at the end, "incomplete becomes the fault cut short".
func withinLine(fault Fault, ended bool) Fault {
	if fault == Incomplete && ended {
		return CutShort
	}
	return fault
}

// isSign tells the signs from all other bytes.
func isSign(c byte) bool {
	return c == '+' || c == '-'
}

// AppendRequest appends the request for name to b: name, CR LF. A name that is empty, is longer than max or holds NUL,
// CR or LF is refused with the fault of its first wrong byte; b is returned unchanged then. (Section 1.2.)
func AppendRequest(b, name []byte, max int) ([]byte, Fault) {
	if len(name) == 0 {
		return b, EmptyName
	}
	if fault := textFault(name, max); fault != None {
		return b, fault
	}
	return append(append(b, name...), cr, lf), None
}

// AppendReply appends a reply to b: sign, explanation, CR LF. A sign that is neither '+' nor '-', and an explanation
// that is longer than max or holds NUL, CR or LF, is refused; b is returned unchanged then. (Section 1.3.)
func AppendReply(b []byte, sign byte, explanation []byte, max int) ([]byte, Fault) {
	if !isSign(sign) {
		return b, BadSign
	}
	if fault := textFault(explanation, max); fault != None {
		return b, fault
	}
	return append(append(append(b, sign), explanation...), cr, lf), None
}

// AppendList appends a list to b, without an introduction: for each name the name, CR LF. The end of the connection is
// the caller's. A first name that begins with '+' or '-', which a reader would take for a reply, is refused as BadSign,
// and names are refused as AppendRequest refuses them; b is returned unchanged then. (Section 1.4.)
func AppendList(b []byte, names [][]byte, max int) ([]byte, Fault) {
	if len(names) > 0 && len(names[0]) > 0 && isSign(names[0][0]) {
		return b, BadSign
	}
	out := bytes.Clone(b) // a refusal must not have written beyond b's end
	for _, name := range names {
		var fault Fault
		if out, fault = AppendRequest(out, name, max); fault != None {
			return b, fault
		}
	}
	return out, None
}

// textFault gives the fault of the first byte that does not fit; "where a byte is both, it is a bad byte". A CR
// before LF is refused too: a reader would see the line's end there and take the rest of the text for something else.
func textFault(text []byte, max int) Fault {
	for i, c := range text {
		if !isText(c) {
			return BadByte
		}
		if i >= max {
			return TooLong
		}
	}
	return None
}

// SameName says whether two names are equal after 0x41…0x5A (A…Z) are replaced by 0x61…0x7A (a…z); all other bytes,
// blanks included, compare as they are. (Section 1.2.)
func SameName(a, b []byte) bool {
	return bytes.Equal(lower(a), lower(b))
}

func lower(name []byte) []byte {
	name = bytes.Clone(name)
	for i, c := range name {
		if 0x41 <= c && c <= 0x5A {
			name[i] = c - 0x41 + 0x61
		}
	}
	return name
}
