package conformance

import (
	"bytes"
	"fmt"
	"net"
	"time"
)

// goodPair is the baseline of an HMACSocket target: both Inits are exchanged, and a fresh token comes through in each direction.
// Connections that the target has made for peers before this one may arrive beside: the token tells which is the right one.
func (s *session) goodPair() (Outcome, string) {
	began := time.Now()
	there, back := token(), token()
	p := new(pair)
	var o Outcome
	var reason string
	if s.role == "hmacsocket-server" {
		p, o, reason = s.goodThroughServer(there)
	} else {
		p, o, reason = s.goodThroughClient(there)
	}
	if o != Pass {
		return o, reason
	}
	defer p.close()
	w := s.wait()
	if s.role == "hmacsocket-server" {
		p.plain.send(back, w)
		got, err := p.hmac.data(len(back), w)
		o, reason = s.same(w, "in Chunks", back, got, err)
	} else {
		p.hmac.send(p.hmac.chunk(back), w)
		got, err := p.plain.exactly(len(back), w)
		o, reason = s.same(w, "at the plain side", back, got, err)
	}
	if o == Pass {
		s.run.good(time.Since(began))
	}
	return o, reason
}

// same says what it means that got came, and err behind it, where want was expected.
func (s *session) same(w wait, where string, want, got []byte, err error) (Outcome, string) {
	if !bytes.HasPrefix(want, got) {
		return Violation, fmt.Sprintf("expected %s %s; %s", shown(want), where, difference(want, got))
	}
	if err != nil {
		return s.meaning(w, fmt.Sprintf("%s %s (%d bytes of it came)", shown(want), where, len(got)), err)
	}
	return Pass, ""
}

// difference says where two texts part.
func difference(want, got []byte) string {
	for i := range got {
		if i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("from byte %d on it is %s", i, shown(got[i:min(len(got), i+16)]))
		}
	}
	return fmt.Sprintf("%d bytes came, not %d", len(got), len(want))
}

// goodThroughServer sends the token as a peer, and finds the connection to the service on which it comes out.
func (s *session) goodThroughServer(there []byte) (*pair, Outcome, string) {
	p, o, reason := s.join("")
	if o != Pass {
		return nil, o, reason
	}
	w := s.wait()
	p.hmac.send(p.hmac.init(), w)
	if err := p.hmac.greeted(w); err != nil {
		o, reason := s.meaning(w, "the target's Init", err)
		return nil, o, reason
	}
	p.hmac.tcpConn.apart(s.run.readTime()) // a Chunk in the Init's segment is another rule's
	p.hmac.send(p.hmac.chunk(there), w)
	found, err := s.find(w, func(c *net.TCPConn) *pair {
		plain := s.taken(c, "plain")
		if got, err := plain.exactly(len(there), w); err != nil || !bytes.Equal(got, there) {
			return nil
		}
		return &pair{hmac: p.hmac, plain: plain}
	})
	if err != nil {
		o, reason := s.meaning(w, "a connection to the service with "+shown(there)+" on it", err)
		return nil, o, reason
	}
	return found, Pass, ""
}

// goodThroughClient sends the token as a process, and finds the connection to the server on which it comes out.
func (s *session) goodThroughClient(there []byte) (*pair, Outcome, string) {
	for _, late := range s.in.peer.drain() {
		s.keep(&tcpConn{TCPConn: late})
	}
	plain, err := s.dial("plain")
	if err != nil {
		return nil, Violation, fmt.Sprintf("connecting to the target failed: %v", err)
	}
	w := s.wait()
	plain.send(there, w)
	found, err := s.find(w, func(c *net.TCPConn) *pair {
		h := s.newHMAC(s.taken(c, "hmac"))
		h.send(h.init(), w)
		if h.greeted(w) != nil {
			return nil
		}
		if got, err := h.data(len(there), w); err != nil || !bytes.Equal(got, there) {
			return nil
		}
		return &pair{hmac: h, plain: plain}
	})
	if err != nil {
		o, reason := s.meaning(w, "a connection to the server with "+shown(there)+" on it", err)
		return nil, o, reason
	}
	return found, Pass, ""
}

// find tries the target's connections, at the same time, until one is the right one: try says so.
func (s *session) find(w wait, try func(*net.TCPConn) *pair) (*pair, error) {
	tried := make(chan *pair, mostArrived)
	for {
		select {
		case c := <-s.in.peer.arrived:
			go func() { tried <- try(c) }()
		case p := <-tried:
			if p != nil {
				return p, nil
			}
		case <-s.in.process.gone:
			return nil, errEnded
		case <-time.After(time.Until(w.end())):
			if w.over() {
				return nil, errLimit
			}
		}
	}
}

// throughPair carries a fresh token from each side of the pair at work to the other.
func (s *session) throughPair() (Outcome, string) {
	p, there, back := s.pair, token(), token()
	p.hmac.send(p.hmac.chunk(there), s.wait())
	if o, reason := s.plainSide(p); o != Pass {
		return o, reason
	}
	w := s.wait()
	got, err := p.plain.exactly(len(there), w)
	if err != nil {
		got = p.plain.in
	}
	if o, reason := s.same(w, "at the plain side", there, got, err); o != Pass {
		return o, reason
	}
	p.plain.send(back, w)
	got, err = p.hmac.data(len(back), w)
	return s.same(w, "in Chunks", back, got, err)
}
