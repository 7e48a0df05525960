package tcp

import (
	"net"
	"testing"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// TestReceived: the kernel tells when the other end has read what was sent.
func TestReceived(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("there is no IPv6 here: %s: %v", address, err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peer, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		conn := &Conn{TCPConn: c.(*net.TCPConn), Rec: engine.NewRecord()}
		if !proc.CanSeeProcesses {
			if _, known := proc.Received(conn); known {
				t.Error("there is no table here to tell")
			}
			continue
		}
		if yes, known := proc.Received(conn); !yes || !known {
			t.Errorf("%s: nothing was sent: %v, %v", address, yes, known)
		}
		conn.Send([]byte("word"), proc.Window(t.Context(), time.Second))
		if yes, known := proc.Received(conn); yes || !known {
			t.Errorf("%s: nothing was read: %v, %v", address, yes, known)
		}
		if _, err := peer.Read(make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		if yes, known := proc.Received(conn); !yes || !known {
			t.Errorf("%s: all was read: %v, %v", address, yes, known)
		}
	}
}
