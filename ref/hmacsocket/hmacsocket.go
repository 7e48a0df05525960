// Package hmacsocket implements HMACSocket: TCP connections whose every message is authenticated by an HMAC and not
// encrypted. The protocol and its rules, with their ids, are in docs/hmacsocket.md.
//
// Start reading at [Forwarder.ServeConn] to follow a connection from its first byte to its last: forward.go begins and
// ends it, open.go has the Inits, write.go sends Chunks and conn.go receives them, and key.go authenticates them. An
// [Endpoint] opens a [Conn], which is a [net.Conn], over any connection; a [Forwarder] puts Conns between processes and
// a service. [AppendInit], [ParseInit] and the methods of [Sequence] turn Inits and messages into bytes and back.
//
// The package refuses an Init of another hash, one whose N it has sent or received before, and all that follows a
// message that is too long or has a wrong HMAC. It does not encrypt, and does not authenticate a connection before its
// first Chunk: the protocol cannot. It refuses a key of 0 bytes, and does not care how good a longer one is. Listening,
// limits and logs are the caller's: see ref/accept.
package hmacsocket

import (
	"errors"
	"fmt"
	"time"
)

// From docs/hmacsocket.md, section 1.3: why an Error is sent. MaxText is the length of its text in bytes.
const (
	DataTooLong byte = 0x10
	HMACFailure byte = 0x20
	MaxText          = 255
)

// Ours. Lengths are in bytes.
const (
	MaxData     = 256 << 10        // of a Chunk that we receive, an endpoint's default
	InitTimeout = 10 * time.Second // for the peer's Init, an endpoint's default
	chunkData   = 128 << 10        // of a Chunk that we send
	smallBuffer = 4 << 10          // of a direction with little data
	firstMemory = 16 << 20         // of all first Chunks that are under way and larger than that
	nonceMemory = 65536            // N's that were received, in each of two generations
	drainBytes  = 16 << 20         // that a peer may still send after its message was refused
	drainTime   = 2 * time.Second  // and how long
)

// A Fault is what is wrong with bytes, a peer's or those to be sent. All other errors are the network's or the
// caller's.
type Fault string

// The faults of docs/hmacsocket.md, section 1.
const (
	ErrIncomplete Fault = "message is incomplete"
	ErrHashLength Fault = "the peer sends no Init, or one of a hash with another length"
	ErrZeroLimit  Fault = "the peer's Init says that it receives nothing"
	ErrKnownNonce Fault = "the peer's N was sent or received before"
	ErrCutShort   Fault = "connection ended within a message"
	ErrHMAC       Fault = "wrong HMAC"
	ErrTooLong    Fault = "data or text is too long"
	ErrEmpty      Fault = "data is empty"
	ErrBadText    Fault = "text is not UTF-8, or holds NUL"
)

// Error says what is wrong.
func (f Fault) Error() string { return string(f) }

// ErrFirstHMAC is an [ErrHMAC] before which nothing was right: the key or the hash may be another (section 1.1).
var ErrFirstHMAC = fmt.Errorf("%w of the first message", ErrHMAC)

var errFirstMemory = errors.New("too many first Chunks are under way")

// A PeerError is an Error that the peer sent. Its sender surely has the key, but its contents are unauthenticated
// (section 3).
type PeerError struct {
	Code byte
	Text string // empty if it must not be shown
}

// Error quotes the text, since it is foreign and a terminal obeys control characters (HMACSOCKET-52).
func (e *PeerError) Error() string { return fmt.Sprintf("the peer's Error %#02x: %q", e.Code, e.Text) }
