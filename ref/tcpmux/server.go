package tcpmux

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Config is what a server does. It must not change once a server has it.
type Config struct {
	Services *Table
	// RequestTimeout is the time for the whole request (TCPMUX-37, -38).
	RequestTimeout time.Duration
	// MaxName is the longest accepted name in bytes (TCPMUX-33).
	MaxName int
	// MaxConnections and MaxPerSource bound the open connections, in all and per address; 0 is no bound.
	MaxConnections, MaxPerSource int
}

// A Server answers requests on any number of listeners and connections.
type Server struct {
	config atomic.Pointer[Config]
	log    *slog.Logger
	ctx    context.Context // ends when the sessions have to
	cancel context.CancelFunc

	mu      sync.Mutex
	closing bool
	open    map[net.Conn]string // to the source's address
	sources map[string]int
	done    sync.WaitGroup
}

// NewServer returns a server that logs failed sessions, and connections that it turns away, to log.
func NewServer(config *Config, log *slog.Logger) *Server {
	s := &Server{log: log, open: make(map[net.Conn]string), sources: make(map[string]int)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.config.Store(config)
	return s
}

// SetConfig replaces the configuration; requests that were answered keep the old one.
func (s *Server) SetConfig(config *Config) { s.config.Store(config) }

// Serve accepts connections from l until l is closed.
func (s *Server) Serve(l net.Listener) {
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // descriptors or memory ran out, or the client has gone: the listener is still good
			s.log.Warn("accepting a connection failed", "error", err)
			time.Sleep(10 * time.Millisecond)
		default:
			go s.ServeConn(c)
		}
	}
}

// ServeConn serves and closes a single connection.
func (s *Server) ServeConn(c net.Conn) {
	defer c.Close()
	if why := s.admit(c); why != "" {
		s.log.Warn("connection turned away", "source", c.RemoteAddr(), "reason", why)
		send(c, Negative, why) // and no waiting: there are too many already
		return
	}
	defer s.leave(c)
	for {
		name, err := s.session(c)
		if errors.Is(err, ErrNextRequest) {
			continue
		}
		if err != nil && err != io.EOF {
			s.log.Info("session failed", "source", c.RemoteAddr(), "service", name, "error", err)
		}
		return
	}
}

// Shutdown gives the sessions until ctx ends, then ends them, and returns when the last has gone. The listeners are
// closed before, by their owner.
func (s *Server) Shutdown(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	defer context.AfterFunc(ctx, func() {
		s.cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			c.Close()
		}
	})()
	s.done.Wait()
}

// admit counts c in, or says why there is no room for it.
func (s *Server) admit(c net.Conn) (why string) {
	source := c.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(source); err == nil {
		source = host
	}
	config := s.config.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return "Server is shutting down"
	case config.MaxConnections > 0 && len(s.open) >= config.MaxConnections:
		return "Too many connections"
	case config.MaxPerSource > 0 && s.sources[source] >= config.MaxPerSource:
		return "Too many connections from your address"
	}
	s.open[c] = source
	s.sources[source]++
	s.done.Add(1)
	return ""
}

// leave counts c out.
func (s *Server) leave(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	source := s.open[c]
	delete(s.open, c)
	if s.sources[source]--; s.sources[source] == 0 {
		delete(s.sources, source)
	}
	s.done.Done()
}

// session reads one request, answers it, and carries what follows.
func (s *Server) session(c net.Conn) (name string, err error) {
	config := s.config.Load()
	c.SetReadDeadline(time.Now().Add(config.RequestTimeout))
	err = readExact(c, make([]byte, config.MaxName+2), func(b []byte) (n int, err error) {
		name, n, err = ParseRequest(b, config.MaxName)
		return n, err
	})
	switch {
	case err == ErrEmptyName, err == ErrBadByte:
		return "", errors.Join(err, Refuse(c, "Malformed service name"))
	case err == ErrTooLong:
		return "", errors.Join(err, Refuse(c, "Service name too long"))
	case err != nil: // the client has gone or was too slow (TCPMUX-26, -37, -38)
		return "", err
	}
	c.SetReadDeadline(time.Time{})
	services := s.config.Load().Services // may have changed while the client typed
	folded := Fold(name)
	handler := services.handlers[folded]
	switch {
	case folded == Fold(Help):
		handler = services.list
	case handler == nil:
		return name, errors.Join(errNoService, Refuse(c, "Service not available"))
	}
	return name, handler(s.ctx, c)
}
