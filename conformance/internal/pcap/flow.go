package pcap

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

// A flowKey names a connection by its two ends.
type flowKey struct{ suite, target netip.AddrPort }

// A flow is a connection over TCP. Of each end there is the number of its next byte, and whether it has sent FIN or
// RST.
type flow struct {
	key                     flowKey
	suite, target           uint32
	suiteEnded, targetEnded bool
}

// Who sends a packet.
type side bool

const (
	suiteSide  side = true
	targetSide side = false
)

// Flags of TCP.
const fin, syn, rst, psh, ack = 1, 2, 4, 8, 16

// mostSegment is how many bytes a segment has at most; on the loopback interface it is about the same.
const mostSegment = 65483 - 20

// Opened begins a connection with its handshake, which one side has begun.
func (p *Play) Opened(suite, target netip.AddrPort, byTarget bool) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open(flowKey{plain(suite), plain(target)}, time.Now(), side(!byTarget))
}

func (p *Play) open(k flowKey, at time.Time, first side) *flow {
	f := &flow{key: k}
	p.flows[k] = f
	p.segment(f, at, first, syn, nil)
	p.segment(f, at, !first, syn|ack, nil)
	p.segment(f, at, first, ack, nil)
	return f
}

// Sent adds bytes that the suite began to send over a connection at that time.
func (p *Play) Sent(suite, target netip.AddrPort, at time.Time, b []byte) {
	p.stream(suite, target, at, suiteSide, b)
}

// Received adds bytes that the suite has just received.
func (p *Play) Received(suite, target netip.AddrPort, b []byte) {
	p.stream(suite, target, time.Now(), targetSide, b)
}

func (p *Play) stream(suite, target netip.AddrPort, at time.Time, from side, b []byte) {
	if p == nil || len(b) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.flow(suite, target, at)
	for part := range slices.Chunk(slices.Clone(b), mostSegment) {
		p.segment(f, at, from, psh|ack, part)
	}
}

// flow gives the connection, which the suite has opened if nobody has said otherwise.
func (p *Play) flow(suite, target netip.AddrPort, at time.Time) *flow {
	k := flowKey{plain(suite), plain(target)}
	if f := p.flows[k]; f != nil {
		return f
	}
	return p.open(k, at, suiteSide)
}

// Ended says that one side has ended its direction, or reset the connection.
func (p *Play) Ended(suite, target netip.AddrPort, byTarget, reset bool) {
	if p == nil {
		return
	}
	at, from := time.Now(), side(!byTarget)
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.flow(suite, target, at)
	ended, other := &f.suiteEnded, &f.targetEnded
	if byTarget {
		ended, other = other, ended
	}
	switch {
	case *ended:
	case reset:
		p.segment(f, at, from, rst|ack, nil)
		*ended, *other = true, true
	default:
		p.segment(f, at, from, fin|ack, nil)
		*ended = true
	}
}

// segment adds a segment of TCP.
func (p *Play) segment(f *flow, at time.Time, from side, flags byte, b []byte) {
	p.add(at, len(b), func() []byte { return f.frame(from, flags, b) })
}

// frame gives the next segment of a side, and counts its bytes.
func (f *flow) frame(from side, flags byte, b []byte) []byte {
	src, dst, seq, acked := f.key.suite, f.key.target, &f.suite, f.target
	if from == targetSide {
		src, dst, seq, acked = dst, src, &f.target, f.suite
	}
	if flags&ack == 0 {
		acked = 0
	}
	h := make([]byte, 20, 20+len(b))
	binary.BigEndian.PutUint16(h[0:], src.Port())
	binary.BigEndian.PutUint16(h[2:], dst.Port())
	binary.BigEndian.PutUint32(h[4:], *seq)
	binary.BigEndian.PutUint32(h[8:], acked)
	h[12], h[13] = 5<<4, flags
	binary.BigEndian.PutUint16(h[14:], 65535) // the window
	if *seq += uint32(len(b)); flags&(syn|fin) != 0 {
		*seq++
	}
	return frame(src.Addr(), dst.Addr(), protocolTCP, 16, append(h, b...))
}

// Datagram adds a datagram that the suite sends, or has received. An end without an address has the loopback's.
func (p *Play) Datagram(from, to netip.AddrPort, b []byte) {
	if p == nil {
		return
	}
	from, to = plain(from), plain(to)
	from, to = resolved(from, to), resolved(to, from)
	if from.Addr().Is4() != to.Addr().Is4() || len(b) > mostDatagram {
		return // no network has such a packet
	}
	h := make([]byte, 8, 8+len(b))
	binary.BigEndian.PutUint16(h[0:], from.Port())
	binary.BigEndian.PutUint16(h[2:], to.Port())
	binary.BigEndian.PutUint16(h[4:], uint16(8+len(b)))
	h = append(h, b...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(time.Now(), len(b), func() []byte { return frame(from.Addr(), to.Addr(), protocolUDP, 6, h) })
}

// mostDatagram is what UDP carries over IPv4.
const mostDatagram = 65507

// plain gives an address without what only the system knows: the form of an IPv4 address, and the zone.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// resolved gives the loopback's address, of the other end's family, where a socket is bound to none.
func resolved(a, other netip.AddrPort) netip.AddrPort {
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		return a
	}
	if other.Addr().Is4() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), a.Port())
}
