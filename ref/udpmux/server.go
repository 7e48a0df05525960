package udpmux

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// A Server is the daemon: it moves datagrams through a [Mux], and registers the sessions of the agents that connect.
type Server struct {
	config   Config
	log      *slog.Logger
	uid      uint32
	port     uint16 // that agents are told
	external []*Socket
	backend  *Socket
	start    time.Time

	mu          sync.Mutex // for what follows; no system call but of sock_diag and of a send is made under it
	mux         *Mux
	connections map[uint32]int           // of each uid
	agents      map[uint32]*net.UnixConn // by session
	open        map[*net.UnixConn]bool   // all
}

// NewServer returns a server of the external sockets, which must have one port. [Server.Serve] closes them.
func NewServer(config Config, log *slog.Logger, external []*Socket) (*Server, error) {
	s := &Server{config: config, log: log, uid: uint32(os.Geteuid()), external: external, start: time.Now(), mux: NewMux(config, log),
		port:        cmp.Or(config.AdvertisePort, external[0].Addr().Port()),
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
	return s.mux.Drops()
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
	for _, socket := range append(s.external, s.backend) {
		socket.Close()
	}
	return err
}

// poll ends the sessions whose backend has gone. It looks a little more often than asked for, since the look takes time, too
// (UDPMUX-51).
func (s *Server) poll(ctx context.Context) {
	ticker := time.NewTicker(max(s.config.SessionPoll*7/8, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		n, last := s.mux.Sessions()
		s.mu.Unlock()
		if n == 0 {
			continue
		}
		sockets, err := allSockets(0)
		if err != nil {
			s.log.Error("looking at the kernel's sockets", "error", err)
			continue
		}
		alive := make(map[udpSocket]bool, len(sockets))
		for _, socket := range sockets {
			alive[udpSocket{Address: socket.Address, Port: socket.Port, Inode: socket.Inode}] = true
		}
		s.mu.Lock()
		s.mux.Poll(s.now(), last, func(port uint16, inode uint64) bool {
			// A long table that changes while it is read may come with gaps, so what is missing is looked up alone.
			return alive[udpSocket{Address: loopback, Port: port, Inode: inode}] || isAlive(port, inode)
		})
		s.mu.Unlock()
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

// isAlive is [Alive] by the kernel's table. Where that cannot be read, all live.
func isAlive(port uint16, inode uint64) bool {
	sockets, err := allSockets(port)
	for _, socket := range sockets {
		if socket.Address == loopback && socket.Inode == inode {
			return true
		}
	}
	return err != nil
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
