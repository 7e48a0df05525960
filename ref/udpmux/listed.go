package udpmux

import "encoding/binary"

// MaxListed is how many clients of a session are listed at most (section 2.7).
const MaxListed = 64

// The lengths L of a LISTED with a session and with a client.
const (
	sessionL = 48
	peerL    = 25
)

// A Listing is what a LISTED is. Its length tells.
type Listing byte

// From section 2.7.
const (
	ListEnd     Listing = iota // the listing is over
	ListSession                // a session
	ListPeer                   // a client of the session before
)

// A Session is what the daemon tells of a session.
type Session struct {
	ID, UID              uint32
	Modes                Mode
	Port                 uint16 // the backend's
	Inode                uint64 // of the backend's socket
	Age, Idle            uint32 // seconds since it was registered, and since a client that it has answered was heard
	ToBackend, ToClients uint64 // bytes of P
	Clients              uint32 // how many it has, listed or not
}

// A Peer is a client of a session.
type Peer struct {
	Address    [16]byte // an IPv4 address is mapped
	Port       uint16
	Source     [4]byte // its loopback source
	SourcePort uint16
}

// appendListed appends a LISTED's body.
//
//	id u32 | uid u32 | modes u8 | port u16 | inode u64 | age u32 | idle u32 | bytes u64 | bytes u64 | clients u32
//	address, 16 bytes | port u16 | source, 4 bytes | port u16
func (f *Frame) appendListed(b []byte) []byte {
	u16, u32, u64 := binary.BigEndian.AppendUint16, binary.BigEndian.AppendUint32, binary.BigEndian.AppendUint64
	switch f.Listing {
	case ListSession:
		s := &f.Session
		b = u64(u16(append(u32(u32(b, s.ID), s.UID), byte(s.Modes)), s.Port), s.Inode)
		return u32(u64(u64(u32(u32(b, s.Age), s.Idle), s.ToBackend), s.ToClients), s.Clients)
	case ListPeer:
		b = u16(append(b, f.Peer.Address[:]...), f.Peer.Port)
		return u16(append(b, f.Peer.Source[:]...), f.Peer.SourcePort)
	}
	return b
}

func (f *Frame) parseListed(b []byte) {
	u16, u32, u64 := binary.BigEndian.Uint16, binary.BigEndian.Uint32, binary.BigEndian.Uint64
	switch 1 + len(b) {
	case sessionL:
		f.Listing = ListSession
		f.Session = Session{u32(b), u32(b[4:]), Mode(b[8]), u16(b[9:]), u64(b[11:]),
			u32(b[19:]), u32(b[23:]), u64(b[27:]), u64(b[35:]), u32(b[43:])}
	case peerL:
		f.Listing = ListPeer
		f.Peer = Peer{[16]byte(b[:16]), u16(b[16:]), [4]byte(b[18:22]), u16(b[22:])}
	}
}
