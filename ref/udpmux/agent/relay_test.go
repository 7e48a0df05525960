package agent

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// A relayTest has a relay, the server behind it, and clients.
type relayTest struct {
	*testing.T
	relay  *relay
	local  *net.UDPConn
	server *net.UDPConn
}

var testT = udpmux.TokenOf(testS)

func newRelayTest(t *testing.T, idle time.Duration) *relayTest {
	t.Helper()
	r := &relayTest{T: t, local: listenUDP(t), server: listenUDP(t)}
	r.relay = newRelay(r.local, addrPort(r.server), testT)
	r.relay.idle = idle
	done := make(chan struct{})
	go func() {
		r.relay.serve()
		close(done)
	}()
	t.Cleanup(func() {
		r.local.Close()
		<-done
	})
	return r
}

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func addrPort(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// P makes a client's datagram, or with direction 0x80 a server's.
func testP(direction byte, n int, fill byte) []byte {
	P := bytes.Repeat([]byte{fill}, n)
	P[0] = direction
	return P
}

func (r *relayTest) send(from *net.UDPConn, D []byte) {
	r.Helper()
	if _, err := from.WriteToUDPAddrPort(D, addrPort(r.local)); err != nil {
		r.Fatal(err)
	}
}

// arrives reads a datagram, which must be want, and returns where it came from.
func (r *relayTest) arrives(at *net.UDPConn, want []byte) netip.AddrPort {
	r.Helper()
	b := make([]byte, 4096)
	at.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, from, err := at.ReadFromUDPAddrPort(b)
	if err != nil || !bytes.Equal(b[:n], want) {
		r.Fatalf("got %x (%v), want %x", b[:n], err, want)
	}
	return from
}

func (r *relayTest) outlets() int {
	r.relay.mu.Lock()
	defer r.relay.mu.Unlock()
	return len(r.relay.outlets)
}

func withToken(P []byte) []byte { return append(append([]byte{1}, testT[:]...), P...) }

func TestRelay(t *testing.T) {
	r := newRelayTest(t, outletIdle)
	clients := []*net.UDPConn{listenUDP(t), listenUDP(t), listenUDP(t)}
	outlets := make(map[netip.AddrPort]bool)
	for i, client := range clients {
		for _, n := range []int{24, 25, 1216, 2048} {
			P := testP(0, n, byte(i))
			r.send(client, P)
			from := r.arrives(r.server, withToken(P))
			outlets[from] = true
			answer := testP(0x80, n, byte(i+100))
			r.server.WriteToUDPAddrPort(answer, from)
			r.arrives(client, answer)
		}
	}
	if len(outlets) != len(clients) {
		t.Errorf("%d outgoing ports for %d local ones", len(outlets), len(clients))
	}
}

// What is not of mosh's form does not pass, nor what comes from another port or address than the server's: the next
// good datagram is the first to arrive.
func TestRelayFilters(t *testing.T) {
	r := newRelayTest(t, outletIdle)
	client, stranger := listenUDP(t), listenUDP(t)
	for _, D := range [][]byte{{}, testP(0, 23, 1), testP(0, 2049, 1), testP(0x80, 30, 1), testP(4, 30, 1),
		withToken(testP(0, 30, 1))} {
		r.send(client, D)
		r.send(stranger, D)
	}
	P := testP(0, 30, 1)
	r.send(client, P)
	outlet := r.arrives(r.server, withToken(P))
	if n := r.outlets(); n != 1 {
		t.Errorf("%d outgoing ports for one client", n)
	}
	listenUDP(t).WriteToUDPAddrPort(testP(0x80, 30, 2), outlet)
	if runtime.GOOS == "linux" { // which has all of 127.0.0.0/8
		other, err := net.ListenUDP("udp4",
			&net.UDPAddr{IP: net.IPv4(127, 0, 0, 2), Port: int(addrPort(r.server).Port())})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		other.WriteToUDPAddrPort(testP(0x80, 30, 4), outlet)
	}
	for _, P := range [][]byte{{}, testP(0x80, 23, 1), testP(0x80, 2049, 1), testP(0, 30, 1)} {
		r.server.WriteToUDPAddrPort(P, outlet)
	}
	answer := testP(0x80, 30, 3)
	r.server.WriteToUDPAddrPort(answer, outlet)
	r.arrives(client, answer)
}

// Of 16 outgoing ports the longest idle of those never answered gives way; then the longest idle of all.
func TestRelayLimit(t *testing.T) {
	r := newRelayTest(t, outletIdle)
	P, answer := testP(0, 24, 0), testP(0x80, 24, 0)
	var clients []*net.UDPConn
	outlets := make(map[*net.UDPConn]netip.AddrPort)
	open := func(answered bool) {
		client := listenUDP(t)
		clients = append(clients, client)
		r.send(client, P)
		outlets[client] = r.arrives(r.server, withToken(P))
		if answered {
			r.server.WriteToUDPAddrPort(answer, outlets[client])
			r.arrives(client, answer)
		}
	}
	same := func(i int, want bool) {
		t.Helper()
		r.send(clients[i], P)
		if from := r.arrives(r.server, withToken(P)); (from == outlets[clients[i]]) != want {
			t.Errorf("client %d kept its outgoing port: %v, want %v", i, !want, want)
		}
	}
	for i := range 16 {
		open(i != 5 && i != 9)
	}
	open(true)    // takes that of 5
	same(9, true) // the latest of all now
	open(true)    // takes it all the same
	same(0, true)
	open(true) // takes that of 1
	same(0, true)
	same(2, true)
	same(1, false)
	if n := r.outlets(); n != 16 {
		t.Errorf("%d outgoing ports", n)
	}
}

func TestRelayIdle(t *testing.T) {
	r := newRelayTest(t, 300*time.Millisecond)
	client := listenUDP(t)
	P, answer := testP(0, 24, 0), testP(0x80, 24, 0)
	r.send(client, P)
	first := r.arrives(r.server, withToken(P))
	for range 10 { // answers keep it, too
		time.Sleep(50 * time.Millisecond)
		r.server.WriteToUDPAddrPort(answer, first)
		r.arrives(client, answer)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if r.outlets() == 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the outgoing port is still there")
		}
	}
	r.send(client, P)
	if again := r.arrives(r.server, withToken(P)); again == first {
		t.Log("the system gave the same port again")
	}
}

// While the server's port is closed nothing breaks: the outgoing port is the same when the server is back.
func TestRelayOutlivesServer(t *testing.T) {
	r := newRelayTest(t, outletIdle)
	client := listenUDP(t)
	P, answer := testP(0, 24, 0), testP(0x80, 24, 0)
	r.send(client, P)
	outlet := r.arrives(r.server, withToken(P))
	address := addrPort(r.server)
	r.server.Close()
	for range 5 {
		r.send(client, P)
		time.Sleep(10 * time.Millisecond)
	}
	again, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	r.send(client, P)
	if from := r.arrives(again, withToken(P)); from != outlet {
		t.Errorf("comes from %v, not %v", from, outlet)
	}
	again.WriteToUDPAddrPort(answer, outlet)
	r.arrives(client, answer)
}
