package conformance

import (
	"fmt"
	"io"
	"strings"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// profileBytes is how much a target is given at once to see how long its Chunks are.
const profileBytes = 1 << 20

// profilePair finds out what an HMACSocket target chose where the page leaves the choice (section 5).
func (s *session) profilePair() map[string]string {
	facts := make(map[string]string)
	note := func(what, how string) { facts[strings.TrimPrefix(s.role, "hmacsocket-")+": "+what] = how }
	if p, ok := s.profiled(); ok {
		note("limit of its Init (ML)", fmt.Sprintf("%d bytes", p.hmac.theirs.ML))
		note("longest Chunk", fmt.Sprintf("%d bytes", s.longestChunk(p)))
	}
	if p, ok := s.profiled(); ok {
		b := p.hmac.chunk([]byte("x"))
		b[len(b)-1]++
		p.hmac.send(b, s.wait())
		how, end := s.answer(p.hmac)
		note("H of an Error", how)
		note("end behind a wrong H", end)
	}
	if p, o, _ := s.join(""); o == Pass {
		p.hmac.send([]byte("\xff\xff"), s.wait())
		p.hmac.greeted(window(profileWindow))
		_, end := s.answer(p.hmac)
		note("end behind a refused Init", end)
	}
	return facts
}

// profiled opens a pair.
func (s *session) profiled() (*pair, bool) {
	p, o, _ := s.join("")
	if o != Pass {
		return nil, false
	}
	p.hmac.send(p.hmac.init(), s.wait())
	if p.hmac.greeted(s.wait()) != nil {
		return nil, false
	}
	o, _ = s.plainSide(p)
	return p, o == Pass
}

// longestChunk gives the target much to send at once.
func (s *session) longestChunk(p *pair) (longest int) {
	w := s.wait()
	go p.plain.send(pattern(profileBytes), w)
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

// answer says which reading the target's Error follows, if it sends one within the window, and how the connection is then.
func (s *session) answer(h *hmacConn) (reading, end string) {
	reading = "none is sent"
	for w := window(profileWindow); ; {
		m, err := h.next(w)
		switch {
		case err == errLimit:
			return reading, "open"
		case err != nil && h.end != nil && h.end != io.EOF:
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
