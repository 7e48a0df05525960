// Package daemon is UDP mux's daemon: it moves datagrams between its sockets and a [mux.Mux], registers the sessions of
// the agents that connect to its Unix socket, and looks up in the kernel's table who they are and whether their
// backends are still there. Start reading at [Server.Serve].
//
// It works only on Linux, and serves sockets that it is given: listening addresses, options, files, signals and the
// service manager are the program's.
package daemon

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/internal/sockdiag"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// Ours.
const (
	batchSize = 32 // datagrams in a system call, and in a turn
	usualECN  = 2  // ECT(0), which mosh sends
)

// A Config is what can be set; the fields bear the names of the options (docs/operating.md, section 6).
type Config struct {
	mux.Config
	MultiUser            bool          // any uid may register, not only the daemon's own
	AdvertisePort        uint16        // what agents are told; 0 is the port listened on
	MaxConnectionsPerUID int           // on the Unix socket; 0 is no bound
	HelloTimeout         time.Duration // from accept
	RegisterTimeout      time.Duration // from WELCOME
	SessionPoll          time.Duration // how often to check whether backends are still there
	ReceiveBuffer        int           // bytes to ask for, for each UDP socket
}

// DefaultConfig returns the default of every option.
func DefaultConfig(multiUser bool) Config {
	c := Config{Config: mux.DefaultConfig(), MultiUser: multiUser, MaxConnectionsPerUID: 64 + 16,
		HelloTimeout: 3 * time.Second, RegisterTimeout: 10 * time.Second,
		SessionPoll: time.Second, ReceiveBuffer: 4 << 20}
	if multiUser {
		c.Modes = udpmux.Token
	}
	return c
}

// A Server is the daemon: it moves datagrams through a [Mux], and registers the sessions of the agents that connect.
type Server struct {
	log      *slog.Logger
	uid      uint32
	external []*Socket
	backend  *Socket
	start    time.Time
	leaving  chan struct{} // has room for those turned away that may not have read why
	config   atomic.Pointer[Config]
	others   sync.Once // reports other users, whom it does not serve

	mu     sync.Mutex // for what follows; nothing blocks under it
	mux    *mux.Mux
	agents map[uint32]*net.UnixConn // by session

	connections map[uint32]int // by uid
}

// New returns a server for the external sockets, which must share one port. [Server.Serve] closes them.
func New(config Config, log *slog.Logger, external []*Socket) (*Server, error) {
	s := &Server{log: log, uid: uint32(os.Geteuid()), external: external, start: time.Now(),
		mux: mux.New(config.Config, log), leaving: make(chan struct{}, 64), agents: make(map[uint32]*net.UnixConn),
		connections: make(map[uint32]int)}
	s.config.Store(&config)
	var err error
	s.backend, err = openLoopback(netip.AddrPortFrom(netip.IPv4Unspecified(), 0), config.ReceiveBuffer)
	return s, err
}

// now is the Mux's time.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// Drops returns how many datagrams were dropped, by reason.
func (s *Server) Drops() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	drops := s.mux.Drops()
	for where, sockets := range map[string][]*Socket{"from clients": s.external,
		"from the loopback side": {s.backend}} {
		for _, socket := range sockets {
			drops["receive buffer was full, "+where] += uint64(socket.overrun)
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

// SetConfig changes what can be changed while the server works: all but ReceiveBuffer. Existing sessions and flows
// stay, even those beyond a new limit.
func (s *Server) SetConfig(config Config) {
	s.config.Store(&config)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mux.SetConfig(config.Config)
}

// Serve works until ctx is done; it then closes all sockets, l included, and everything that it started has ended.
func (s *Server) Serve(ctx context.Context, l *net.UnixListener) error {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { s.poll(ctx) })
	agents := s.acceptor()
	done.Go(func() { agents.Serve(l) })
	err := s.move(ctx)
	cancel()
	l.Close()
	agents.Shutdown(ctx)
	done.Wait()
	for range cap(s.leaving) { // until the last one turned away has left
		s.leaving <- struct{}{}
	}
	for _, socket := range append(s.external, s.backend) {
		socket.Close()
	}
	return err
}

// poll ends the sessions whose backend has gone. It checks more often than asked for: checking takes time (UDPMUX-51).
func (s *Server) poll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(s.config.Load().SessionPoll*7/8, time.Millisecond)):
		}
		s.mu.Lock()
		backends := s.mux.Backends()
		s.mu.Unlock()
		if len(backends) == 0 {
			continue
		}
		sockets, err := sockdiag.UDP(0)
		if err != nil {
			s.log.Error("looking at the kernel's sockets", "error", err)
			continue
		}
		alive := make(map[mux.Backend]bool, len(sockets))
		for _, socket := range sockets {
			if socket.Address == sockdiag.Loopback {
				alive[mux.Backend{Port: socket.Port, Inode: socket.Inode}] = true
			}
		}
		// A long table that changes while it is read may come with gaps, so what is missing is looked up individually.
		missing := slices.DeleteFunc(backends, func(b mux.Backend) bool { return alive[b] })
		known := s.lockToEnd(missing)
		s.mux.Poll(s.now(), known)
		s.mu.Unlock()
	}
}
