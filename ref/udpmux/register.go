package udpmux

import (
	"cmp"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// goodbye is how long what an agent sent too much is read.
const goodbye = 100 * time.Millisecond

// accept serves the agents that connect, each apart from the others (UDPMUX-60).
func (s *Server) accept(l *net.UnixListener, done *sync.WaitGroup) {
	for {
		c, err := l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil {
			s.log.Error("accept", "error", err)
			time.Sleep(100 * time.Millisecond) // descriptors may be free again then
			continue
		}
		uid, err := peerUID(c)
		if err == nil {
			err = s.admit(uid, c)
		}
		if err == nil {
			done.Go(func() { s.serveAgent(c, uid) })
			continue
		}
		// An agent that knocks without end gets less time, and nobody waits for it.
		select {
		case s.leaving <- struct{}{}:
			done.Go(func() {
				s.refuse(c, uid, err, goodbye)
				<-s.leaving
			})
		default:
			s.refuse(c, uid, err, 0)
		}
	}
}

// admit counts a connection (section 2.5, step 1).
func (s *Server) admit(uid uint32, c *net.UnixConn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open == nil:
		return net.ErrClosed
	case s.connections[uid] >= s.config.MaxConnectionsPerUID:
		return &Refusal{CodeLimit, "too many connections of this user"}
	}
	s.connections[uid]++
	s.open[c] = true
	return nil
}

// serveAgent is one conversation.
func (s *Server) serveAgent(c *net.UnixConn, uid uint32) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, c)
		if s.connections[uid]--; s.connections[uid] == 0 {
			delete(s.connections, uid)
		}
	}()
	frames := NewFrameReader(c)
	b, id, err := s.converse(c, frames, uid)
	if err == nil {
		err = frames.nothing()
		s.ended(c, b, id)
	}
	s.refuse(c, uid, err, goodbye)
}

// refuse ends a connection. Where err is a reason for an ERROR it sends that, and reads for a while what the agent sent too much, since
// unread bytes would turn the end of the connection into a reset.
func (s *Server) refuse(c *net.UnixConn, uid uint32, err error, while time.Duration) {
	defer c.Close()
	refusal, ok := errors.AsType[*Refusal](err)
	if !ok {
		return
	}
	s.log.Warn("agent refused", "uid", uid, "code", refusal.Code, "why", refusal.Text)
	b, _ := AppendFrame(nil, Frame{Type: Error, Code: refusal.Code, Text: refusal.Text})
	c.SetDeadline(time.Time{})
	c.Write(b) // does not wait: it is never much that an agent has not read
	c.CloseWrite()
	c.SetDeadline(time.Now().Add(while))
	io.CopyN(io.Discard, c, 2*MaxFrame)
}

// converse does section 2.5, steps 2 to 9, and returns the session's socket and id.
func (s *Server) converse(c *net.UnixConn, frames *FrameReader, uid uint32) (b backend, id uint32, err error) {
	config := s.settings()
	c.SetDeadline(time.Now().Add(config.HelloTimeout))
	f, err := s.expect(frames, Hello)
	if err == nil && f.Version != Version {
		err = &Refusal{CodeVersion, "the version here is 1"}
	}
	if err != nil {
		return b, 0, err
	}
	modes := config.Modes
	if !config.MultiUser && uid != s.uid {
		modes = 0
	}
	c.SetDeadline(time.Now().Add(config.RegisterTimeout))
	if err := reply(c, Frame{Type: Welcome, Modes: modes, Port: cmp.Or(config.AdvertisePort, s.external[0].Addr().Port())}); err != nil {
		return b, 0, err
	}
	if f, err = s.expect(frames, Register); err != nil {
		return b, 0, err
	}
	if b, id, err = s.register(c, f, uid, modes); err != nil {
		return b, 0, err
	}
	c.SetDeadline(time.Time{})
	return b, id, reply(c, Frame{Type: Registered, ID: id})
}

func reply(c *net.UnixConn, f Frame) error {
	b, err := AppendFrame(nil, f)
	if err == nil {
		_, err = c.Write(b)
	}
	return err
}

// expect reads the next frame. A fault, or another type, is a [Refusal]; the end of the stream and the network's errors are not.
func (s *Server) expect(frames *FrameReader, want FrameType) (Frame, error) {
	f, err := frames.Next()
	_, network := errors.AsType[net.Error](err)
	switch {
	case err == nil && f.Type == want, network, err == io.EOF, err == ErrCutShort:
		return f, err
	case err == nil:
		err = errors.New("a frame out of turn")
	}
	return f, &Refusal{CodeBadFrame, err.Error()}
}

// nothing waits for the end of the stream; before it nothing may come, not even a part of a frame.
func (r *FrameReader) nothing() error {
	var err error
	if len(r.b) == 0 {
		err = r.more()
	}
	if len(r.b) > 0 {
		return &Refusal{CodeBadFrame, "nothing may follow REGISTER"}
	}
	return err
}

// register does section 2.5, steps 4 to 8, and makes c the session's connection in place of an older one.
func (s *Server) register(c *net.UnixConn, f Frame, uid uint32, modes Mode) (b backend, id uint32, err error) {
	switch {
	case f.Modes == 0 || f.Modes&^modes != 0:
		return b, 0, &Refusal{CodeModeOff, "modes that are on for you: " + modes.String()}
	case f.Port < MinPort:
		return b, 0, &Refusal{CodeNotLoopback, "the port is below 1024"}
	}
	sockets, err := allSockets(f.Port)
	if err != nil {
		s.log.Error("looking at the kernel's sockets", "error", err)
	}
	inode, err := owned(sockets, uid)
	if err != nil {
		return b, 0, err
	}
	s.mu.Lock()
	rivals := s.mux.rivals(f.S, f.Port)
	s.mu.Unlock()
	alive := aliveness(rivals)
	s.lockToEnd()
	defer s.mu.Unlock()
	id, err = s.mux.Register(s.now(), Registration{uid, f.Modes, f.Port, inode, f.S}, alive)
	if err != nil {
		return b, 0, err
	}
	if old := s.agents[id]; old != nil {
		old.Close()
	}
	s.agents[id] = c
	return backend{f.Port, inode}, id, nil
}

// ended: where c was the session's connection, its backend may have ended, too, and nothing more must reach its port.
func (s *Server) ended(c *net.UnixConn, b backend, id uint32) {
	alive := aliveness([]backend{b})
	s.lockToEnd()
	defer s.mu.Unlock()
	if s.agents[id] == c {
		delete(s.agents, id)
		s.mux.Poll(s.now(), id, alive)
	}
}
