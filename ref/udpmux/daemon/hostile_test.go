//go:build linux

package daemon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/mux"
)

// inNamespace runs the test again in a network namespace of its own, which has only lo and no other senders; there it
// returns true.
func inNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv("UDPMUX_TEST_NAMESPACE") == t.Name() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		defer unix.Close(fd)
		lo, err := unix.NewIfreq("lo")
		must(t, err)
		lo.SetUint16(unix.IFF_UP)
		must(t, unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo))
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make a network namespace")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "UDPMUX_TEST_NAMESPACE="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	output, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) {
		t.Skip("no network namespace can be made here: ", err)
	}
	if err != nil || !strings.Contains(string(output), "--- PASS: "+t.Name()) {
		t.Errorf("in a network namespace: %v\n%s", err, output)
	}
	return false
}

// A packet is one that was seen to leave.
type packet struct {
	protocol byte
	from, to netip.AddrPort
	DF       bool
	tos      byte
	size     int // of UDP's contents
}

// capture returns a function that gives the IPv4 packets that lo has carried until then.
func capture(t *testing.T) (packets func() []packet) {
	t.Helper()
	const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8 // in network order
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, all)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	must(t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 256<<20))
	must(t, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: 1}))
	return func() (seen []packet) {
		b := make([]byte, 1<<16)
		for {
			n, from, err := unix.Recvfrom(fd, b, 0)
			if err == unix.EAGAIN {
				break
			}
			must(t, err)
			// Each packet comes twice, leaving and arriving.
			if from.(*unix.SockaddrLinklayer).Pkttype != unix.PACKET_OUTGOING || b[0]>>4 != 4 {
				continue
			}
			udp, port := b[b[0]&0xf*4:n], func(at int) uint16 { return binary.BigEndian.Uint16(b[int(b[0]&0xf*4)+at:]) }
			seen = append(seen, packet{b[9], netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:])), port(0)),
				netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[16:])), port(2)), b[6]&0x40 != 0, b[1], len(udp) - 8})
		}
		statistics, err := unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
		if err != nil || statistics.Drops > 0 {
			t.Fatalf("the capture has gaps: %+v, %v", statistics, err)
		}
		return seen
	}
}

// A forger sends from others' addresses. Any user can do so on loopback.
type forger struct{ *Socket }

func newForger(t testing.TB, address string) forger {
	t.Helper()
	s, err := openLoopback(netip.MustParseAddrPort(address), 1<<20)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return forger{s}
}

// queue has flush send D.
func (f forger) queue(from [4]byte, to netip.AddrPort, D []byte) {
	if f.out.n == batchSize {
		f.flush()
	}
	f.Socket.queue(&mux.Client{Remote: mapped(to.Addr().As4()), RemotePort: to.Port(), Local: mapped(from)}, 0, D)
}

// Replays and forgeries, and a crowd of unknown clients: whatever leaves goes to the one client that was answered, from
// the address that it sends to, with DF clear; and that client keeps its flow.
func TestNothingElseLeaves(t *testing.T) {
	if !inNamespace(t) {
		return
	}
	packets := capture(t)
	d := startDaemon(t, nil, "0.0.0.0:0")
	b, learner, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token|udpmux.Port|udpmux.Learn)
	d.register(learner, 2, udpmux.Learn)
	unregistered := newParty(t, "127.0.0.1:0")
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 5, 6, 7}), d.address.Port())
	flow := exchange(c, b, to, tokenHeader(1), 1)
	good, _ := udpmux.AppendClient(nil, tokenHeader(1), moshP(1, 60))
	wrong, _ := udpmux.AppendClient(nil, tokenHeader(3), moshP(1, 60))
	guessed, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Port, Port: b.port()}, moshP(2, 60))
	foreign, _ := udpmux.AppendClient(nil, udpmux.Header{Mode: udpmux.Port, Port: unregistered.port()}, moshP(2, 60))
	f := newForger(t, "0.0.0.0:0")
	for i := range 400 {
		for _, D := range [][]byte{good, wrong, guessed, foreign, moshP(uint64(i), 60), good[:30], {1}, {2},
			{4, 0, 0}, moshP(toClient, 60)} {
			f.queue([4]byte{127, 20, byte(i >> 8), byte(i)}, to, D)
		}
		f.flush()
		if i%100 == 0 {
			drain(b)
			b.send(flow, moshP(toClient|uint64(i), 80))
			c.gets(moshP(toClient|uint64(i), 80))
		}
	}
	drain(b)
	// A local user forges even the backend's address: that reaches the flow's client, and changes nothing.
	backend := newForger(t, fmt.Sprintf("127.0.0.2:%d", b.port()))
	backend.queue([4]byte{127, 0, 0, 2}, flow, moshP(toClient, 90))
	backend.queue([4]byte{127, 0, 0, 1}, flow, moshP(toClient, 91))
	backend.flush()
	c.gets(moshP(toClient, 91))
	drain(b)
	if again := exchange(c, b, to, tokenHeader(1), 2); again != flow {
		t.Error("the client has another flow")
	}
	unregistered.nothing()
	answers := 0
	for _, p := range packets() {
		switch {
		case p.protocol != unix.IPPROTO_UDP:
			t.Fatalf("a packet of protocol %d: %+v", p.protocol, p)
		case p.from.Port() != d.address.Port():
			continue
		case p.from != to || p.to.Port() != c.port() || p.DF:
			t.Fatalf("it sent %+v", p)
		}
		answers++
	}
	if answers != 2+4+1 {
		t.Errorf("%d answers left", answers)
	}
	if _, flows := d.server.Counts(); flows > 3*256 {
		t.Errorf("%d flows of 3 sessions in a mode each", flows)
	}
}

