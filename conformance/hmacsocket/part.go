package hmacsocket

import (
	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// part is what a scenario of HMACSocket has: the connections through the target, by name, and the one at work.
type part struct {
	*tcp.Conns
	pairs map[string]*pair
	pair  *pair
}

func newPart() engine.Part { return &part{Conns: tcp.NewConns(), pairs: make(map[string]*pair)} }

// Close does nothing: connections are the session's.
func (*part) Close(*engine.Session) {}

func of(s *engine.Session) *part { return s.Part.(*part) }

// Use makes the pair of that name the one at work, if there is one.
func (h *part) Use(name string) bool {
	p := h.pairs[name]
	if p != nil {
		h.work(p)
	}
	return p != nil
}

// Length gives lengths that depend on the target: that of the longest Chunk for the pair at work, or one byte more.
func (h *part) Length(name string) (n int, ok bool) {
	if name != "limit" && name != "over" {
		return 0, false
	}
	var limit int64
	if h.pair != nil {
		limit = int64(h.pair.hmac.theirs.ML)
	}
	if limit == 0 {
		engine.Must(engine.Blocked("the target's ML is 0"))
	}
	if name == "over" {
		limit++
	}
	if limit > mostFiller {
		engine.Must(engine.Unsupported("a Chunk of %d bytes is more than is tried", limit))
	}
	return int(limit), true
}

// isServer says which role the target has.
func isServer(s *engine.Session) bool { return s.Role == Server }

// work makes a pair the one at work.
func (h *part) work(p *pair) {
	h.pair, h.pairs[p.name] = p, p
	if p.hmac != nil {
		h.Cur = p.hmac.Conn
	}
}
