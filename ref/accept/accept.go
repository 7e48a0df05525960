// Package accept serves the connections of listeners of any kind. It sees to how many there may be at once, in all and
// from one source, what happens to the others, and how they end. It belongs to no protocol.
//
// Start reading at [Server.Serve], the only loop that accepts connections.
//
// The package writes nothing to a connection or to a log: its functions are told what happens. It does not end a
// handler's work, only its context.
package accept

import (
	"context"
	"errors"
	"math"
	"net"
	"sync"
	"time"
)

// A Refusal says why there is no room for a connection.
type Refusal string

// The refusals, in the order in which they are checked.
const (
	Closing    Refusal = "shutting down"
	SourceFull Refusal = "too many connections from this address"
	Full       Refusal = "too many connections"
	// GaveWay is why the context of a connection that gave way has ended.
	GaveWay Refusal = "gave way to another connection"
)

// Error gives the refusal's text.
func (r Refusal) Error() string { return string(r) }

// A Server hands connections to a handler. Its fields must not change once it serves; all but Handle may be nil. Its
// functions are called by many goroutines at once.
type Server struct {
	// Handle serves a connection. When ctx has ended it must return soon. The connection is closed after it returns.
	Handle func(ctx context.Context, c net.Conn)
	// TurnAway gets a connection that is not served, with a [Refusal] or the error of Source. The connection is closed
	// after it returns.
	TurnAway func(c net.Conn, why error)
	// Failed is told why a listener has given no connection. The listener is tried again: descriptors or memory may be
	// free by then.
	Failed func(err error)
	// Limits gives how many connections may be open at once, in all and from each source; 0 is no bound. It is asked
	// for each connection, so that a new limit applies to new connections.
	Limits func() (all, perSource int)
	// Source gives what the connections of a source have in common; the default is [Source].
	Source func(c net.Conn) (string, error)
	// GiveWay: without room for a new connection, an old one that was not [Keep]-ed gives way to it. Its context ends.
	GiveWay bool

	crowd   Crowd // of those that may have to give way
	mu      sync.Mutex
	ctx     context.Context // of all connections
	cancel  context.CancelFunc
	closing bool
	open    int
	sources map[string]int
	done    sync.WaitGroup
}

// The pause after a failure to accept is doubled by each failure that follows soon: at a limit of descriptors, each
// connection that ends lets one more in.
const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// Serve accepts connections from l until l is closed, or until Shutdown has given up waiting while l fails. It serves
// each independently of the others.
func (s *Server) Serve(l net.Listener) {
	ending := s.context()
	var pause time.Duration
	var failed time.Time
	for {
		c, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // the listener is still good
			if time.Since(failed) > 2*maxPause {
				pause = 0
			}
			pause = min(max(2*pause, minPause), maxPause)
			failed = time.Now()
			if s.Failed != nil {
				s.Failed(err)
			}
			select {
			case <-time.After(pause):
			case <-ending.Done():
				return
			}
		default:
			p, why := s.admit(c) // here, so that the first to come is let in first
			go s.serve(c, p, why)
		}
	}
}

// ServeConn serves a single connection, or turns it away, and closes it.
func (s *Server) ServeConn(c net.Conn) {
	p, why := s.admit(c)
	s.serve(c, p, why)
}

// A place belongs to a connection that was let in.
type place struct {
	context.Context
	end    context.CancelCauseFunc
	source string
	gone   bool    // it gave way: another connection has the place
	member *Member // of those that may have to give way, if any
}

// Keep makes sure that the connection whose handler has this context gives way to no other.
func Keep(ctx context.Context) {
	if p, ok := ctx.Value((*place)(nil)).(*place); ok && p.member != nil {
		p.member.Leave()
	}
}

// Value gives the place itself, so that contexts derived from it lead to it.
func (p *place) Value(key any) any {
	if key == (*place)(nil) {
		return p
	}
	return p.Context.Value(key)
}

// serve does what admit has decided.
func (s *Server) serve(c net.Conn, p *place, why error) {
	defer c.Close()
	if why == nil {
		defer s.leave(p)
		s.Handle(p, c)
	} else if s.TurnAway != nil {
		s.TurnAway(c, why)
	}
}

// source gives the key by which a connection is counted.
func (s *Server) source(c net.Conn) (string, error) {
	if s.Source != nil {
		return s.Source(c)
	}
	return Source(c), nil
}

// admit counts a connection in, or says why there is no room for it.
func (s *Server) admit(c net.Conn) (p *place, why error) {
	source, why := s.source(c)
	if why != nil {
		return nil, why
	}
	var all, perSource int
	if s.Limits != nil {
		all, perSource = s.Limits()
	}
	s.context()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		return nil, Closing
	case perSource > 0 && s.sources[source] >= perSource && !s.crowd.Displace(source):
		return nil, SourceFull
	case all > 0 && s.open >= all && !s.crowd.Displace(""):
		return nil, Full
	}
	s.open++
	s.sources[source]++
	s.done.Add(1)
	p = &place{source: source}
	p.Context, p.end = context.WithCancelCause(s.ctx)
	if s.GiveWay {
		p.member = s.crowd.Join(source, func() { // whoever displaces it holds the lock
			s.free(p)
			p.end(GaveWay)
		})
		p.member.Take(1, math.MaxInt)
	}
	return p, nil
}

// free counts a connection out. The lock is held.
func (s *Server) free(p *place) {
	if p.gone {
		return
	}
	p.gone = true
	s.open--
	if s.sources[p.source]--; s.sources[p.source] == 0 {
		delete(s.sources, p.source)
	}
}

// leave is the end of a connection.
func (s *Server) leave(p *place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free(p)
	Keep(p)
	p.end(nil)
	s.done.Done()
}

// context gives that of all connections. It makes the zero value useful.
func (s *Server) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		s.sources = make(map[string]int)
		s.ctx, s.cancel = context.WithCancel(context.Background())
	}
	return s.ctx
}

// Shutdown takes no more connections. It gives the open ones until ctx ends, then ends their context, and returns when
// the last has gone. The owner of the listeners closes them first.
func (s *Server) Shutdown(ctx context.Context) {
	s.context()
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	defer s.cancel()
	defer context.AfterFunc(ctx, s.cancel)()
	s.done.Wait()
}
