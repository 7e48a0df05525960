// Package tcpmux implements TCPMUX, the TCP Port Service Multiplexer of RFC 1078: many TCP services behind one port,
// chosen by name. The rules, with their ids, are in docs/tcpmux.md.
//
// Start reading at wire.go, which turns bytes into requests, replies and lists and back. A [Server] answers
// connections from a [Table] of services, each with a [Handler]; [Request] and [List] are the client's side.
//
// The package never reads a byte after a request or a reply, so a service, even another program, gets the connection
// itself. It refuses names that hold NUL, CR or LF, and endless lines. It neither authenticates nor encrypts: RFC 1078
// has nothing of the kind.
package tcpmux

import (
	"errors"
	"fmt"
	"time"
)

// From RFC 1078, "The Protocol" and "Service Names".
const (
	Port                    = 1      // the TCP port of a server
	Help                    = "HELP" // the reserved name that asks for the list of the supported services
	Positive, Negative byte = '+', '-'
)

// Ours: RFC 1078 sets no limits. Lengths are in bytes.
const (
	MaxName        = 255              // of a name, a server's default; TCPMUX-32 asks for 64
	MaxExplanation = 1024             // that a client accepts
	MaxList        = 1 << 20          // that a client accepts
	RequestTimeout = 30 * time.Second // for a whole request, a server's default
	MaxConnections = 8192             // open at once, a server's default
	MaxPerSource   = 1024             // open at once from one address, a server's default
	writeTime      = 10 * time.Second // for a reply or a list
	drainBytes     = 1 << 20          // that a refused client may still send
	drainTime      = 2 * time.Second  // and how long
)

// A Fault is what is wrong with a line, a request, a reply or a list. All other errors are the network's or the
// caller's.
type Fault string

// The faults of docs/tcpmux.md, section 1.
const (
	ErrIncomplete Fault = "line is incomplete"
	ErrBadByte    Fault = "line holds NUL, or CR or LF that is not its end"
	ErrTooLong    Fault = "line is too long"
	ErrCutShort   Fault = "connection ended within a line"
	ErrEmptyName  Fault = "service name is empty"
	ErrBadSign    Fault = "reply begins with neither + nor -"
)

// Error says what is wrong.
func (f Fault) Error() string { return string(f) }

// errNoService is only logged: it is worth a line who asks for a missing service.
var errNoService = errors.New("there is no such service")

// RefusedError is a negative reply's explanation, as it came.
type RefusedError string

// Error quotes the explanation, since it is foreign and a terminal obeys control characters (TCPMUX-55).
func (e RefusedError) Error() string { return fmt.Sprintf("refused: %q", string(e)) }
