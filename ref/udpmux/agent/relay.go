package agent

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// From UDPMUX-125 and section 6: what a relay has towards the server.
const (
	maxOutlets = 16
	outletIdle = 60 * time.Second
)

// A relay is the client agent's: it puts a token before what a local mosh-client sends, and carries the answers back.
type relay struct {
	local   *net.UDPConn
	server  netip.AddrPort
	header  udpmux.Header
	idle    time.Duration // after which an outlet is closed
	in, out []byte
	mu      sync.Mutex
	outlets map[netip.AddrPort]*outlet // by the client's local address
}

// An outlet is the outgoing port of one local port of the client. The socket is not connected, since it must survive a
// change of this machine's address, and ICMP errors about the server.
type outlet struct {
	client   netip.AddrPort
	socket   *net.UDPConn
	used     time.Time // when a datagram last passed, in either direction
	answered bool
}

// newRelay returns a relay between local, bound to a loopback address, and the daemon at server.
func newRelay(local *net.UDPConn, server netip.AddrPort, T [15]byte) *relay {
	server = netip.AddrPortFrom(server.Addr().Unmap(), server.Port())
	if raw, err := local.SyscallConn(); err == nil {
		prepareSocket("", "", raw)
	}
	return &relay{local: local, server: server, header: udpmux.Header{Mode: udpmux.Token, T: T}, idle: outletIdle,
		in: make([]byte, udpmux.MaxDatagram+1), outlets: make(map[netip.AddrPort]*outlet)}
}

// serve works until the local socket is closed, or nothing is there at its deadline.
func (r *relay) serve() {
	for {
		switch err := r.carry(); {
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return
		case err != nil:
			time.Sleep(time.Millisecond) // some systems report a client that is gone; a lasting error must not spin
		}
	}
}

// carry carries one datagram of the client. An error is one of reading it.
func (r *relay) carry() error {
	n, ecn, client, err := readECN(r.local, r.in)
	if err != nil {
		return err
	}
	if h, _, err := udpmux.ParseClient(r.in[:n]); err != nil || h.Mode != udpmux.Learn {
		return nil // every local user can send here
	}
	l, err := r.outlet(client)
	if err != nil {
		return nil
	}
	if r.out, err = udpmux.AppendClient(r.out[:0], r.header, r.in[:n]); err == nil {
		writeECN(l.socket, r.out, ecn, r.server)
	}
	return nil
}

// outlet returns the client's outlet, if need be a new one.
func (r *relay) outlet(client netip.AddrPort) (*outlet, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.outlets[client]
	if l == nil {
		if len(r.outlets) >= maxOutlets {
			r.drop(r.worst())
		}
		network := "udp4"
		if r.server.Addr().Is6() {
			network = "udp6"
		}
		config := net.ListenConfig{Control: prepareSocket}
		socket, err := config.ListenPacket(context.Background(), network, ":0")
		if err != nil {
			return nil, err
		}
		l = &outlet{client: client, socket: socket.(*net.UDPConn)}
		r.outlets[client] = l
		go r.answers(l)
	}
	l.used = time.Now()
	return l, nil
}

// worst is the outlet to give up: the longest idle of those never answered, or if all were answered, of all.
func (r *relay) worst() (worst *outlet) {
	for _, l := range r.outlets {
		if worst == nil || !l.answered && worst.answered || l.answered == worst.answered && l.used.Before(worst.used) {
			worst = l
		}
	}
	return worst
}

// drop closes an outlet; r.mu is held.
func (r *relay) drop(l *outlet) {
	l.socket.Close()
	delete(r.outlets, l.client)
}

// answers carries what the server sends to l's client, until l is idle or closed.
func (r *relay) answers(l *outlet) {
	b := make([]byte, udpmux.MaxP+1)
	for !r.closeIfIdle(l) {
		n, ecn, from, err := readECN(l.socket, b)
		switch {
		case err != nil: // perhaps the deadline, or a closed socket
			time.Sleep(time.Millisecond)
		case r.isServer(from) && udpmux.ParseBackend(b[:n]) == nil:
			r.mu.Lock()
			l.used, l.answered = time.Now(), true
			r.mu.Unlock()
			writeECN(r.local, b[:n], ecn, l.client)
		}
	}
}

func (r *relay) isServer(from netip.AddrPort) bool {
	return from.Port() == r.server.Port() && from.Addr().Unmap().WithZone("") == r.server.Addr().WithZone("")
}

// closeIfIdle closes l if nothing passed for the idle time, otherwise it sets the deadline by which to check again.
func (r *relay) closeIfIdle(l *outlet) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.outlets[l.client] != l {
		return true
	}
	if end := l.used.Add(r.idle); time.Now().Before(end) {
		l.socket.SetReadDeadline(end)
		return false
	}
	r.drop(l)
	return true
}