// drain reads until nothing more comes for a moment.
func drain(p *party) {
	b := make([]byte, 4096)
	for {
		p.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, _, err := p.ReadFromUDPAddrPort(b); err != nil {
			return
		}
	}
}

// A dual-stack socket, which systemd makes for a bare port, serves both families like two sockets.
func TestDualStack(t *testing.T) {
	t.Parallel()
	needIPv6(t)
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
	must(t, unix.Bind(fd, &unix.SockaddrInet6{}))
	socket, err := InheritUDP(os.NewFile(uintptr(fd), "dual"), 1<<20)
	must(t, err)
	d := startDaemonWith(t, filepath.Join(t.TempDir(), "s"), nil, socket)
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token|udpmux.Learn)
	for i, host := range []string{"127.0.0.1", "127.0.0.9", "::1"} {
		own := "127.0.0.1:0"
		if host == "::1" {
			own = "[::1]:0"
		}
		c, to := newParty(t, own), netip.AddrPortFrom(netip.MustParseAddr(host), socket.Addr().Port())
		exchange(c, b, to, tokenHeader(1), uint64(i))
		exchange(c, b, to, udpmux.Header{Mode: udpmux.Learn}, uint64(i))
		checkECN(t, c, b, to)
		if !strings.Contains(d.log.String(), "client="+c.LocalAddr().String()) {
			t.Errorf("the log has no %v", c.LocalAddr())
		}
	}
}

// The receive buffer is as large as asked for, or as the system allows.
func TestReceiveBuffer(t *testing.T) {
	t.Parallel()
	const asked = 4 << 20
	text, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if err != nil {
		t.Skip(err)
	}
	var most int
	fmt.Sscan(string(text), &most)
	s, err := ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), asked)
	must(t, err)
	defer s.Close()
	if got := s.ReceiveBuffer(); got < min(asked, most) || got > asked {
		t.Errorf("%d bytes, the system allows %d", got, most)
	}
}

func TestInheritRefused(t *testing.T) {
	t.Parallel()
	for name, domainType := range map[string][2]int{
		"TCP":     {unix.AF_INET, unix.SOCK_STREAM},
		"Unix":    {unix.AF_UNIX, unix.SOCK_DGRAM},
		"unbound": {unix.AF_INET, unix.SOCK_DGRAM},
	} {
		fd, err := unix.Socket(domainType[0], domainType[1]|unix.SOCK_CLOEXEC, 0)
		must(t, err)
		if s, err := InheritUDP(os.NewFile(uintptr(fd), name), 1<<20); err == nil {
			t.Errorf("a socket that is %s is taken: %v", name, s.Addr())
		}
	}
}

// An agent that keeps connecting and is turned away delays nobody.
func TestKnocking(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.MaxConnectionsPerUID = 2 })
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	a := d.register(b, 1, udpmux.Token)
	d.connect() // now there is no room
	start := time.Now()
	var knocks []*agentEnd
	for range 1000 { // 10 ms for each in turn would be 10 s
		knocks = append(knocks, d.connect())
	}
	for _, k := range knocks {
		k.refused(udpmux.CodeLimit)
		k.Close()
	}
	if passed := time.Since(start); passed > 5*time.Second {
		t.Errorf("1000 refusals took %v", passed)
	}
	exchange(c, b, d.address, tokenHeader(1), 1)
	a.Write([]byte{0})
	a.refused(udpmux.CodeBadFrame)
}

// A session that answers without pause, to a client of its own, leaves the others their turn.
func TestBackendWithoutPause(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c, loud, sink := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"),
		newParty(t, "127.0.0.1:0")
	d.register(b, 1, udpmux.Token)
	d.register(loud, 2, udpmux.Token)
	flow := exchange(sink, loud, d.address, tokenHeader(2), 1)
	stop, stopped := make(chan bool), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				loud.WriteToUDPAddrPort(moshP(toClient, 1000), flow)
			}
		}
	}()
	tries, lost := 0, 0
	echo := func(nonce uint64) bool {
		P, buffer := moshP(nonce, 60), make([]byte, 4096)
		D, _ := udpmux.AppendClient(nil, tokenHeader(1), P)
		c.send(d.address, D)
		source := b.gets(P) // the way to the backend has a queue of its own
		b.send(source, moshP(toClient|nonce, 60))
		for { // skip late answers
			c.SetReadDeadline(time.Now().Add(2 * time.Second))
			n, _, err := c.ReadFromUDPAddrPort(buffer)
			if err != nil || udpmux.Nonce(buffer[:n]) == toClient|nonce {
				return err == nil
			}
		}
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end) || tries < 20; tries++ {
		if !echo(uint64(tries)) {
			lost++
		}
	}
	close(stop)
	t.Logf("%d of %d lost while the other one sent %d", lost, tries, <-stopped)
	if lost > tries/2 {
		t.Errorf("%d of %d answers were lost", lost, tries)
	}
}

// An address of an interface that does not exist is refused.
func TestUnknownZone(t *testing.T) {
	for _, text := range []string{"[::1%nosuch]:0", "[fe80::1%nosuch]:0"} {
		if s, err := ListenUDP(netip.MustParseAddrPort(text), 4096); err == nil {
			t.Errorf("%s is listened on, at %v", text, s.Addr())
		}
	}
}
