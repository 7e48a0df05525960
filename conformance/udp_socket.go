package conformance

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

	"golang.org/x/sys/unix"
)

// A udpSocket is a client, or a stand-in for mosh-server. It records what passes; its methods return errors, and what an error means
// for the target is the verbs' to say.
type udpSocket struct {
	*net.UDPConn
	name string
	rec  *record
	last []byte // sent last
	ecn  int    // that what it sends has
}

// A datagram is one that came.
type datagram struct {
	b    []byte
	from netip.AddrPort
	ecn  int // the two ECN bits, where the system tells
}

// longestDatagram is more than UDP carries over IPv4.
const longestDatagram = 65535

// udpBuffer is what the suite's sockets ask for, so that what the target sends at once is not lost on its last step.
const udpBuffer = 4 << 20

// bindUDP gives a socket at the address; port 0 is the system's choice.
func (s *session) bindUDP(name string, at netip.AddrPort) (u *udpSocket, err error) {
	err = untilFree(func() error {
		u, err = s.bindOnce(name, at)
		return err
	})
	return u, err
}

func (s *session) bindOnce(name string, at netip.AddrPort) (*udpSocket, error) {
	network := "udp4"
	switch {
	case at.Addr().Is6() && at.Addr().IsUnspecified():
		network = "udp" // IPv4, too
	case at.Addr().Is6():
		network = "udp6"
	}
	syscall.ForkLock.RLock() // see listenUnshared
	defer syscall.ForkLock.RUnlock()
	var config net.ListenConfig
	if s.udp.shared {
		config.Control = reuse("both")
	}
	packets, err := config.ListenPacket(s.run.ctx, network, at.String())
	if err != nil {
		return nil, err
	}
	c := packets.(*net.UDPConn)
	s.udp.keep(c)
	c.SetReadBuffer(udpBuffer)
	tellECN(c)
	return &udpSocket{UDPConn: c, name: name, rec: s.rec}, nil
}

// address is where the socket is bound.
func (u *udpSocket) address() netip.AddrPort {
	a := u.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// next gives the next datagram that comes.
func (u *udpSocket) next(w wait) (datagram, error) {
	b, oob := make([]byte, longestDatagram), make([]byte, 128)
	for {
		u.SetReadDeadline(w.end())
		n, m, _, from, err := u.ReadMsgUDPAddrPort(b, oob)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && !w.over():
			continue // the end has moved in the meantime
		case errors.Is(err, os.ErrDeadlineExceeded):
			return datagram{}, errLimit
		case err != nil:
			return datagram{}, err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		u.rec.bytes("<", u.name+" "+from.String(), b[:n])
		return datagram{b[:n:n], from, ecnOf(oob[:m])}, nil
	}
}

// there gives the datagrams that are there already, all of them, without their sources.
func (u *udpSocket) there() (all []datagram) {
	u.SetReadDeadline(time.Time{})
	raw, err := u.SyscallConn()
	if err != nil {
		return nil
	}
	for b := make([]byte, longestDatagram); ; {
		n := -1
		raw.Read(func(fd uintptr) bool {
			n, _, err = unix.Recvfrom(int(fd), b, unix.MSG_DONTWAIT)
			return true // whatever came: it is not waited for
		})
		if err != nil || n < 0 {
			return all
		}
		u.rec.bytes("<", u.name, b[:n])
		all = append(all, datagram{b: bytes.Clone(b[:n])})
	}
}

// send sends b to an address, with these ECN bits. What the network loses, or the system refuses, shows where it does not come.
func (u *udpSocket) send(b []byte, to netip.AddrPort, ecn int) {
	if ecn != u.ecn {
		u.ecn = ecn
		setECN(u.UDPConn, ecn)
	}
	u.last = b
	u.rec.bytes(">", u.name+" "+to.String(), b)
	if _, err := u.WriteToUDPAddrPort(b, to); err != nil {
		u.rec.note("%s. sending: %v", u.name, err)
	}
}

// p makes a datagram of mosh's form, n bytes with that first byte and nonce, whose rest nobody has seen before.
func p(first byte, nonce uint64, n int) []byte {
	b := make([]byte, max(n, 8))
	rand.Read(b)
	binary.BigEndian.PutUint64(b, nonce)
	b[0] = first
	return b[:n]
}

// udpMoment is how long to wait before a thing is tried again that may only come true later.
const udpMoment = 5 * time.Millisecond
