package tcpmux

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/ref/accept"
)

// A Config says what a server does. It must not change once a server has it.
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
	accept *accept.Server
}

// NewServer returns a server that logs failed sessions, and connections turned away, to log.
func NewServer(config *Config, log *slog.Logger) *Server {
	s := &Server{log: log}
	s.config.Store(config)
	s.accept = &accept.Server{
		Handle:   s.serve,
		TurnAway: s.turnAway,
		Failed:   func(err error) { log.Warn("accepting a connection failed", "error", err) },
		Limits: func() (all, perSource int) {
			config := s.config.Load()
			return config.MaxConnections, config.MaxPerSource
		},
	}
	return s
}

// SetConfig replaces the configuration; requests that were answered keep the old one.
func (s *Server) SetConfig(config *Config) { s.config.Store(config) }

// Serve accepts connections from l until l is closed.
func (s *Server) Serve(l net.Listener) { s.accept.Serve(l) }

// ServeConn serves and closes a single connection.
func (s *Server) ServeConn(c net.Conn) { s.accept.ServeConn(c) }

// Shutdown gives the sessions until ctx ends, then ends them, and returns when the last has gone. The owner of the
// listeners closes them first.
func (s *Server) Shutdown(ctx context.Context) { s.accept.Shutdown(ctx) }

// turnAway tells a client why there is no room, without waiting for it: there are too many already.
func (s *Server) turnAway(c net.Conn, why error) {
	text := map[error]string{
		accept.Closing:    "Server is shutting down",
		accept.Full:       "Too many connections",
		accept.SourceFull: "Too many connections from your address",
	}[why]
	s.log.Warn("connection turned away", "source", c.RemoteAddr(), "reason", text)
	send(c, Negative, text)
}

// serve answers the requests of a connection until one of them gets a session or a refusal.
func (s *Server) serve(ctx context.Context, c net.Conn) {
	defer context.AfterFunc(ctx, func() { c.Close() })()
	for {
		name, err := s.session(ctx, c)
		if errors.Is(err, ErrNextRequest) {
			continue
		}
		if err != nil && err != io.EOF {
			s.log.Info("session failed", "source", c.RemoteAddr(), "service", name, "error", err)
		}
		return
	}
}

// session reads one request, answers it, and carries what follows.
func (s *Server) session(ctx context.Context, c net.Conn) (name string, err error) {
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
	services := s.config.Load().Services // it may have changed while the client typed
	folded := Fold(name)
	handler := services.handlers[folded]
	switch {
	case folded == Fold(Help):
		handler = services.list
	case handler == nil:
		return name, errors.Join(errNoService, Refuse(c, "Service not available"))
	}
	return name, handler(ctx, c)
}
