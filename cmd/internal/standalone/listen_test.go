package standalone

import (
	"net"
	"net/netip"
	"testing"
)

// A name's addresses are listened on with one port; one that this machine does not have is left out.
func TestListenOnAllAddresses(t *testing.T) {
	ips := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}
	want := 2
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		ips, want = append(ips, netip.IPv6Loopback()), 3
	}
	listeners, err := listenAll(ips, "0")
	if err != nil {
		t.Skip("not all of 127.0.0.0/8 is here: ", err)
	}
	defer closeAll(listeners)
	ports := make(map[int]bool)
	for _, l := range listeners {
		ports[l.Addr().(*net.TCPAddr).Port] = true
	}
	if len(listeners) != want || len(ports) != 1 {
		t.Errorf("it listens on %d addresses and the ports %v", len(listeners), ports)
	}
	if _, err := listenAll(ips[:1], "0"); err == nil {
		t.Error("it listens on an address that is not here")
	}
}

func TestListenOnName(t *testing.T) {
	listeners, err := listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	closeAll(listeners)
	if _, err := listen("localhost:-1"); err == nil {
		t.Error("a port that is none is listened on")
	}
}
