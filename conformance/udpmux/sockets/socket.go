// Package sockets has what the suite needs to speak UDP mux, in any part it plays: UDP sockets, the frames of the Unix
// socket, addresses.
package sockets

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"golang.org/x/sys/unix"
)

// A Socket is a client, or a stand-in for mosh-server. It records what passes. Its methods return errors; the verbs say
// what these mean for the target.
type Socket struct {
	*net.UDPConn
	Name string
	Rec  *engine.Record
	Last []byte // sent last
	Sent time.Time
	ecn  int // of what it sends
}

// A Datagram is a datagram that came.
type Datagram struct {
	B    []byte
	From netip.AddrPort
	Ecn  int // the two ECN bits, if the system tells
}

// LongestDatagram is more than UDP carries over IPv4.
const LongestDatagram = 65535

// Buffer is what the suite's sockets ask for, so that what the target sends at once is not lost at the last step.
const Buffer = 4 << 20

// Bind gives a socket at the address, with the options that [reuse] knows; port 0 is the system's choice.
func Bind(s *engine.Session, name string, at netip.AddrPort, options string) (u *Socket, err error) {
	err = engine.UntilFree(s.Context(), func() error {
		u, err = bindOnce(s, name, at, options)
		return err
	})
	return u, err
}

// NetworkOf gives the network whose sockets have the address and none of the other family.
func NetworkOf(a netip.Addr) string {
	if a.Is6() {
		return "udp6"
	}
	return "udp4"
}

func bindOnce(s *engine.Session, name string, at netip.AddrPort, options string) (*Socket, error) {
	network := NetworkOf(at.Addr())
	if at.Addr() == netip.IPv6Unspecified() {
		network = "udp" // IPv4, too
	}
	syscall.ForkLock.RLock() // see listenUnshared
	defer syscall.ForkLock.RUnlock()
	var config net.ListenConfig
	if options != "" {
		config.Control = Reuse(options)
	}
	packets, err := config.ListenPacket(s.Context(), network, at.String())
	if err != nil {
		return nil, err
	}
	c := packets.(*net.UDPConn)
	s.Keep(c)
	c.SetReadBuffer(Buffer)
	tellECN(c)
	return &Socket{UDPConn: c, Name: name, Rec: s.Rec}, nil
}

// Address is where the socket is bound.
func (u *Socket) Address() netip.AddrPort {
	a := u.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Next gives the next datagram that comes.
func (u *Socket) Next(w proc.Wait) (Datagram, error) {
	b, oob := make([]byte, LongestDatagram), make([]byte, 128)
	for {
		u.SetReadDeadline(w.Step())
		n, m, _, from, err := u.ReadMsgUDPAddrPort(b, oob)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !w.Over():
			continue // the end has moved in the meantime
		case errors.Is(err, os.ErrDeadlineExceeded):
			return Datagram{}, engine.ErrLimit
		case err != nil:
			return Datagram{}, err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		u.Rec.Bytes("<", u.Name+" "+from.String(), b[:n])
		u.Rec.Tape.Datagram(from, u.Address(), b[:n])
		return Datagram{b[:n:n], from, ecnOf(oob[:m])}, nil
	}
}

// There gives all datagrams that have already come, without their sources.
func (u *Socket) There() (all []Datagram) {
	u.SetReadDeadline(time.Time{})
	raw, err := u.SyscallConn()
	if err != nil {
		return nil
	}
	for b := make([]byte, LongestDatagram); ; {
		n := -1
		var from unix.Sockaddr
		raw.Read(func(fd uintptr) bool {
			n, from, err = unix.Recvfrom(int(fd), b, unix.MSG_DONTWAIT)
			return true // whatever came: There does not wait
		})
		if err != nil || n < 0 {
			return all
		}
		u.Rec.Bytes("<", u.Name, b[:n])
		u.Rec.Tape.Datagram(addrPort(from), u.Address(), b[:n])
		all = append(all, Datagram{B: bytes.Clone(b[:n])})
	}
}

// Send sends b to an address, with these ECN bits. What the network loses or the system refuses is missed at the other
// end.
func (u *Socket) Send(b []byte, to netip.AddrPort, ecn int) {
	if ecn != u.ecn {
		u.ecn = ecn
		setECN(u.UDPConn, ecn)
	}
	u.Last, u.Sent = b, time.Now()
	u.Rec.Bytes(">", u.Name+" "+to.String(), b)
	u.Rec.Tape.Datagram(u.Address(), to, b)
	if _, err := u.WriteToUDPAddrPort(b, to); err != nil {
		u.Rec.Note("%s. sending: %v", u.Name, err)
	}
}

// addrPort gives a socket's address as the system tells it.
func addrPort(a unix.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
	}
	return netip.AddrPort{}
}

// Control lets f have the socket's descriptor.
func Control(c *net.UDPConn, f func(fd int)) {
	if raw, err := c.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}

// P makes a datagram of mosh's form, n bytes with that first byte and nonce; the rest is random.
func P(first byte, nonce uint64, n int) []byte {
	b := make([]byte, max(n, 8))
	rand.Read(b)
	binary.BigEndian.PutUint64(b, nonce)
	b[0] = first
	return b[:n]
}
