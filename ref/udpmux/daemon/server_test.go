//go:build linux

package daemon

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/internal/sockdiag"
)

func TestModes(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Learn|udpmux.Token|udpmux.Port)
	flows := make(map[netip.AddrPort]bool)
	for _, h := range []udpmux.Header{{Mode: udpmux.Learn}, tokenHeader(1), {Mode: udpmux.Port, Port: b.port()}} {
		for nonce := range uint64(3) {
			flow := exchange(c, b, d.address, h, nonce)
			flows[flow] = true
			if ip := flow.Addr().As4(); ip[0] != 127 || ip[1]&0xc0 != 64 {
				t.Errorf("a flow at %v", flow)
			}
		}
	}
	if len(flows) != 3 {
		t.Errorf("flows at %v", flows)
	}
	for _, want := range []string{"session=1", "uid=" + fmt.Sprint(os.Geteuid()), "client=" + c.LocalAddr().String()} {
		if !strings.Contains(d.log.String(), want) {
			t.Errorf("the log has no %s", want)
		}
	}
}

// All lengths pass, both ways, byte for byte; longer and shorter ones do not.
func TestLengths(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	T := udpmux.TokenOf(key(1))
	for n := udpmux.MinP; n <= udpmux.MaxP; n += 11 { // which hits both
		P := moshP(uint64(n), n)
		for i := 8; i < n; i++ {
			P[i] = byte(i * n)
		}
		c.send(d.address, append(append([]byte{1}, T[:]...), P...))
		flow := b.gets(P)
		P[0] = 0x80 | byte(n)
		b.send(flow, P)
		c.gets(P)
	}
	for _, P := range [][]byte{moshP(0, 23), moshP(0, 2049), moshP(toClient, 24)} {
		c.send(d.address, append(append([]byte{1}, T[:]...), P...))
	}
	b.nothing()
	c.nothing()
	flow := exchange(c, b, d.address, tokenHeader(1), 5)
	for _, P := range [][]byte{moshP(toClient, 23), moshP(toClient, 2049), moshP(0, 24)} {
		b.send(flow, P)
	}
	c.nothing()
}

// Many datagrams at once stay many, in their order, with no byte changed.
func TestBurst(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	const n = 200
	var flow netip.AddrPort
	for i := range uint64(n) {
		D, _ := udpmux.AppendClient(nil, tokenHeader(1), moshP(i, 24+int(i)))
		c.send(d.address, D)
	}
	for i := range uint64(n) {
		flow = b.gets(moshP(i, 24+int(i)))
	}
	for i := range uint64(n) {
		b.send(flow, moshP(toClient|i, 24+int(i)))
	}
	for i := range uint64(n) {
		c.gets(moshP(toClient|i, 24+int(i)))
	}
}

// Two clients of a session: each gets what was sent to it, whichever sent last. A replay from elsewhere takes nothing
// away.
func TestTwoClientsAndReplay(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c1, c2 := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	f1 := exchange(c1, b, d.address, tokenHeader(1), 1)
	f2 := exchange(c2, b, d.address, tokenHeader(1), 1)
	if f1 == f2 {
		t.Error("both have one flow")
	}
	answer := moshP(toClient|9, 100)
	b.send(f1, answer)
	c1.gets(answer)
	c2.nothing()
}

// A client moves: each new place is served at once.
func TestRoaming(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil, "0.0.0.0:0")
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token|udpmux.Learn)
	to := netip.AddrPortFrom(sockdiag.Loopback, d.address.Port())
	for i := range uint64(20) {
		exchange(newParty(t, fmt.Sprintf("127.0.0.%d:0", i%5+1)), b, to, tokenHeader(1), i)
		exchange(newParty(t, fmt.Sprintf("127.0.0.%d:0", i%5+1)), b, to, udpmux.Header{Mode: udpmux.Learn}, i)
	}
}

// Answers leave from the address that the client's datagram came to.
func TestLocalAddress(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil, "0.0.0.0:0")
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	for _, ip := range []string{"127.0.0.1", "127.0.0.2", "127.9.9.9"} {
		exchange(c, b, netip.AddrPortFrom(netip.MustParseAddr(ip), d.address.Port()), tokenHeader(1), 1)
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	if l, err := net.ListenPacket("udp", "[::1]:0"); err != nil {
		t.Skip("there is no IPv6 here: ", err)
	} else {
		l.Close()
	}
	d := startDaemon(t, nil, "0.0.0.0:0", "[::]:0")
	b, c6, c4 := newParty(t, "127.0.0.1:0"), newParty(t, "[::1]:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token|udpmux.Learn)
	port := d.address.Port()
	for nonce := range uint64(3) {
		exchange(c6, b, netip.AddrPortFrom(netip.IPv6Loopback(), port), tokenHeader(1), nonce)
		exchange(c6, b, netip.AddrPortFrom(netip.IPv6Loopback(), port), udpmux.Header{Mode: udpmux.Learn}, nonce)
		exchange(c4, b, netip.AddrPortFrom(sockdiag.Loopback, port), tokenHeader(1), nonce)
	}
}

// What others send to a flow's source does not reach the client.
func TestForgedBackend(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	newParty(t, "127.0.0.1:0").send(flow, moshP(toClient, 60))
	newParty(t, fmt.Sprintf("127.0.0.2:%d", b.port())).send(flow, moshP(toClient, 60))
	c.nothing()
	exchange(c, b, d.address, tokenHeader(1), 2)
}

// Learn: an unknown client is shown to all, whoever answers gets the client.
func TestLearn(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.ProbeTime = 300 * time.Millisecond })
	b1, b2, b3, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"),
		newParty(t, "127.0.0.1:0")
	d.register(b1, 1, udpmux.Learn)
	d.register(b2, 2, udpmux.Learn)
	d.register(b3, 3, udpmux.Token)
	P := moshP(0, 60)
	c.send(d.address, P)
	flow := b1.gets(P)
	b2.gets(P)
	b1.send(flow, moshP(toClient, 60))
	c.gets(moshP(toClient, 60))
	time.Sleep(300 * time.Millisecond)
	exchange(c, b1, d.address, udpmux.Header{Mode: udpmux.Learn}, 100)
	b2.nothing()
	P = moshP(1, 60) // the nonce falls: perhaps another sender
	c.send(d.address, P)
	b1.gets(P)
	flow = b2.gets(P)
	b2.send(flow, moshP(toClient, 70))
	c.gets(moshP(toClient, 70))
	b3.nothing()
}

