package hmacsocket_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// A nameServer says that every name has one IPv4 address, which may change.
type nameServer struct{ address atomic.Value }

// serve answers questions.
func (s *nameServer) serve(c net.PacketConn) {
	for b := make([]byte, 512); ; {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		// The header; the name, whose last label is empty; type and class.
		end := 12 + bytes.IndexByte(b[12:n], 0) + 1 + 4
		ip := s.address.Load().(netip.Addr).As4()
		answer := append([]byte{b[0], b[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, b[12:end]...)
		if kind := binary.BigEndian.Uint16(b[end-4:]); kind == 1 {
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0xff, 0xff, 0, 4) // and may be kept for 18 hours
			answer = append(answer, ip[:]...)
		}
		c.WriteTo(answer, from)
	}
}

// A name is looked up for each connection.
func TestNameIsLookedUpEachTime(t *testing.T) {
	progtest.OnlyLinux(t, "mount namespaces")
	if os.Getuid() != 0 {
		t.Skip("only root can have a name server of its own")
	}
	t.Parallel()
	host := fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(64), rand.IntN(256), 1+rand.IntN(254))
	c, err := net.ListenPacket("udp", host+":53")
	progtest.Must(t, err)
	defer c.Close()
	var names nameServer
	go names.serve(c)
	names.address.Store(netip.MustParseAddr("127.0.0.9"))

	service := progtest.EchoServer(t, "tcp", "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(service.Addr().String())
	file := filepath.Join(t.TempDir(), "resolv.conf")
	progtest.Must(t, os.WriteFile(file, []byte("nameserver "+host+"\n"), 0o644))
	s := progtest.ServeCommand(t, exec.Command("unshare", "--mount", "sh", "-c",
		`mount --bind "$0" /etc/resolv.conf && exec "$@"`, file, "hmacsocketserver", "-k", keyFile(t, "secret"),
		"-l127.0.0.1:0", "-c", "moving.invalid:"+port))
	client := startHMACSocket(t, "hmacsocketclient", "-k", keyFile(t, "secret"), "-c", s.Addresses[0])
	progtest.Must(t, progtest.TurnsAway(client.Addresses[0]))
	s.Logs(t, "dial tcp 127.0.0.9:"+port)
	names.address.Store(netip.MustParseAddr("127.0.0.1"))
	echoes(t, client)
}
