package tcp

import (
	"net"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// How the suite's ends of connections behave. The zero shape is the plain one.
type shape struct {
	cut   string // how what is sent is cut into segments: "two": the last byte is apart; "bytes": each of the first is
	apart int    // how many bytes of what is sent may still be
	late  bool   // it reads nothing at first
}

// Segments is the axis of how what the suite sends is cut.
func Segments(rule string) engine.Axis {
	return engine.Axis{Name: "segments", Values: []string{"whole", "two", "bytes"}, Rule: rule,
		Apply: func(s *engine.Session, value string) error {
			Of(s).shape = shape{cut: value, apart: mostApart, late: Of(s).shape.late}
			return nil
		}}
}

// Reader is the axis of how the suite reads.
func Reader(rule string) engine.Axis {
	return engine.Axis{Name: "reader", Values: []string{"prompt", "late"}, Rule: rule,
		Apply: func(s *engine.Session, value string) error { Of(s).shape.late = true; return nil }}
}

const (
	lateBy = 50 * time.Millisecond
	// mostApart is how many bytes of a connection have a segment of their own.
	mostApart = 96
	// apartLimit is how long to wait until the target has read one. Behind one that it does not read nothing is cut.
	apartLimit = 100 * time.Millisecond
)

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

// sleep is what a reader does at first that is late.
func (c *Conn) sleep(w proc.Wait) {
	if c.shape.late {
		c.shape.late = false
		select {
		case <-w.Ctx.Done():
		case <-time.After(lateBy):
		}
	}
}
