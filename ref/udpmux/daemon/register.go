package daemon

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/internal/sockdiag"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// goodbye is how long an agent's surplus is read.
const goodbye = 100 * time.Millisecond

var errTooMany = &udpmux.Refusal{Code: udpmux.CodeLimit, Text: "too many connections of this user"}

// acceptor serves the agents that connect, each independently of the others (UDPMUX-60).
func (s *Server) acceptor() *accept.Server {
	return &accept.Server{
		Handle: s.serveAgent,
		TurnAway: func(c net.Conn, why error) {
			if why == errTooMany {
				s.refuse(c.(*net.UnixConn), why, goodbye)
				<-s.leaving
			}
		},
		Failed: func(err error) { s.log.Error("accept", "error", err) },
		Source: s.admit,
	}
}

// admit counts a new connection before anything else is done and before the next is accepted: a user may connect
// without end, and must use up neither descriptors nor time. (Section 2.5, step 1.)
func (s *Server) admit(c net.Conn) (source string, why error) {
	uid, err := sockdiag.PeerUID(c)
	if err != nil {
		return "", err
	}
	if s.connect(uid, 1) {
		return "", nil
	}
	select {
	case s.leaving <- struct{}{}:
		return "", errTooMany
	default: // an agent that keeps connecting gets no time to read more than this
		s.refuse(c.(*net.UnixConn), errTooMany, 0)
		c.Close()
		return "", net.ErrClosed
	}
}

// connect counts a user's connections: n is 1, which fails at the user's limit, or -1.
func (s *Server) connect(uid uint32, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if most := s.config.Load().MaxConnectionsPerUID; n > 0 && most > 0 && s.connections[uid] >= most {
		return false
	}
	if s.connections[uid] += n; s.connections[uid] == 0 {
		delete(s.connections, uid)
	}
	return true
}

// serveAgent is one conversation.
func (s *Server) serveAgent(ctx context.Context, conn net.Conn) {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c := conn.(*net.UnixConn)
	uid, err := sockdiag.PeerUID(c)
	if err != nil {
		return // closed by now: admit could still ask
	}
	defer s.connect(uid, -1)
	frames, session := udpmux.NewFrameReader(c), mux.Registration{UID: uid}
	id, err := s.converse(c, frames, &session)
	if err == nil {
		var n int
		if n, err = frames.Surplus(); n > 0 { // perhaps a part of a frame
			err = &udpmux.Refusal{Code: udpmux.CodeBadFrame, Text: "nothing may follow REGISTER"}
		}
		s.ended(c, session.Backend, id)
	}
	s.refuse(c, err, goodbye)
}

// refuse takes leave of an agent. If err is a reason for an ERROR, it sends that, and reads the agent's surplus for a
// while, since unread bytes would turn the end of the connection into a reset.
func (s *Server) refuse(c *net.UnixConn, err error, while time.Duration) {
	refusal, ok := errors.AsType[*udpmux.Refusal](err)
	if !ok {
		return
	}
	if uid, err := sockdiag.PeerUID(c); err == nil && s.serves(uid) { // once is enough: an agent tries again and again
		s.log.Warn("agent refused", "uid", uid, "code", refusal.Code, "why", refusal.Text)
	}
	c.SetDeadline(time.Time{})
	// This does not block: an agent never leaves much unread.
	reply(c, udpmux.Frame{Type: udpmux.Error, Code: refusal.Code, Text: refusal.Text})
	c.CloseWrite()
	c.SetDeadline(time.Now().Add(while))
	io.CopyN(io.Discard, c, 2*udpmux.MaxFrame)
}

// converse does section 2.5, the daemon's checks from 2 on, for r's user, and fills in the rest of r.
func (s *Server) converse(c *net.UnixConn, frames *udpmux.FrameReader, r *mux.Registration) (id uint32, err error) {
	config := s.config.Load()
	c.SetDeadline(time.Now().Add(config.HelloTimeout))
	f, err := s.expect(frames, udpmux.Hello)
	if err == nil && f.Version != udpmux.Version {
		err = &udpmux.Refusal{Code: udpmux.CodeVersion, Text: "the version here is 1"}
	}
	if err != nil {
		return 0, err
	}
	modes := config.Modes
	if !s.serves(r.UID) {
		modes = 0
		s.others.Do(func() {
			s.log.Warn("multi-user is off: only the daemon's own user may register", "uid", s.uid, "refused", r.UID)
		})
	}
	c.SetDeadline(time.Now().Add(config.RegisterTimeout))
	port := cmp.Or(config.AdvertisePort, s.external[0].Addr().Port())
	if err := reply(c, udpmux.Frame{Type: udpmux.Welcome, Modes: modes, Port: port}); err != nil {
		return 0, err
	}
	if f, err = s.expect(frames, udpmux.Register, udpmux.List); err != nil {
		return 0, err
	}
	if f.Type == udpmux.List {
		return 0, s.list(c, r.UID, config.RegisterTimeout)
	}
	r.Modes, r.Port, r.S = f.Modes, f.Port, f.S
	if id, err = s.register(c, r, modes); err != nil {
		return 0, err
	}
	c.SetDeadline(time.Time{})
	return id, reply(c, udpmux.Frame{Type: udpmux.Registered, ID: id})
}

