package hmacsocket

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// goodPair is the baseline of an HMACSocket target: both Inits are exchanged, and a fresh token comes through in each
// direction. Connections that the target made for earlier peers may arrive as well: the token tells the right one. If
// there are few places, goodPair tries until one is free.
func goodPair(s *engine.Session) error {
	for w := s.Wait(); ; s.Pause(engine.Moment) {
		if err := tryPair(s); err == nil || !peerOf(s.In).few || w.Over() {
			return err
		}
	}
}

func tryPair(s *engine.Session) error {
	began := time.Now()
	there, back := engine.Token(), engine.Token()
	var p *pair
	var err error
	if isServer(s) {
		p, err = goodThroughServer(s, there)
	} else {
		p, err = goodThroughClient(s, there)
	}
	if err != nil {
		return err
	}
	defer p.close()
	w := s.Wait()
	if isServer(s) {
		p.plain.Send(back, w)
		got, errData := p.hmac.data(len(back), w)
		err = same(s, w, "in Chunks", back, got, errData)
	} else {
		p.hmac.Send(p.hmac.fit(back), w)
		got, errData := p.plain.Exactly(len(back), w)
		err = same(s, w, "at the plain side", back, got, errData)
	}
	if err == nil {
		s.Good(time.Since(began))
	}
	return err
}

// same says what it means that got came, and then err, when want was expected.
func same(s *engine.Session, w proc.Wait, where string, want, got []byte, err error) error {
	if !bytes.HasPrefix(want, got) {
		return engine.Violation("expected %s %s; %s", engine.Shown(want), where, engine.Difference(want, got))
	}
	if err != nil {
		return s.Meaning(w, fmt.Sprintf("%s %s (%d bytes of it came)", engine.Shown(want), where, len(got)), err)
	}
	return nil
}

// goodThroughServer sends the token as a peer, and finds the connection to the service where it comes out.
func goodThroughServer(s *engine.Session, there []byte) (*pair, error) {
	p, err := join(s, "")
	if err != nil {
		return nil, err
	}
	w := s.Wait()
	p.hmac.Send(p.hmac.init(), w)
	if err := p.hmac.greeted(w); err != nil {
		err := s.Meaning(w, "the target's Init", err)
		return nil, err
	}
	p.hmac.Conn.Apart(s.Reading()) // a Chunk in the Init's segment is a matter of another rule
	p.hmac.Send(p.hmac.fit(there), w)
	found, err := find(s, w, func(c *net.TCPConn) (*pair, error) {
		plain := taken(s, c, "plain")
		if got, err := plain.Exactly(len(there), w); err != nil || !bytes.Equal(got, there) {
			return nil, err
		}
		return &pair{hmac: p.hmac, plain: plain}, nil
	})
	if err == engine.ErrLimit {
		err = cmp.Or(p.hmac.objection(s), err)
	}
	if err != nil {
		err := s.Meaning(w, "a connection to the service with "+engine.Shown(there)+" on it", err)
		return nil, err
	}
	return found, nil
}

// goodThroughClient sends the token as a process, and finds the connection to the server where it comes out.
func goodThroughClient(s *engine.Session, there []byte) (*pair, error) {
	for _, late := range peerOf(s.In).drain() {
		s.Keep(&tcp.Conn{TCPConn: late})
	}
	plain, err := tcp.Reach(s, "plain")
	if err != nil {
		return nil, err
	}
	w := s.Wait()
	plain.Send(there, w)
	found, err := find(s, w, func(c *net.TCPConn) (*pair, error) {
		h := newHMAC(s, taken(s, c, "hmac"))
		h.Send(h.init(), w)
		if err := h.greeted(w); err != nil {
			return nil, err
		}
		if got, err := h.data(len(there), w); err != nil || !bytes.Equal(got, there) {
			return nil, err
		}
		return &pair{hmac: h, plain: plain}, nil
	})
	if err != nil {
		err := s.Meaning(w, "a connection to the server with "+engine.Shown(there)+" on it", err)
		return nil, err
	}
	return found, nil
}

// objection gives the target's objection to what it was sent, if it has sent one.
func (h *hmacConn) objection(s *engine.Session) error {
	m, err := h.next(s.Window(engine.Moment))
	switch {
	case err == nil && m.Kind == wire.Error:
		return fmt.Errorf("the target refuses what came with Error %#02x %s", m.EC, engine.Shown(m.EM))
	case isWrong(err):
		return err
	}
	return nil
}

// isWrong tells an error in the bytes from one of the network or a limit.
func isWrong(err error) bool {
	others := []error{engine.ErrLimit, engine.ErrEnded, io.EOF, errError}
	return err != nil && errors.Unwrap(err) == nil && !slices.Contains(others, err)
}

// find tries the target's connections at the same time until it has the right one: try says so, or what is wrong with
// the bytes on it.
func find(s *engine.Session, w proc.Wait, try func(*net.TCPConn) (*pair, error)) (*pair, error) {
	type attempt struct {
		p   *pair
		err error
	}
	tried, wrong := make(chan attempt, mostArrived), error(nil)
	for {
		select {
		case c := <-peerOf(s.In).arrived:
			go func() {
				p, err := try(c)
				tried <- attempt{p, err}
			}()
		case a := <-tried:
			if a.p != nil {
				return a.p, nil
			}
			if isWrong(a.err) {
				wrong = a.err
			}
		case <-s.In.Process.Gone:
			return nil, engine.ErrEnded
		case <-w.Tick():
			if w.Over() {
				return nil, cmp.Or(wrong, engine.ErrLimit)
			}
		}
	}
}

// throughPair carries a fresh token from each side of the pair at work to the other.
func throughPair(s *engine.Session) error {
	p, there, back := of(s).pair, engine.Token(), engine.Token()
	p.hmac.Send(p.hmac.fit(there), s.Wait())
	if err := plainSide(s, p); err != nil {
		return err
	}
	w := s.Wait()
	got, err := p.plain.Exactly(len(there), w)
	if err != nil {
		got = p.plain.In
	}
	if err := same(s, w, "at the plain side", there, got, err); err != nil {
		return err
	}
	p.plain.Send(back, w)
	got, err = p.hmac.data(len(back), w)
	return same(s, w, "in Chunks", back, got, err)
}
