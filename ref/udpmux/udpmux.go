// Package udpmux implements UDP mux: many mosh sessions behind one UDP port, for unmodified mosh programs. The protocol and its rules,
// with their ids, are in docs/udpmux.md.
//
// Start reading at wire.go, which turns bytes into datagrams, keys and tokens and back; frame.go and connect.go do the same for the
// Unix socket and for what mosh's programs say to each other. A [Mux] is the daemon's state: it does no I/O and has no clock. A [Server]
// moves datagrams through one.
//
// The package does not decrypt and does not authenticate clients: only a mosh-server can.
package udpmux

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Mode is one of the three ways to name a session, or a set of them (docs/udpmux.md, section 1).
type Mode byte

// From docs/udpmux.md, section 1.
const (
	Learn Mode = 1 << iota // the session is found by trying
	Token                  // 0x01 and T in front of P
	Port                   // the backend's port in front of P
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
	MaxText     = 4094 // of an ERROR
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

// From section 4.1: 127.64.0.0/10 has a loopback source for each flow.
const (
	firstSource = 127<<24 | 64<<16
	allSources  = 1 << 22
)

// Ours.
const (
	batchSize   = 32 // datagrams in a system call, and in a turn
	usualECN    = 2  // ECT(0), which mosh sends
	waitingTime = time.Second
)

// The faults of docs/udpmux.md, section 2.
var (
	ErrEmpty          = errors.New("datagram is empty")
	ErrShortHeader    = errors.New("datagram ends within its header")
	ErrReserved       = errors.New("form is reserved")
	ErrTooShort       = errors.New("mosh datagram is too short")
	ErrTooLong        = errors.New("datagram, frame or text is too long")
	ErrWrongDirection = errors.New("mosh datagram has the wrong direction")
	ErrBadPort        = errors.New("bad port")
	ErrBadLength      = errors.New("bad length")
	ErrBadCharacter   = errors.New("key has a character that is not base64's")
	ErrBadTail        = errors.New("key's last character has bits that are left over")
	ErrIncomplete     = errors.New("frame is incomplete")
	ErrEmptyFrame     = errors.New("frame is empty")
	ErrUnknownType    = errors.New("frame has an unknown type")
	ErrZeroKey        = errors.New("registration key is zero")
	ErrBadText        = errors.New("text is not UTF-8")
	ErrCutShort       = errors.New("stream ended within a frame")
	ErrNotConnect     = errors.New("not a CONNECT line")
	ErrBadNumber      = errors.New("CONNECT line has a bad number")
	ErrBadKey         = errors.New("CONNECT line has a bad key")
	ErrNotNumber      = errors.New("not a number")
	ErrUnknownNumber  = errors.New("number of an unknown mode")
)

// A Refusal is an ERROR of the daemon.
type Refusal struct {
	Code byte
	Text string
}

// Error quotes the text: for the agent it is foreign, and a terminal obeys control characters.
func (r *Refusal) Error() string { return fmt.Sprintf("refused with ERROR %d: %q", r.Code, r.Text) }
