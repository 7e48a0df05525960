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
				uid, _ := sockdiag.PeerUID(c)
				s.refuse(c.(*net.UnixConn), uid, why, goodbye)
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
		s.refuse(c.(*net.UnixConn), uid, errTooMany, 0)
		c.Close()
		return "", net.ErrClosed
	}
}

// connect counts a user's connections: n is 1, which fails at the user's limit, or -1.
func (s *Server) connect(uid uint32, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if most := s.config.MaxConnectionsPerUID; n > 0 && most > 0 && s.connections[uid] >= most {
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
	frames := udpmux.NewFrameReader(c)
	b, id, err := s.converse(c, frames, uid)
	if err == nil {
		err = nothing(frames)
		s.ended(c, b, id)
	}
	s.refuse(c, uid, err, goodbye)
}

// refuse takes leave of an agent. If err is a reason for an ERROR, it sends that, and reads the agent's surplus for a
// while, since unread bytes would turn the end of the connection into a reset.
func (s *Server) refuse(c *net.UnixConn, uid uint32, err error, while time.Duration) {
	refusal, ok := errors.AsType[*udpmux.Refusal](err)
	if !ok {
		return
	}
	if s.serves(uid) { // once is enough: an agent tries again and again
		s.log.Warn("agent refused", "uid", uid, "code", refusal.Code, "why", refusal.Text)
	}
	c.SetDeadline(time.Time{})
	// This does not block: an agent never leaves much unread.
	reply(c, udpmux.Frame{Type: udpmux.Error, Code: refusal.Code, Text: refusal.Text})
	c.CloseWrite()
	c.SetDeadline(time.Now().Add(while))
	io.CopyN(io.Discard, c, 2*udpmux.MaxFrame)
}

// converse does section 2.5, the daemon's checks from 2 on, and returns the session's socket and id.
func (s *Server) converse(c *net.UnixConn, frames *udpmux.FrameReader, uid uint32) (
	b mux.Backend, id uint32, err error) {
	config := s.settings()
	c.SetDeadline(time.Now().Add(config.HelloTimeout))
	f, err := s.expect(frames, udpmux.Hello)
	if err == nil && f.Version != udpmux.Version {
		err = &udpmux.Refusal{Code: udpmux.CodeVersion, Text: "the version here is 1"}
	}
	if err != nil {
		return b, 0, err
	}
	modes := config.Modes
	if !s.serves(uid) {
		modes = 0
		s.others.Do(func() {
			s.log.Warn("multi-user is off: only the daemon's own user may register", "uid", s.uid, "refused", uid)
		})
	}
	c.SetDeadline(time.Now().Add(config.RegisterTimeout))
	port := cmp.Or(config.AdvertisePort, s.external[0].Addr().Port())
	if err := reply(c, udpmux.Frame{Type: udpmux.Welcome, Modes: modes, Port: port}); err != nil {
		return b, 0, err
	}
	if f, err = s.expect(frames, udpmux.Register); err != nil {
		return b, 0, err
	}
	if b, id, err = s.register(c, f, uid, modes); err != nil {
		return b, 0, err
	}
	c.SetDeadline(time.Time{})
	return b, id, reply(c, udpmux.Frame{Type: udpmux.Registered, ID: id})
}

// serves says whether sessions of that user may be registered.
func (s *Server) serves(uid uint32) bool { return s.settings().MultiUser || uid == s.uid }

func reply(c *net.UnixConn, f udpmux.Frame) error {
	b, err := udpmux.AppendFrame(nil, f)
	if err == nil {
		_, err = c.Write(b)
	}
	return err
}

// expect reads the next frame. A fault, or another type, is a [udpmux.Refusal]; the end of the stream and the network's
// errors are not.
func (s *Server) expect(frames *udpmux.FrameReader, want udpmux.FrameType) (udpmux.Frame, error) {
	f, err := frames.Next()
	_, network := errors.AsType[net.Error](err)
	switch {
	case err == nil && f.Type == want, network, err == io.EOF, err == udpmux.ErrCutShort:
		return f, err
	case err == nil:
		err = errors.New("a frame out of turn")
	}
	return f, &udpmux.Refusal{Code: udpmux.CodeBadFrame, Text: err.Error()}
}

// nothing waits for the end of the stream; nothing may come before it, not even a part of a frame.
func nothing(frames *udpmux.FrameReader) error {
	n, err := frames.Surplus()
	if n > 0 {
		return &udpmux.Refusal{Code: udpmux.CodeBadFrame, Text: "nothing may follow REGISTER"}
	}
	return err
}

// register does section 2.5, steps 4 to 8, and makes c the session's connection in place of an older one.
func (s *Server) register(c *net.UnixConn, f udpmux.Frame, uid uint32, modes udpmux.Mode) (
	b mux.Backend, id uint32, err error) {
	switch {
	case f.Modes == 0 || f.Modes&^modes != 0:
		return b, 0, &udpmux.Refusal{Code: udpmux.CodeModeOff, Text: "modes that are on for you: " + modes.String()}
	case f.Port < udpmux.MinPort:
		return b, 0, &udpmux.Refusal{Code: udpmux.CodeNotLoopback, Text: "the port is below 1024"}
	}
	sockets, err := sockdiag.UDP(f.Port)
	if err != nil {
		s.log.Error("looking at the kernel's sockets", "error", err)
	}
	inode, err := owned(sockets, uid)
	if err != nil {
		return b, 0, err
	}
	s.mu.Lock()
	rivals := s.mux.Rivals(f.S, f.Port)
	s.mu.Unlock()
	alive := aliveness(rivals)
	s.lockToEnd()
	defer s.mu.Unlock()
	b = mux.Backend{Port: f.Port, Inode: inode}
	r := mux.Registration{UID: uid, Modes: f.Modes, Backend: b, S: f.S}
	if id, err = s.mux.Register(s.now(), r, alive); err != nil {
		return b, 0, err
	}
	if old := s.agents[id]; old != nil {
		old.Close()
	}
	s.agents[id] = c
	return b, id, nil
}

// ended: if c was the session's connection, its backend may have ended, too, and nothing more must reach its port.
func (s *Server) ended(c *net.UnixConn, b mux.Backend, id uint32) {
	alive := aliveness([]mux.Backend{b})
	s.lockToEnd()
	defer s.mu.Unlock()
	if s.agents[id] == c {
		delete(s.agents, id)
		s.mux.Poll(s.now(), alive)
	}
}

// aliveness looks the backends up in the kernel's table; if that cannot be read, all live. It takes up to a millisecond
// for each on a host with many sockets, so it is not called under the lock, and a backend that it reports alive may be
// gone by then. A socket that has gone does not come back.
func aliveness(backends []mux.Backend) mux.Alive {
	gone := make(map[mux.Backend]bool)
	for _, b := range backends {
		sockets, err := sockdiag.UDP(b.Port)
		gone[b] = err == nil && !slices.ContainsFunc(sockets, func(s sockdiag.Socket) bool {
			return s.Address == sockdiag.Loopback && s.Inode == b.Inode
		})
	}
	return func(b mux.Backend) bool { return !gone[b] }
}

// owned finds the one socket bound to 127.0.0.1, which must be uid's (section 2.5, step 6). It fails with a
// [udpmux.Refusal].
func owned(sockets []sockdiag.Socket, uid uint32) (inode uint64, err error) {
	inode, elsewhere := sockdiag.OnLoopback(sockets, uid)
	switch {
	case inode != 0:
		return inode, nil
	case len(elsewhere) > 0:
		return 0, &udpmux.Refusal{Code: udpmux.CodeNotLoopback, Text: "your socket is not bound to 127.0.0.1"}
	}
	return 0, &udpmux.Refusal{Code: udpmux.CodeNotOwner, Text: "no socket of yours alone is bound to 127.0.0.1 and this port"}
}
