// Package accept serves connections of any kind: how many there may be at once, what happens to the others, and how they end.
package accept

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// A Server hands connections to a handler. It must not change once it serves.
type Server struct {
	// Handle serves and closes a connection. When its context has ended it has to return soon.
	Handle func(context.Context, net.Conn) error
	// MaxConnections and MaxPerSource bound the open connections, in all and per address; 0 is no bound.
	MaxConnections, MaxPerSource int
	Log                          *slog.Logger // gets failed connections, and those that are turned away

	mu      sync.Mutex
	cancel  context.CancelFunc // of ctx, which all connections have
	ctx     context.Context
	closing bool
	open    int
	sources map[string]int
	done    sync.WaitGroup
}

// maxPause is between attempts to accept when descriptors or memory have run out.
const maxPause = time.Second

// Serve accepts connections from l until l is closed.
func (s *Server) Serve(l net.Listener) {
	var pause time.Duration
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // the listener is still good
			pause = min(max(2*pause, 5*time.Millisecond), maxPause)
			s.Log.Warn("accepting a connection failed", "error", err)
			time.Sleep(pause)
		default:
			pause = 0
			go s.serveConn(c)
		}
	}
}

// serveConn serves a connection, or turns it away: by a reset, as whoever is not listening does.
func (s *Server) serveConn(c net.Conn) {
	defer c.Close()
	source := c.RemoteAddr()
	host := hostOf(source)
	ctx, why := s.admit(host)
	if why != "" {
		s.Log.Warn("connection turned away", "source", source, "reason", why)
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		return
	}
	defer s.leave(host)
	switch err := s.Handle(ctx, c); {
	case ctx.Err() != nil: // whatever it says came of that
		s.Log.Info("connection ended", "source", source, "reason", "shutting down")
	case err != nil:
		s.Log.Info("connection failed", "source", source, "error", err)
	}
}

// hostOf is the part of an address that a source's connections have in common.
func hostOf(a net.Addr) string {
	if host, _, err := net.SplitHostPort(a.String()); err == nil {
		return host
	}
	return a.String()
}

// admit counts a connection in, or says why there is no room for it.
func (s *Server) admit(host string) (ctx context.Context, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.init()
	switch {
	case s.closing:
		return nil, "shutting down"
	case s.MaxConnections > 0 && s.open >= s.MaxConnections:
		return nil, "too many connections"
	case s.MaxPerSource > 0 && s.sources[host] >= s.MaxPerSource:
		return nil, "too many connections from this address"
	}
	s.open++
	s.sources[host]++
	s.done.Add(1)
	return s.ctx, ""
}

// init makes the zero value useful; mu is held.
func (s *Server) init() {
	if s.sources == nil {
		s.sources = make(map[string]int)
		s.ctx, s.cancel = context.WithCancel(context.Background())
	}
}

// leave counts a connection out.
func (s *Server) leave(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.sources[host]--; s.sources[host] == 0 {
		delete(s.sources, host)
	}
	s.done.Done()
}

// Shutdown gives the connections until ctx ends, then ends them, and returns when the last has gone. The listeners are closed
// before, by their owner.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.init()
	s.closing = true
	s.mu.Unlock()
	defer context.AfterFunc(ctx, s.cancel)()
	s.done.Wait()
}
