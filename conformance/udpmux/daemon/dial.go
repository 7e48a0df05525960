package daemon

import (
	"net"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

// dialAgent connects to the daemon's Unix socket.
func dialAgent(s *engine.Session, name string) (*sockets.Conn, error) {
	return dialAt(s, name, daemonIn(s.In).socket)
}

// dialAt connects to the daemon's Unix socket by one of its paths.
func dialAt(s *engine.Session, name, path string) (*sockets.Conn, error) {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		s.Rec.Note("%s. connecting to the Unix socket: %v", name, err)
		return nil, err
	}
	s.Keep(c)
	return &sockets.Conn{UnixConn: c, Name: name, Rec: s.Rec, Bytes: of(s).bytes}, nil
}
