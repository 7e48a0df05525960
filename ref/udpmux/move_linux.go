package udpmux

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// waitingTick is how often a probing limit that datagrams wait for is looked at.
const waitingTick = 5 * time.Millisecond

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
	events, timeout := make([]unix.EpollEvent, 2+len(s.external)), -1
	for ctx.Err() == nil {
		n, err := unix.EpollWait(poll, events, timeout)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
		waiting := s.turn(events[:max(n, 0)])
		if timeout >= 0 || waiting {
			waiting = s.tick()
		}
		timeout = -1
		if waiting {
			timeout = int(waitingTick.Milliseconds())
		}
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

// turn reads a batch of each socket that has one, and says whether datagrams wait.
func (s *Server) turn(events []unix.EpollEvent) (waiting bool) {
	for _, event := range events {
		switch {
		case event.Fd == 1:
			s.mu.Lock()
			s.fromBackends()
			s.mu.Unlock()
		case event.Fd > 1:
			waiting = s.fromClients(int(event.Fd-2)) || waiting
		}
	}
	return waiting
}

// fromClients carries one batch to the sessions, and says whether datagrams wait.
func (s *Server) fromClients(listener int) (waiting bool) {
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
	s.count(s.backend.flush())
	return s.mux.Waiting()
}

// tick lets the Mux do what is due.
func (s *Server) tick() (waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliver(s.mux.Tick(s.now()))
	s.count(s.backend.flush())
	return s.mux.Waiting()
}

// deliver queues deliveries; it sends where there is no more room.
func (s *Server) deliver(deliveries []Delivery) {
	to := Client{Remote: mapped([4]byte{127, 0, 0, 1})}
	for i := range deliveries {
		d := &deliveries[i]
		source := firstSource + d.Source
		to.Local = mapped([4]byte{byte(source >> 24), byte(source >> 16), byte(source >> 8), byte(source)})
		to.RemotePort = d.Port
		if s.backend.full() {
			s.count(s.backend.flush())
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
		a := from.Local
		source := (uint32(a[12])<<24 | uint32(a[13])<<16 | uint32(a[14])<<8 | uint32(a[15])) - firstSource
		if from.Remote != mapped([4]byte{127, 0, 0, 1}) {
			from.RemotePort = 0 // no session's
		}
		if c, ok := s.mux.FromBackend(now, from.RemotePort, source, P); ok {
			s.external[c.Listener].queue(&c, ecn, P)
		}
	}
	for _, socket := range s.external {
		if socket.out.n > 0 {
			s.count(socket.flush())
		}
	}
	return n == batchSize
}

// count counts what could not be sent.
func (s *Server) count(failed uint64) {
	if failed > 0 {
		s.mux.drops[errSend] += failed
	}
}
