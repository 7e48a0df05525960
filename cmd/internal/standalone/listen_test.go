package standalone

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A name's addresses are listened on with one port; one that this machine does not have is left out.
func TestListenOnAllAddresses(t *testing.T) {
	ips := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("127.0.0.1"),
		netip.MustParseAddr("127.0.0.2")}
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
	listeners, err := Listeners([]string{"localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	closeAll(listeners)
	if _, err := Listeners([]string{"localhost:-1"}); err == nil {
		t.Error("a port that is none is listened on")
	}
}

// A zone is an interface's name.
func TestListenInZone(t *testing.T) {
	for _, address := range []string{"[::1%nosuch]:0", "[fe80::1%nosuch]:0"} {
		if listeners, err := Listeners([]string{address}); err == nil {
			closeAll(listeners)
			t.Errorf("%s is listened on", address)
		}
	}
}

// A server that was killed may have the port for a moment.
func TestListenWherePortIsTaken(t *testing.T) {
	before, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(takenTime/10, func() { before.Close() })
	listeners, err := Listeners([]string{before.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(listeners)
	begin := time.Now()
	if _, err := Listeners([]string{before.Addr().String()}); !errors.Is(err, unix.EADDRINUSE) ||
		time.Since(begin) < takenTime {
		t.Errorf("a port that stays taken: %v after %v", err, time.Since(begin))
	}
}
