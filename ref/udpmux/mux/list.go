package mux

import (
	"cmp"
	"slices"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A tally is what a session's LISTED tells besides its registration.
type tally struct {
	since, used    time.Duration // when it was registered, and when a client that it has answered was last heard
	toBackend, out uint64        // bytes of P
}

// count counts a P from f's client. Who was never answered may be anybody, and does not keep a session in use.
func (t *tally) count(now time.Duration, f *flow, P []byte) {
	t.toBackend += uint64(len(P))
	if f.answered != never {
		t.used = now
	}
}

// Ports are the ports of uid's sessions, or of all, in the order of their ids.
func (m *Mux) Ports(uid uint32, all bool) (ports []uint16) {
	for port, s := range m.byPort {
		if all || s.UID == uid {
			ports = append(ports, port)
		}
	}
	slices.SortFunc(ports, func(a, b uint16) int { return cmp.Compare(m.byPort[a].id, m.byPort[b].id) })
	return ports
}

// List describes the session with that port, if uid's or any, and its clients that were heard last, [udpmux.MaxListed]
// at most, the last one first. A client's source has no port: that is the daemon's socket's.
func (m *Mux) List(now time.Duration, port uint16, uid uint32, all bool) (_ udpmux.Session, _ []udpmux.Peer, ok bool) {
	m.expire(now)
	s := m.byPort[port]
	if s == nil || s.UID != uid && !all {
		return udpmux.Session{}, nil, false
	}
	var last []*flow // bounded, since a session may have millions
	for _, f := range s.flows {
		at, _ := slices.BinarySearchFunc(last, f, func(a, b *flow) int { return cmp.Compare(b.heard, a.heard) })
		if at < udpmux.MaxListed {
			last = slices.Insert(last, at, f)[:min(len(last)+1, udpmux.MaxListed)]
		}
	}
	var peers []udpmux.Peer
	for _, f := range last {
		source := [4]byte{127, 64 + byte(f.source>>16), byte(f.source >> 8), byte(f.source)}
		peers = append(peers, udpmux.Peer{Address: f.key.client.Remote, Port: f.key.client.RemotePort, Source: source})
	}
	return udpmux.Session{ID: s.id, UID: s.UID, Modes: s.Modes, Port: s.Port, Inode: s.Inode,
		Age: seconds(now - s.since), Idle: seconds(now - s.used), ToBackend: s.toBackend, ToClients: s.out,
		Clients: uint32(len(s.flows))}, peers, true
}

func seconds(d time.Duration) uint32 { return uint32(min(d/time.Second, 1<<32-1)) }