// serves says whether sessions of that user may be registered.
func (s *Server) serves(uid uint32) bool { return s.config.Load().MultiUser || uid == s.uid }

func reply(c *net.UnixConn, f udpmux.Frame) error {
	b, err := udpmux.AppendFrame(nil, f)
	if err == nil {
		_, err = c.Write(b)
	}
	return err
}

// expect reads the next frame. A fault, or another type, is a [udpmux.Refusal], unlike the end and the network's
// errors.
func (s *Server) expect(frames *udpmux.FrameReader, want ...udpmux.FrameType) (udpmux.Frame, error) {
	f, err := frames.Next()
	_, network := errors.AsType[net.Error](err)
	switch {
	case err == nil && slices.Contains(want, f.Type), network, err == io.EOF, err == udpmux.ErrCutShort:
		return f, err
	case err == nil:
		err = errors.New("a frame out of turn")
	}
	return f, &udpmux.Refusal{Code: udpmux.CodeBadFrame, Text: err.Error()}
}

// register does section 2.5, steps 4 to 8, and makes c the session's connection in place of an older one.
func (s *Server) register(c *net.UnixConn, r *mux.Registration, modes udpmux.Mode) (id uint32, err error) {
	switch {
	case r.Modes == 0 || r.Modes&^modes != 0:
		return 0, &udpmux.Refusal{Code: udpmux.CodeModeOff, Text: "modes that are on for you: " + modes.String()}
	case r.Port < udpmux.MinPort:
		return 0, &udpmux.Refusal{Code: udpmux.CodeNotLoopback, Text: "the port is below 1024"}
	}
	sockets, err := sockdiag.UDP(r.Port)
	if err != nil {
		s.log.Error("looking at the kernel's sockets", "error", err)
	}
	if r.Inode, err = owned(sockets, r.UID); err != nil {
		return 0, err
	}
	s.mu.Lock()
	rivals := s.mux.Rivals(r.S, r.Port)
	s.mu.Unlock()
	alive := s.lockToEnd(rivals)
	defer s.mu.Unlock()
	if id, err = s.mux.Register(s.now(), *r, alive); err != nil {
		return 0, err
	}
	if old := s.agents[id]; old != nil {
		old.Close()
	}
	s.agents[id] = c
	return id, nil
}

// ended: if c was the session's connection, its backend may have ended, too, and nothing more must reach its port.
func (s *Server) ended(c *net.UnixConn, b mux.Backend, id uint32) {
	alive := s.lockToEnd([]mux.Backend{b})
	defer s.mu.Unlock()
	if s.agents[id] == c {
		delete(s.agents, id)
		s.mux.Poll(s.now(), alive)
	}
}

// mostLeft is how many batches are carried before a session ends: who sends without pause must not hold up the others.
const mostLeft = 64

// lockToEnd looks up in the kernel's table which backends have gone, and then locks mu, so that their sessions may be
// ended. If the table cannot be read, all live. A look takes up to a millisecond on a host with many sockets, so the
// lock is taken after it, and a backend may be gone that is reported alive; one that has gone does not come back. What
// the backends sent before is carried first: a mosh-server's last datagram tells its client that it ends (UDPMUX-133).
func (s *Server) lockToEnd(backends []mux.Backend) mux.Alive {
	gone := make(map[mux.Backend]bool)
	for _, b := range backends {
		sockets, err := sockdiag.UDP(b.Port)
		gone[b] = err == nil && !slices.ContainsFunc(sockets, func(s sockdiag.Socket) bool {
			return s.Address == sockdiag.Loopback && s.Inode == b.Inode
		})
	}
	s.mu.Lock()
	for range mostLeft {
		if !s.fromBackends() {
			break
		}
	}
	return func(b mux.Backend) bool { return !gone[b] }
}

// owned finds the one socket bound to 127.0.0.1, which must be uid's (section 2.5, step 6), or refuses.
func owned(sockets []sockdiag.Socket, uid uint32) (inode uint64, err error) {
	inode, elsewhere := sockdiag.OnLoopback(sockets, uid)
	switch {
	case inode != 0:
		return inode, nil
	case len(elsewhere) > 0:
		return 0, &udpmux.Refusal{Code: udpmux.CodeNotLoopback, Text: "your socket is not bound to 127.0.0.1"}
	}
	return 0, &udpmux.Refusal{Code: udpmux.CodeNotOwner,
		Text: "no socket of yours alone is bound to 127.0.0.1 and this port"}
}
