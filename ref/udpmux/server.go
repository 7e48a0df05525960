package udpmux

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// A Server is the daemon: it moves datagrams through a [Mux], and registers the sessions of the agents that connect.
type Server struct {
	log      *slog.Logger
	uid      uint32
	external []*Socket
	backend  *Socket
	start    time.Time
	leaving  chan struct{} // has room for those that are turned away and may not have read why

	mu          sync.Mutex // for what follows; nothing is waited for under it
	config      Config
	mux         *Mux
	connections map[uint32]int           // of each uid
	agents      map[uint32]*net.UnixConn // by session
	open        map[*net.UnixConn]bool   // all
}

// NewServer returns a server of the external sockets, which must have one port. [Server.Serve] closes them.
func NewServer(config Config, log *slog.Logger, external []*Socket) (*Server, error) {
	s := &Server{config: config, log: log, uid: uint32(os.Geteuid()), external: external, start: time.Now(), mux: NewMux(config, log),
		leaving:     make(chan struct{}, 64),
		connections: make(map[uint32]int), agents: make(map[uint32]*net.UnixConn), open: make(map[*net.UnixConn]bool)}
	var err error
	s.backend, err = openUDP(netip.AddrPortFrom(netip.IPv4Unspecified(), 0), "lo", config.ReceiveBuffer)
	return s, err
}

// now is the Mux's time.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// Drops returns how many datagrams were dropped, by reason.
func (s *Server) Drops() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	drops := s.mux.Drops()
	for where, sockets := range map[string][]*Socket{"from clients": s.external, "from the loopback side": {s.backend}} {
		for _, socket := range sockets {
			if n := socket.overruns(); n > 0 {
				drops["receive buffer was full, "+where] += n
			}
		}
	}
	return drops
}

// Counts returns how many sessions and flows there are.
func (s *Server) Counts() (sessions, flows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mux.Counts()
}

// SetConfig changes what can be changed while the server works, which is all but ReceiveBuffer. Sessions and flows that are there
// stay, also those beyond a new limit.
func (s *Server) SetConfig(config Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config = config
	s.mux.setConfig(config)
}

func (s *Server) settings() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config
}

// Serve works until ctx is done; then it closes all sockets, l included, and everything that it has started has ended.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { s.poll(ctx) })
	done.Go(func() { s.accept(l, &done) })
	defer context.AfterFunc(ctx, func() {
		l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			c.Close()
		}
		s.open = nil // those that come later are closed at once
	})()
	err := s.move(ctx)
	cancel()
	done.Wait()
	s.mu.Lock() // for whoever counts drops
	defer s.mu.Unlock()
	for _, socket := range append(s.external, s.backend) {
		socket.Close()
	}
	return err
}

// poll ends the sessions whose backend has gone. It looks a little more often than asked for, since the look takes time, too
// (UDPMUX-51).
func (s *Server) poll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(s.settings().SessionPoll*7/8, time.Millisecond)):
		}
		s.mu.Lock()
		backends, last := s.mux.backends()
		s.mu.Unlock()
		if len(backends) == 0 {
			continue
		}
		sockets, err := allSockets(0)
		if err != nil {
			s.log.Error("looking at the kernel's sockets", "error", err)
			continue
		}
		alive := make(map[backend]bool, len(sockets))
		for _, socket := range sockets {
			if socket.Address == loopback {
				alive[backend{socket.Port, socket.Inode}] = true
			}
		}
		// A long table that changes while it is read may come with gaps, so what is missing is looked up alone.
		missing := slices.DeleteFunc(backends, func(b backend) bool { return alive[b] })
		known := aliveness(missing)
		s.lockToEnd()
		s.mux.Poll(s.now(), last, known)
		s.mu.Unlock()
	}
}

// mostLeft is how many batches are carried before a session ends: whoever sends without pause must not hold up the others.
const mostLeft = 64

// lockToEnd locks mu where sessions may be ended because their backends have gone. What these sent before they went is carried first: a
// mosh-server's last datagram tells its client that it ends (UDPMUX-133).
func (s *Server) lockToEnd() {
	s.mu.Lock()
	for range mostLeft {
		if !s.fromBackends() {
			return
		}
	}
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// A udpSocket is one in the kernel's table.
type udpSocket struct {
	Address netip.Addr // local
	Port    uint16     // local
	UID     uint32
	Inode   uint64
}

// aliveness looks the backends up in the kernel's table; where that cannot be read, all live. It takes up to a millisecond for each
// where the host has many sockets, so it is not called under the lock, and what is said of those that live may be old. A socket that
// has gone does not come back.
func aliveness(backends []backend) Alive {
	gone := make(map[backend]bool)
	for _, b := range backends {
		sockets, err := allSockets(b.port)
		gone[b] = err == nil && !slices.ContainsFunc(sockets, func(s udpSocket) bool { return s.Address == loopback && s.Inode == b.inode })
	}
	return func(port uint16, inode uint64) bool { return !gone[backend{port, inode}] }
}

// owned finds the one socket that is bound to 127.0.0.1, which must be uid's (section 2.5, step 6). It fails with a [Refusal].
func owned(sockets []udpSocket, uid uint32) (inode uint64, err error) {
	n, elsewhere := 0, false
	for _, socket := range sockets {
		if socket.Address == loopback {
			n++
			if socket.UID == uid {
				inode = socket.Inode
			}
		} else if socket.UID == uid {
			elsewhere = true
		}
	}
	switch {
	case n == 1 && inode != 0:
		return inode, nil
	case elsewhere:
		return 0, &Refusal{CodeNotLoopback, "your socket is not bound to 127.0.0.1"}
	}
	return 0, &Refusal{CodeNotOwner, "no socket of yours alone is bound to 127.0.0.1 and this port"}
}
