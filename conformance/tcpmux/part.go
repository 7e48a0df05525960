package tcpmux

import (
	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// part is what a scenario of TCPMUX has: connections, the last list, and the client that was started.
type part struct {
	*tcp.Conns
	junk   []byte   // what came before the token of the last sync
	raw    []byte   // the last list
	names  []string // its names
	client *client  // the one started last
}

func newPart() engine.Part { return &part{Conns: tcp.NewConns()} }

// Close does nothing: connections, targets and listeners are the session's.
func (*part) Close(*engine.Session) {}

func of(s *engine.Session) *part { return s.Part.(*part) }
