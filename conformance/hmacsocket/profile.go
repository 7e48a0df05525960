package hmacsocket

import (
	"fmt"
	"io"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// profileBytes is how much a target gets at once, to see how long its Chunks are.
const profileBytes = 1 << 20

// profilePair finds out what an HMACSocket target chose where the page leaves a choice (section 5).
func profilePair(s *engine.Session) map[string]string {
	facts := make(map[string]string)
	note := func(what, how string) { facts[strings.TrimPrefix(s.Role, "hmacsocket-")+": "+what] = how }
	if p, ok := profiled(s); ok {
		note("limit of its Init (ML)", fmt.Sprintf("%d bytes", p.hmac.theirs.ML))
		note("longest Chunk", fmt.Sprintf("%d bytes", longestChunk(s, p)))
	}
	if p, ok := profiled(s); ok {
		b := p.hmac.chunk([]byte("x"))
		b[len(b)-1]++
		p.hmac.Send(b, s.Wait())
		how, end := answer(s, p.hmac)
		note("H of an Error", how)
		note("end after a wrong H", end)
	}
	if p, err := join(s, ""); err == nil {
		p.hmac.Send([]byte("\xff\xff"), s.Wait())
		p.hmac.greeted(s.Window(engine.ProfileWindow))
		_, end := answer(s, p.hmac)
		note("end after a refused Init", end)
	}
	return facts
}

// profiled opens a pair.
func profiled(s *engine.Session) (*pair, bool) {
	p, err := join(s, "")
	if err != nil {
		return nil, false
	}
	p.hmac.Send(p.hmac.init(), s.Wait())
	if p.hmac.greeted(s.Wait()) != nil {
		return nil, false
	}
	return p, plainSide(s, p) == nil
}

// longestChunk gives the target much to send at once.
func longestChunk(s *engine.Session, p *pair) (longest int) {
	w := s.Wait()
	go p.plain.Send(engine.Pattern(profileBytes), w)
	for n := 0; n < profileBytes; {
		m, err := p.hmac.next(w)
		if err != nil || m.Kind != wire.Chunk {
			break
		}
		n += len(m.D)
		longest = max(longest, len(m.D))
	}
	return longest
}

// answer says which reading the target's Error follows, if one comes within the window, and what becomes of the
// connection.
func answer(s *engine.Session, h *hmacConn) (reading, end string) {
	reading = "none is sent"
	for w := s.Window(engine.ProfileWindow); ; {
		m, err := h.next(w)
		switch {
		case err == engine.ErrLimit:
			return reading, "open"
		case err != nil && h.End != nil && h.End != io.EOF:
			return reading, "reset"
		case err != nil || m.Kind == wire.End:
			return reading, "closed"
		case m.Kind == wire.Error:
			var names []string
			for _, r := range h.readings {
				names = append(names, string(r))
			}
			reading = "HMAC(K, " + strings.Join(names, ") or HMAC(K, ") + ")"
		}
	}
}
