// Package udpmux implements UDP mux: many mosh sessions behind one UDP port, for unmodified mosh programs. The protocol
// and its rules, with their ids, are in docs/udpmux.md and docs/udpmux-agents.md.
//
// Start reading at wire.go, which turns bytes into datagrams, keys, tokens and what mosh's programs say to each other,
// and back; frame.go does the same for the Unix socket. The packages below use these: mux is the daemon's state, daemon
// its sockets, and agent the two agents.
//
// The package does not decrypt and does not authenticate clients: only a mosh-server can.
package udpmux

import (
	"fmt"
	"strings"
)

// A Mode is one of the three ways to name a session, or a set of them (docs/udpmux.md, section 1).
type Mode byte

// From docs/udpmux.md, section 1.
const (
	Learn Mode = 1 << iota // the session is found by trying
	Token                  // 0x01 and T before P
	Port                   // the backend's port before P
)

// String lists the modes.
func (m Mode) String() string {
	var names []string
	for i, name := range []string{"learn", "token", "port"} {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// From section 2. Lengths are in bytes.
const (
	Version     = 1    // HELLO's
	MinP        = 24   // of a mosh datagram
	MaxP        = 2048 // of a mosh datagram
	MaxDatagram = 16 + MaxP
	MinPort     = 1024 // of a backend
	MaxFrame    = 4096 // type and body
	tokenBase   = 2<<32 + 1<<31
)

// From section 2.5: why the daemon refuses.
const (
	CodeVersion byte = 1 + iota
	CodeLimit
	CodeDuplicate
	CodeNotOwner
	CodeNotLoopback
	CodeModeOff
	CodeBadFrame
)

// A Fault is what is wrong with a datagram, a frame, a key or a line, in words.
type Fault string

// Error is the text.
func (f Fault) Error() string { return string(f) }

// The faults of docs/udpmux.md, section 2, and docs/udpmux-agents.md, sections 1 and 2.
const (
	ErrEmpty          Fault = "datagram is empty"
	ErrShortHeader    Fault = "datagram ends within its header"
	ErrReserved       Fault = "form is reserved"
	ErrTooShort       Fault = "mosh datagram is too short"
	ErrTooLong        Fault = "datagram, frame or text is too long"
	ErrWrongDirection Fault = "mosh datagram has the wrong direction"
	ErrBadPort        Fault = "bad port"
	ErrBadLength      Fault = "bad length"
	ErrBadCharacter   Fault = "key has a character that is not base64's"
	ErrBadTail        Fault = "key's last character has bits that are left over"
	ErrIncomplete     Fault = "frame is incomplete"
	ErrEmptyFrame     Fault = "frame is empty"
	ErrUnknownType    Fault = "frame has an unknown type"
	ErrZeroKey        Fault = "registration key is zero"
	ErrBadText        Fault = "text is not UTF-8"
	ErrCutShort       Fault = "stream ended within a frame"
	ErrNotConnect     Fault = "not a CONNECT line"
	ErrBadNumber      Fault = "CONNECT line has a bad number"
	ErrBadKey         Fault = "CONNECT line has a bad key"
	ErrNotNumber      Fault = "not a number"
	ErrUnknownNumber  Fault = "number of an unknown mode"
)

// A Refusal is an ERROR of the daemon.
type Refusal struct {
	Code byte
	Text string
}

// Error quotes the text, since it is foreign to the agent and a terminal obeys control characters.
func (r *Refusal) Error() string { return fmt.Sprintf("refused with ERROR %d: %q", r.Code, r.Text) }
