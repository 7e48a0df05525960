package daemon

import (
	"context"
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// firstSource is where the loopback sources begin (section 4.1).
const firstSource = 127<<24 | 64<<16

var loopback = mapped([4]byte{127, 0, 0, 1})

// move carries datagrams until ctx is done. One thread reads all sockets in turns, a batch of each (section 4.3).
func (s *Server) move(ctx context.Context) error {
	stopped, stop, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stopped.Close()
	defer stop.Close()
	defer context.AfterFunc(ctx, func() { stop.Close() })()
	fds := []unix.PollFd{{Fd: int32(stopped.Fd()), Events: unix.POLLIN}, {Fd: int32(s.backend.fd), Events: unix.POLLIN}}
	for _, socket := range s.external {
		fds = append(fds, unix.PollFd{Fd: int32(socket.fd), Events: unix.POLLIN})
	}
	for ctx.Err() == nil {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		if fds[1].Revents != 0 {
			s.mu.Lock()
			s.fromBackends()
			s.mu.Unlock()
		}
		for listener, fd := range fds[2:] {
			if fd.Revents != 0 {
				s.fromClients(listener)
			}
		}
	}
	return nil
}

// fromClients carries one batch to the sessions.
func (s *Server) fromClients(listener int) {
	socket := s.external[listener]
	n := socket.receive()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for i := range n {
		c, ecn, D := socket.datagram(i)
		c.Listener = uint16(listener)
		s.deliver(s.mux.FromClient(now, c, ecn, D))
	}
	s.mux.NotSent(s.backend.flush())
}

// deliver queues deliveries; it sends when there is no more room.
func (s *Server) deliver(deliveries []mux.Delivery) {
	to := mux.Client{Remote: loopback, Local: loopback}
	for i := range deliveries {
		d := &deliveries[i]
		binary.BigEndian.PutUint32(to.Local[12:], firstSource+d.Source)
		to.RemotePort = d.Port
		if s.backend.full() {
			s.mux.NotSent(s.backend.flush())
		}
		s.backend.queue(&to, d.ECN, d.P)
	}
}

// fromBackends carries one batch to the clients, and says whether there may be more. It is called under the lock.
func (s *Server) fromBackends() (more bool) {
	n := s.backend.receive()
	now := s.now()
	for i := range n {
		from, ecn, P := s.backend.datagram(i)
		source := binary.BigEndian.Uint32(from.Local[12:]) - firstSource
		if from.Remote != loopback {
			from.RemotePort = 0 // no session has port 0
		}
		if c, ok := s.mux.FromBackend(now, from.RemotePort, source, P); ok {
			s.external[c.Listener].queue(&c, ecn, P)
		}
	}
	for _, socket := range s.external {
		s.mux.NotSent(socket.flush())
	}
	return n == batchSize
}
