package udpmux

import "encoding/binary"

// Session is what LISTED tells of a session. (Section 2.7.)
type Session struct {
	ID        uint32
	UID       uint32
	Modes     Mode
	Port      uint16 // the backend's
	Inode     uint64 // of the backend's socket
	Age       uint32 // seconds since it was registered
	Idle      uint32 // seconds since a client that it has answered was heard
	ToBackend uint64 // bytes of P
	ToClients uint64 // bytes of P
	Clients   uint32 // listed or not
}

// Client is what LISTED tells of a client, of the session listed before it. (Section 2.7.)
type Client struct {
	Address    [16]byte // an IPv4 address as ::ffff:a.b.c.d
	Port       uint16
	Source     [4]byte // its loopback source
	SourcePort uint16
}

// The lengths L of the three forms of LISTED. (Section 2.7.)
const (
	endL     = 1
	clientL  = 25
	sessionL = 48
)

// isEntry says whether LISTED can have that L.
func isEntry(l int) bool { return l == endL || l == clientL || l == sessionL }

// readEntry reads LISTED's body; its length tells the form.
func readEntry(body []byte) any {
	take := func(n int) (field uint64) {
		for _, b := range body[:n] {
			field = field<<8 | uint64(b)
		}
		body = body[n:]
		return field
	}
	switch 1 + len(body) {
	case sessionL:
		var s Session
		s.ID, s.UID, s.Modes = uint32(take(4)), uint32(take(4)), Mode(take(1))
		s.Port, s.Inode = uint16(take(2)), take(8)
		s.Age, s.Idle = uint32(take(4)), uint32(take(4))
		s.ToBackend, s.ToClients, s.Clients = take(8), take(8), uint32(take(4))
		return s
	case clientL:
		c := Client{Address: [16]byte(body[0:16]), Source: [4]byte(body[18:22])}
		c.Port, c.SourcePort = binary.BigEndian.Uint16(body[16:18]), binary.BigEndian.Uint16(body[22:24])
		return c
	}
	return nil
}

// writeEntry is the other direction.
func writeEntry(entry any) (body []byte) {
	switch e := entry.(type) {
	case Session:
		body = binary.BigEndian.AppendUint32(body, e.ID)
		body = binary.BigEndian.AppendUint32(body, e.UID)
		body = append(body, e.Modes)
		body = binary.BigEndian.AppendUint16(body, e.Port)
		body = binary.BigEndian.AppendUint64(body, e.Inode)
		body = binary.BigEndian.AppendUint32(body, e.Age)
		body = binary.BigEndian.AppendUint32(body, e.Idle)
		body = binary.BigEndian.AppendUint64(body, e.ToBackend)
		body = binary.BigEndian.AppendUint64(body, e.ToClients)
		body = binary.BigEndian.AppendUint32(body, e.Clients)
	case Client:
		body = append(body, e.Address[:]...)
		body = binary.BigEndian.AppendUint16(body, e.Port)
		body = append(body, e.Source[:]...)
		body = binary.BigEndian.AppendUint16(body, e.SourcePort)
	}
	return body
}
