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

// move carries datagrams until ctx is done. One thread reads all sockets in turns, a batch of each (section 4.7).
func (s *Server) move(ctx context.Context) error {
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	defer unix.Close(stop)
	poll, err := s.watch(stop)
	if err != nil {
		return err
	}
	defer unix.Close(poll)
	stopped := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		unix.Write(stop, []byte{0, 0, 0, 0, 0, 0, 0, 1})
		close(stopped)
	})
	defer func() {
		if !cancel() {
			<-stopped // else the write may hit another file
		}
	}()
	events := make([]unix.EpollEvent, 2+len(s.external))
	for ctx.Err() == nil {
		n, err := unix.EpollWait(poll, events, -1)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
		s.turn(events[:max(n, 0)])
	}
	return nil
}

// watch opens an epoll of stop, the backend socket and the external ones, whose events have the numbers 0, 1 and so on.
func (s *Server) watch(stop int) (poll int, err error) {
	if poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return -1, os.NewSyscallError("epoll_create1", err)
	}
	fds := []int{stop, s.backend.fd}
	for _, socket := range s.external {
		fds = append(fds, socket.fd)
	}
	for i, fd := range fds {
		if err := unix.EpollCtl(poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}); err != nil {
			unix.Close(poll)
			return -1, os.NewSyscallError("epoll_ctl", err)
		}
	}
	return poll, nil
}

// turn reads a batch of each socket that has one.
func (s *Server) turn(events []unix.EpollEvent) {
	for _, event := range events {
		switch {
		case event.Fd == 1:
			s.mu.Lock()
			s.fromBackends()
			s.mu.Unlock()
		case event.Fd > 1:
			s.fromClients(int(event.Fd - 2))
		}
	}
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
	s.flush(s.backend)
}

// deliver queues deliveries; it sends where there is no more room.
func (s *Server) deliver(deliveries []mux.Delivery) {
	to := mux.Client{Remote: loopback, Local: loopback}
	for i := range deliveries {
		d := &deliveries[i]
		binary.BigEndian.PutUint32(to.Local[12:], firstSource+d.Source)
		to.RemotePort = d.Port
		if s.backend.full() {
			s.flush(s.backend)
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
			from.RemotePort = 0 // no session's
		}
		if c, ok := s.mux.FromBackend(now, from.RemotePort, source, P); ok {
			s.external[c.Listener].queue(&c, ecn, P)
		}
	}
	for _, socket := range s.external {
		s.flush(socket)
	}
	return n == batchSize
}

// flush sends what was queued, and counts what could not be sent.
func (s *Server) flush(socket *Socket) {
	if failed := socket.flush(); failed > 0 {
		s.mux.NotSent(failed)
	}
}