// Closed ports on either side, and a backend that does not read, disturb nobody.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = time.Hour })
	b, deaf, gone := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	d.register(deaf, 2, udpmux.Token)
	d.register(gone, 3, udpmux.Token)
	gone.Close()
	c, lost := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	toLost := exchange(lost, b, d.address, tokenHeader(1), 1)
	lost.Close()
	for i := range uint64(2000) {
		b.send(toLost, moshP(toClient, 60))
		for n := 2; n <= 3; n++ {
			D, _ := udpmux.AppendClient(nil, tokenHeader(n), moshP(i, 1000))
			c.send(d.address, D)
		}
		if i%100 == 0 {
			exchange(c, b, d.address, tokenHeader(1), i)
		}
	}
}

// Nobody can bind the external port, whatever options they set.
func TestExclusivePort(t *testing.T) {
	t.Parallel()
	inherited, err := (&net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		})
	}}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	f, err := inherited.(*net.UDPConn).File()
	must(t, err)
	inherited.Close()
	socket, err := InheritUDP(f, 1<<20)
	must(t, err)
	defer socket.Close()
	d := startDaemon(t, nil)
	for _, address := range []netip.AddrPort{d.address, socket.Addr()} {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		defer unix.Close(fd)
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		to := &unix.SockaddrInet4{Port: int(address.Port()), Addr: [4]byte{127, 0, 0, 1}}
		if err := unix.Bind(fd, to); err != unix.EADDRINUSE {
			t.Errorf("%v: %v", address, err)
		}
		if _, err := ListenUDP(address, 1<<20); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("a second daemon at %v: %v", address, err)
		}
	}
}

// In the end no goroutine and no descriptor is left; meanwhile none is left of agents and sessions that have gone.
func TestNoLeaks(t *testing.T) {
	count := func() (goroutines, descriptors int) {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return runtime.NumGoroutine(), len(entries)
	}
	settle := func(what string, goroutines, descriptors int) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			g, f := count()
			if g <= goroutines && f <= descriptors {
				return
			} else if time.Now().After(end) {
				buffer := make([]byte, 1<<16)
				t.Fatalf("%s: %d goroutines, before %d; %d descriptors, before %d\n%s",
					what, g, goroutines, f, descriptors, buffer[:runtime.Stack(buffer, true)])
			}
		}
	}
	warm := newParty(t, "127.0.0.1:0") // the poller's descriptors
	warm.Close()
	g0, f0 := count()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = 50 * time.Millisecond; c.HelloTimeout = 2 * time.Second })
	d.connect().Close()
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 100, udpmux.Token).Close() // now everything has started
	b.Close()
	time.Sleep(window)
	g1, f1 := count()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	m1 := heap()
	var late []*agentEnd // which are silent until their time is up
	for n := range 100 {
		b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
		a := d.register(b, n, udpmux.Token|udpmux.Learn)
		exchange(c, b, d.address, tokenHeader(n), 1)
		bad := d.connect()
		bad.Write([]byte{0, 0})
		silent := d.connect()
		if n%20 == 0 {
			late = append(late, silent)
		} else {
			silent.Close()
		}
		for _, x := range []io.Closer{a, b, c, bad} {
			x.Close()
		}
	}
	for _, silent := range late {
		silent.ended()
		silent.Close()
	}
	settle("while it runs", g1, f1)
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if sessions, flows := d.server.Counts(); sessions+flows == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("%d sessions and %d flows are left", sessions, flows)
		}
	}
	if m := heap(); m > m1+1<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", m1, m)
	}
	d.stop()
	settle("at the end", g0, f0)
}

// What the kernel drops because a receive buffer is full is counted once the next datagram has come.
func TestOverrun(t *testing.T) {
	t.Parallel()
	s, err := ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), 4096)
	must(t, err)
	defer s.Close()
	c := newParty(t, "127.0.0.1:0")
	for range 1000 {
		c.send(s.Addr(), moshP(1, 1000))
	}
	for s.receive() > 0 {
	}
	c.send(s.Addr(), moshP(1, 1000))
	if n := s.receive(); n != 1 {
		t.Fatalf("received %d datagrams", n)
	}
	if s.datagram(0); s.overrun == 0 || s.overrun > 1000 {
		t.Errorf("%d datagrams were dropped", s.overrun)
	}
}
