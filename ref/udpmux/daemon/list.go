package daemon

import (
	"errors"
	"net"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// errListed ends a conversation without a session.
var errListed = errors.New("the sessions were listed")

// list does section 2.7. The lock is held for one session at a time: the datagrams of others must not wait for a list,
// and who does not read it must not hold up anybody (UDPMUX-162).
func (s *Server) list(c *net.UnixConn, uid uint32, within time.Duration) error {
	c.SetDeadline(time.Now().Add(within))
	all := uid == 0 || uid == s.uid
	s.mu.Lock()
	ports := s.mux.Ports(uid, all)
	s.mu.Unlock()
	for _, port := range ports {
		s.mu.Lock()
		session, peers, ok := s.mux.List(s.now(), port, uid, all)
		s.mu.Unlock()
		if !ok {
			continue
		}
		b, err := udpmux.AppendFrame(nil,
			udpmux.Frame{Type: udpmux.Listed, Listing: udpmux.ListSession, Session: session})
		for _, peer := range peers {
			peer.SourcePort = s.backend.Addr().Port()
			if err == nil {
				b, err = udpmux.AppendFrame(b, udpmux.Frame{Type: udpmux.Listed, Listing: udpmux.ListPeer, Peer: peer})
			}
		}
		if err == nil {
			_, err = c.Write(b)
		}
		if err != nil {
			return err
		}
	}
	if err := reply(c, udpmux.Frame{Type: udpmux.Listed}); err != nil {
		return err
	}
	return errListed
}
