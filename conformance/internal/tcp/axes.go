package tcp

import (
	"net"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// A shape is how what the suite sends on a connection is cut into segments.
type shape struct {
	cut   string // "two": the last byte is apart; "bytes": each of the first bytes is
	apart int    // how many more bytes may be sent one by one
}

// mostApart is how many bytes of a connection get a segment of their own.
const mostApart = 96

// Segments is the axis of how what the suite sends is cut.
func Segments(rule string) engine.Axis {
	return engine.Axis{Name: "segments",
		Help: "Bytes that the suite sends go out whole; or the last byte follows once the others have been read; or " +
			"the first bytes of a connection are sent one by one.",
		Values: []string{"whole", "two", "bytes"}, Rule: rule,
		Apply: func(s *engine.Session, value string) error {
			Of(s).shape = shape{cut: value, apart: mostApart}
			return nil
		}}
}

// NewConn gives a connection of the session, in the shape of its variant.
func NewConn(s *engine.Session, c *net.TCPConn, name string) *Conn {
	return &Conn{TCPConn: c, Name: name, Rec: s.Rec, shape: Of(s).shape}
}

// parts cuts what is to be sent.
func (c *Conn) parts(b []byte) (parts [][]byte) {
	apart := 0
	switch {
	case len(b) < 2:
	case c.shape.cut == "two":
		return [][]byte{b[:len(b)-1], b[len(b)-1:]}
	case c.shape.cut == "bytes":
		apart = min(c.shape.apart, len(b)-1)
		c.shape.apart -= apart
	}
	for i := range apart {
		parts = append(parts, b[i:i+1])
	}
	return append(parts, b[apart:])
}
