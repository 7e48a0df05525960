//go:build linux

package udpmux

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary be an agent of another uid, too.
func TestMain(m *testing.M) {
	if path := os.Getenv("UDPMUX_TEST_AGENT"); path != "" {
		otherAgent(path)
		return
	}
	if path := os.Getenv("UDPMUX_TEST_DAEMON"); path != "" {
		benchDaemon(path)
		return
	}
	os.Exit(m.Run())
}

const (
	patience = 20 * time.Second       // for what should happen at once
	window   = 200 * time.Millisecond // for what should not
)

// A daemon is a [Server] for a test.
type daemon struct {
	t       testing.TB
	server  *Server
	address netip.AddrPort
	path    string
	stop    func()
	log     *safeLog
}

type safeLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *safeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func startDaemon(t testing.TB, change func(c *Config), addresses ...string) *daemon {
	t.Helper()
	return startDaemonAt(t, filepath.Join(t.TempDir(), "s"), change, addresses...)
}

func startDaemonAt(t testing.TB, path string, change func(c *Config), addresses ...string) *daemon {
	t.Helper()
	if len(addresses) == 0 {
		addresses = []string{"127.0.0.1:0"}
	}
	var sockets []*Socket
	for _, text := range addresses {
		address := netip.MustParseAddrPort(text)
		if len(sockets) > 0 {
			address = netip.AddrPortFrom(address.Addr(), sockets[0].Addr().Port())
		}
		socket, err := ListenUDP(address, 4<<20)
		must(t, err)
		sockets = append(sockets, socket)
	}
	return startDaemonWith(t, path, change, sockets...)
}

func startDaemonWith(t testing.TB, path string, change func(c *Config), sockets ...*Socket) *daemon {
	t.Helper()
	config := DefaultConfig(false)
	config.Modes = Learn | Token | Port
	if change != nil {
		change(&config)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	d := &daemon{t: t, address: sockets[0].Addr(), path: path, log: new(safeLog)}
	d.server, err = NewServer(config, slog.New(slog.NewTextHandler(d.log, nil)), sockets)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.server.Serve(ctx, l) }()
	d.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		d.stop()
		if t.Failed() {
			t.Log(d.log.String())
		}
	})
	return d
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A party is one who sends and receives datagrams: a backend or a client.
type party struct {
	t testing.TB
	*net.UDPConn
}

func newParty(t testing.TB, address string) *party {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return &party{t, c}
}

func (p *party) port() uint16 { return p.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

func (p *party) send(to netip.AddrPort, D []byte) {
	p.t.Helper()
	_, err := p.WriteToUDPAddrPort(D, to)
	must(p.t, err)
}

// gets waits for the datagram P, and returns where it came from.
func (p *party) gets(P []byte) netip.AddrPort {
	p.t.Helper()
	b := make([]byte, 4096)
	p.SetReadDeadline(time.Now().Add(patience))
	n, from, err := p.ReadFromUDPAddrPort(b)
	if err != nil || !bytes.Equal(b[:n], P) {
		p.t.Fatalf("received %x (%v), not %x", b[:n], err, P)
	}
	return netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
}

// nothing checks that nothing comes for a while.
func (p *party) nothing() {
	p.t.Helper()
	b := make([]byte, 4096)
	p.SetReadDeadline(time.Now().Add(window))
	if n, from, err := p.ReadFromUDPAddrPort(b); err == nil {
		p.t.Errorf("received %x from %v", b[:n], from)
	}
}

// exchange lets c send P, in h's form, to the daemon at to, and b answer it.
func exchange(c, b *party, to netip.AddrPort, h Header, nonce uint64) (flow netip.AddrPort) {
	c.t.Helper()
	P := moshP(nonce, 60)
	D, err := AppendClient(nil, h, P)
	must(c.t, err)
	c.send(to, D)
	flow = b.gets(P)
	answer := moshP(toClient|nonce, 70)
	b.send(flow, answer)
	if from := c.gets(answer); from != to {
		c.t.Errorf("the answer comes from %v, not %v", from, to)
	}
	return flow
}

// An agentEnd is the agent's end of a connection.
type agentEnd struct {
	t testing.TB
	net.Conn
	frames *FrameReader
}

func (d *daemon) connect() *agentEnd {
	d.t.Helper()
	c, err := net.Dial("unix", d.path)
	must(d.t, err)
	d.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &agentEnd{d.t, c, NewFrameReader(c)}
}

func (a *agentEnd) send(frames ...Frame) {
	a.t.Helper()
	var b []byte
	for _, f := range frames {
		var err error
		b, err = AppendFrame(b, f)
		must(a.t, err)
	}
	_, err := a.Write(b)
	must(a.t, err)
}

func (a *agentEnd) gets(want FrameType) Frame {
	a.t.Helper()
	f, err := a.frames.Next()
	if err != nil || f.Type != want {
		a.t.Fatalf("received %+v (%v), not a frame of type %d", f, err, want)
	}
	return f
}

// refused waits for the ERROR, behind which the connection ends.
func (a *agentEnd) refused(code byte) {
	a.t.Helper()
	if f := a.gets(Error); f.Code != code {
		a.t.Errorf("ERROR %d %q, want %d", f.Code, f.Text, code)
	}
	a.ended()
}

func (a *agentEnd) ended() {
	a.t.Helper()
	if f, err := a.frames.Next(); err != io.EOF && !errors.Is(err, unix.ECONNRESET) {
		a.t.Errorf("received %+v (%v), not the end", f, err)
	}
}

var hello = Frame{Type: Hello, Version: 1}

func registerFrame(b *party, n int, modes Mode) Frame {
	return Frame{Type: Register, Modes: modes, Port: b.port(), S: key(n)}
}

// register registers b as the n-th session.
func (d *daemon) register(b *party, n int, modes Mode) *agentEnd {
	d.t.Helper()
	a := d.connect()
	a.send(hello, registerFrame(b, n, modes))
	a.gets(Welcome)
	a.gets(Registered)
	return a
}

func tokenHeader(n int) Header { return Header{Mode: Token, T: TokenOf(key(n))} }

func TestModes(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, Learn|Token|Port)
	flows := make(map[netip.AddrPort]bool)
	for _, h := range []Header{{Mode: Learn}, tokenHeader(1), {Mode: Port, Port: b.port()}} {
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
	d.register(b, 1, Token)
	T := TokenOf(key(1))
	for n := MinP; n <= MaxP; n += 11 { // which hits both
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
	d.register(b, 1, Token)
	const n = 200
	var flow netip.AddrPort
	for i := range uint64(n) {
		D, _ := AppendClient(nil, tokenHeader(1), moshP(i, 24+int(i)))
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

// Two clients of a session: each gets what was sent to it, whoever sent last. A replay from elsewhere takes nothing away.
func TestTwoClientsAndReplay(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c1, c2 := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, Token)
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
	d.register(b, 1, Token|Learn)
	to := netip.AddrPortFrom(loopback, d.address.Port())
	for i := range uint64(20) {
		exchange(newParty(t, fmt.Sprintf("127.0.0.%d:0", i%5+1)), b, to, tokenHeader(1), i)
		exchange(newParty(t, fmt.Sprintf("127.0.0.%d:0", i%5+1)), b, to, Header{Mode: Learn}, i)
	}
}

// Answers leave from the address that the client's datagram came to.
func TestLocalAddress(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil, "0.0.0.0:0")
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, Token)
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
	d.register(b, 1, Token|Learn)
	port := d.address.Port()
	for nonce := range uint64(3) {
		exchange(c6, b, netip.AddrPortFrom(netip.IPv6Loopback(), port), tokenHeader(1), nonce)
		exchange(c6, b, netip.AddrPortFrom(netip.IPv6Loopback(), port), Header{Mode: Learn}, nonce)
		exchange(c4, b, netip.AddrPortFrom(loopback, port), tokenHeader(1), nonce)
	}
}

// The ECN bits pass both ways, for both families.
func TestECN(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil, "127.0.0.1:0", "[::1]:0")
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 1, Token)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		checkECN(t, newParty(t, host+":0"), b, netip.MustParseAddrPort(fmt.Sprintf("%s:%d", host, d.address.Port())))
	}
}

// checkECN exchanges datagrams of the first session with all ECN bits.
func checkECN(t *testing.T, c, b *party, to netip.AddrPort) {
	t.Helper()
	for ecn := range 4 {
		setECN(t, c, ecn)
		D, _ := AppendClient(nil, tokenHeader(1), moshP(1, 60))
		c.send(to, D)
		flow, got := receiveECN(t, b)
		if got != ecn {
			t.Errorf("%v: ECN %d became %d", to, ecn, got)
		}
		setECN(t, b, ecn)
		b.send(flow, moshP(toClient, 60))
		if _, got := receiveECN(t, c); got != ecn {
			t.Errorf("%v: the answer's ECN %d became %d", to, ecn, got)
		}
	}
}

func options(t testing.TB, p *party) (fd int, six bool) {
	t.Helper()
	raw, err := p.SyscallConn()
	must(t, err)
	raw.Control(func(f uintptr) { fd = int(f) })
	return fd, p.LocalAddr().(*net.UDPAddr).IP.To4() == nil
}

func setECN(t testing.TB, p *party, ecn int) {
	t.Helper()
	fd, six := options(t, p)
	if six {
		must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, ecn))
		return
	}
	must(t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, ecn))
}

func receiveECN(t testing.TB, p *party) (from netip.AddrPort, ecn int) {
	t.Helper()
	fd, six := options(t, p)
	level := unix.IPPROTO_IP
	if six {
		level = unix.IPPROTO_IPV6
		must(t, unix.SetsockoptInt(fd, level, unix.IPV6_RECVTCLASS, 1))
	} else {
		must(t, unix.SetsockoptInt(fd, level, unix.IP_RECVTOS, 1))
	}
	b, oob := make([]byte, 4096), make([]byte, 256)
	p.SetReadDeadline(time.Now().Add(patience))
	_, n, _, from, err := p.ReadMsgUDPAddrPort(b, oob)
	must(t, err)
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	must(t, err)
	for _, m := range messages {
		if int(m.Header.Level) == level {
			ecn = int(m.Data[0])
		}
	}
	return netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), ecn
}

// What others send to a flow's source does not reach the client.
func TestForgedBackend(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, Token)
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
	b1, b2, b3, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b1, 1, Learn)
	d.register(b2, 2, Learn)
	d.register(b3, 3, Token)
	P := moshP(0, 60)
	c.send(d.address, P)
	flow := b1.gets(P)
	b2.gets(P)
	b1.send(flow, moshP(toClient, 60))
	c.gets(moshP(toClient, 60))
	time.Sleep(300 * time.Millisecond)
	exchange(c, b1, d.address, Header{Mode: Learn}, 100)
	b2.nothing()
	P = moshP(1, 60) // the nonce falls: perhaps another sender
	c.send(d.address, P)
	b1.gets(P)
	flow = b2.gets(P)
	b2.send(flow, moshP(toClient, 70))
	c.gets(moshP(toClient, 70))
	b3.nothing()
}

// A probing limit lets what waits through later, without a datagram from anybody.
func TestWaitingIsServed(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.ProbeRate = 4 })
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 1, Learn)
	for i := range uint64(6) {
		c := newParty(t, "127.0.0.1:0")
		c.send(d.address, moshP(i, 60))
		b.gets(moshP(i, 60))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) {
		c.Modes, c.MaxSessionsPerUID, c.MaxConnectionsPerUID = Token|Learn, 2, 64
	})
	b := newParty(t, "127.0.0.1:0")
	good := registerFrame(b, 1, Token)
	for _, test := range []struct {
		name  string
		send  string // in place of frames
		hello Frame
		then  Frame
		code  byte
	}{
		{name: "version 0", hello: Frame{Type: Hello}, code: CodeVersion},
		{name: "version 2", hello: Frame{Type: Hello, Version: 2}, code: CodeVersion},
		{name: "REGISTER first", hello: good, code: CodeBadFrame},
		{name: "WELCOME first", hello: Frame{Type: Welcome, Port: 1}, code: CodeBadFrame},
		{name: "empty frame", send: "\x00\x00", code: CodeBadFrame},
		{name: "too long", send: "\x10\x01", code: CodeBadFrame},
		{name: "unknown type", send: "\x00\x02\x10", code: CodeBadFrame},
		{name: "bad length", send: "\x00\x03\x01", code: CodeBadFrame},
		{name: "HELLO twice", hello: hello, then: hello, code: CodeBadFrame},
		{name: "REGISTERED by the agent", hello: hello, then: Frame{Type: Registered}, code: CodeBadFrame},
		{name: "no mode", hello: hello, then: Frame{Type: Register, Port: b.port(), S: key(1)}, code: CodeModeOff},
		{name: "mode off", hello: hello, then: Frame{Type: Register, Modes: Token | Port, Port: b.port(), S: key(1)}, code: CodeModeOff},
		{name: "unknown mode", hello: hello, then: Frame{Type: Register, Modes: Token | 8, Port: b.port(), S: key(1)}, code: CodeModeOff},
		{name: "privileged port", hello: hello, then: Frame{Type: Register, Modes: Token, Port: 1023, S: key(1)}, code: CodeNotLoopback},
		{name: "port of 0.0.0.0", hello: hello, then: registerFrame(newParty(t, "0.0.0.0:0"), 1, Token), code: CodeNotLoopback},
		{name: "port of 127.0.0.2", hello: hello, then: registerFrame(newParty(t, "127.0.0.2:0"), 1, Token), code: CodeNotLoopback},
		{name: "port of ::", hello: hello, then: registerFrame(newParty(t, "[::]:0"), 1, Token), code: CodeNotLoopback},
		{name: "no socket", hello: hello, then: Frame{Type: Register, Modes: Token, Port: freePort(t), S: key(1)}, code: CodeNotOwner},
	} {
		a := d.connect()
		if test.send != "" {
			a.Write([]byte(test.send))
			a.refused(test.code)
			continue
		}
		a.send(test.hello)
		if test.then.Type != 0 {
			if f := a.gets(Welcome); f.Modes != Token|Learn || f.Port != d.address.Port() {
				t.Errorf("%s: %+v", test.name, f)
			}
			a.send(test.then)
		}
		t.Run(test.name, func(t *testing.T) { a.t = t; a.refused(test.code) })
	}
	a := d.register(b, 1, Token)
	second := d.connect()
	second.send(hello, registerFrame(newParty(t, "127.0.0.1:0"), 1, Token))
	second.gets(Welcome)
	second.refused(CodeDuplicate)
	exchange(newParty(t, "127.0.0.1:0"), b, d.address, tokenHeader(1), 1)
	d.register(newParty(t, "127.0.0.1:0"), 2, Token)
	third := d.connect()
	third.send(hello, registerFrame(newParty(t, "127.0.0.1:0"), 3, Token))
	third.gets(Welcome)
	third.refused(CodeLimit)
	a.Write([]byte{0}) // a part of a frame
	a.refused(CodeBadFrame)
	exchange(newParty(t, "127.0.0.1:0"), b, d.address, tokenHeader(1), 1)
}

// freePort returns a port that no UDP socket has, most likely.
func freePort(t testing.TB) uint16 {
	p := newParty(t, "127.0.0.1:0")
	defer p.Close()
	return p.port()
}

func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.MaxConnectionsPerUID = 3 })
	var agents []*agentEnd
	for range 3 {
		a := d.connect()
		a.send(hello)
		a.gets(Welcome)
		agents = append(agents, a)
	}
	d.connect().refused(CodeLimit)
	agents[0].Close()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		a := d.connect()
		a.send(hello)
		if f, _ := a.frames.Next(); f.Type == Welcome {
			break
		} else if time.Now().After(end) {
			t.Fatal("the place does not get free")
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.HelloTimeout, c.RegisterTimeout = 200*time.Millisecond, 400*time.Millisecond })
	b := newParty(t, "127.0.0.1:0")
	slow := d.connect()
	silent := d.connect()
	silent.send(hello)
	silent.gets(Welcome)
	good := d.register(b, 1, Token) // nobody waits for the others
	start := time.Now()
	go func() {
		for _, x := range []byte{0, 2, 1} {
			slow.Write([]byte{x})
			time.Sleep(90 * time.Millisecond)
		}
	}()
	slow.ended()
	silent.ended()
	if passed := time.Since(start); passed < 300*time.Millisecond {
		t.Errorf("only %v passed", passed)
	}
	good.SetDeadline(time.Now().Add(500 * time.Millisecond))
	if _, err := good.frames.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a registered connection: %v", err)
	}
}

// Bytes one by one, and both frames at once, are understood.
func TestCutFrames(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b := newParty(t, "127.0.0.1:0")
	a := d.connect()
	bytes, _ := AppendFrame(nil, hello)
	bytes, _ = AppendFrame(bytes, registerFrame(b, 1, Token))
	for i := range bytes {
		a.Write(bytes[i : i+1])
		time.Sleep(time.Millisecond)
	}
	a.gets(Welcome)
	if f := a.gets(Registered); f.ID != 1 {
		t.Errorf("%+v", f)
	}
}

func TestAdvertisedPort(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.AdvertisePort, c.Modes = 443, Port })
	a := d.connect()
	a.send(hello)
	if f := a.gets(Welcome); f.Port != 443 || f.Modes != Port {
		t.Errorf("%+v", f)
	}
}

// A session ends with its backend: at once with the agent's connection, else soon; never because an agent has gone.
func TestSessionEnd(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = 100 * time.Millisecond })
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	a := d.register(b, 1, Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	a.Close()
	time.Sleep(200 * time.Millisecond)
	if again := exchange(c, b, d.address, tokenHeader(1), 2); again != flow {
		t.Error("the flow changed when the agent went")
	}
	d.register(b, 1, Token)
	if again := exchange(c, b, d.address, tokenHeader(1), 3); again != flow {
		t.Error("the flow changed with another agent")
	}
	port := b.port()
	b.Close()
	squatter := newParty(t, fmt.Sprintf("127.0.0.1:%d", port))
	time.Sleep(150 * time.Millisecond)
	D, _ := AppendClient(nil, tokenHeader(1), moshP(9, 60))
	c.send(d.address, D)
	squatter.nothing()
	d.register(squatter, 1, Token) // the key is free again
}

// With the poll far away, the end of the connection is what counts; and REGISTER looks, too.
func TestSessionEndWithConnection(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = time.Hour })
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	a := d.register(b, 1, Token)
	exchange(c, b, d.address, tokenHeader(1), 1)
	b.Close()
	other := newParty(t, "127.0.0.1:0")
	d.register(other, 1, Token) // at once
	exchange(c, other, d.address, tokenHeader(1), 1)
	a.Close()
	exchange(c, other, d.address, tokenHeader(1), 1)
	b2 := newParty(t, "127.0.0.1:0")
	a2 := d.register(b2, 2, Token)
	b2.Close()
	a2.Close()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if strings.Contains(d.log.String(), "session ended\" session=3") {
			break
		} else if time.Now().After(end) {
			t.Fatal("the session does not end with its connection")
		}
	}
}

// What a backend had sent before its end goes to its client, also where the daemon was busy meanwhile (UDPMUX-133).
func TestLastAnswers(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(d *daemon, b *party, a *agentEnd){
		"connection": func(_ *daemon, b *party, a *agentEnd) { b.Close(); a.Close() },
		"poll":       func(_ *daemon, b *party, _ *agentEnd) { b.Close() },
		"REGISTER": func(d *daemon, b *party, _ *agentEnd) {
			b.Close()
			a := d.connect()
			a.send(hello, registerFrame(newParty(d.t, "127.0.0.1:0"), 1, Token))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDaemon(t, func(c *Config) {
				if c.SessionPoll = time.Hour; name == "poll" {
					c.SessionPoll = time.Millisecond
				}
			})
			b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
			a := d.register(b, 1, Token)
			flow := exchange(c, b, d.address, tokenHeader(1), 1)
			const n = 100 // more than a batch, and less than what the sockets here hold
			d.server.mu.Lock()
			for i := range uint64(n) {
				b.send(flow, moshP(toClient|i, 60))
			}
			end(d, b, a)
			d.server.mu.Unlock()
			for i := range uint64(n) {
				c.gets(moshP(toClient|i, 60))
			}
		})
	}
}

// The same key and backend on a new connection, while the old one is open: the old one is closed, the session goes on.
func TestRegisterWhileOpen(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	old := d.register(b, 1, Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	d.register(b, 1, Token)
	old.ended()
	if again := exchange(c, b, d.address, tokenHeader(1), 2); again != flow {
		t.Error("the flow changed")
	}
}

// After a restart sessions that register again work, and the loopback sources are others.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	d := startDaemonAt(t, path, func(c *Config) { c.FirstSource = 5 })
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	a := d.register(b, 1, Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	address := d.address.String()
	d.stop()
	a.ended()
	d = startDaemonAt(t, path, func(c *Config) { c.FirstSource = 6 }, address)
	d.register(b, 1, Token)
	if again := exchange(c, b, d.address, tokenHeader(1), 2); again == flow || again.Port() == flow.Port() {
		t.Error("the new daemon uses the old one's loopback source")
	}
}

// Closed ports on either side, and a backend that does not read, disturb nobody.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = time.Hour })
	b, deaf, gone := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	d.register(b, 1, Token)
	d.register(deaf, 2, Token)
	d.register(gone, 3, Token)
	gone.Close()
	c, lost := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	toLost := exchange(lost, b, d.address, tokenHeader(1), 1)
	lost.Close()
	for i := range uint64(2000) {
		b.send(toLost, moshP(toClient, 60))
		for n := 2; n <= 3; n++ {
			D, _ := AppendClient(nil, tokenHeader(n), moshP(i, 1000))
			c.send(d.address, D)
		}
		if i%100 == 0 {
			exchange(c, b, d.address, tokenHeader(1), i)
		}
	}
}

// Nobody can bind the external port, whatever options are set.
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
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: int(address.Port()), Addr: [4]byte{127, 0, 0, 1}}); err != unix.EADDRINUSE {
			t.Errorf("%v: %v", address, err)
		}
		if _, err := ListenUDP(address, 1<<20); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("a second daemon at %v: %v", address, err)
		}
	}
}

// otherAgent is what the test binary does as another uid, which knows all that the environment says of another's session, even its key:
// it tries to register that session's port, a port of its own with that key, and a port of its own; to bind the daemon's port; and to
// take the session's flow by sending as if it was its backend.
func otherAgent(path string) {
	var port, external uint16
	var flow netip.AddrPort
	fmt.Sscan(os.Getenv("UDPMUX_TEST_PORT"), &port, &external)
	flow.UnmarshalText([]byte(os.Getenv("UDPMUX_TEST_FLOW")))
	own, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	ownPort := own.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	for _, r := range []Frame{{Port: port, S: key(9)}, {Port: port, S: key(1)}, {Port: ownPort, S: key(1)}, {Port: ownPort, S: key(9)}} {
		r.Type, r.Modes = Register, Token
		c, err := net.Dial("unix", path)
		if err != nil {
			panic(err)
		}
		b, _ := AppendFrame(nil, hello)
		b, _ = AppendFrame(b, r)
		c.Write(b)
		frames := NewFrameReader(c)
		for range 2 {
			f, _ := frames.Next()
			fmt.Printf("%d:%d:%d ", f.Type, f.Modes, f.Code)
		}
		c.Close()
	}
	fd, _ := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	fmt.Print(unix.Bind(fd, &unix.SockaddrInet4{Port: int(external), Addr: [4]byte{127, 0, 0, 1}}), " ")
	s, err := openUDP(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 2}), port), "lo", 1<<16)
	if err != nil {
		panic(err)
	}
	for i, from := range [][4]byte{{127, 0, 0, 2}, {127, 0, 0, 1}} {
		s.queue(&Client{Remote: mapped(flow.Addr().As4()), RemotePort: flow.Port(), Local: mapped(from)}, 0, moshP(toClient, 90+i))
		fmt.Print(s.flush(), " ")
	}
}

// Another uid registers its own sockets alone, and none where the daemon serves one user. It takes nothing from anybody; all that it can
// do to a session is to show its client garbage.
func TestOtherUID(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	for multiUser, want := range map[bool]string{true: "2:2:0 5:0:4 2:2:0 5:0:4 2:2:0 5:0:3 2:2:0 4:0:0 ", false: strings.Repeat("2:0:0 5:0:6 ", 4)} {
		dir, err := os.MkdirTemp("", "udpmux")
		must(t, err)
		defer os.RemoveAll(dir)
		must(t, os.Chmod(dir, 0o755))
		d := startDaemonAt(t, filepath.Join(dir, "s"), func(c *Config) { c.MultiUser, c.Modes = multiUser, Token })
		must(t, os.Chmod(d.path, 0o666))
		b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
		d.register(b, 1, Token)
		flow := exchange(c, b, d.address, tokenHeader(1), 1)
		binary := filepath.Join(dir, "agent")
		self, err := os.ReadFile("/proc/self/exe")
		must(t, err)
		must(t, os.WriteFile(binary, self, 0o755))
		cmd := exec.Command(binary)
		cmd.Dir = "/"
		cmd.Env = []string{"UDPMUX_TEST_AGENT=" + d.path, fmt.Sprintf("UDPMUX_TEST_PORT=%d %d", b.port(), d.address.Port()), "UDPMUX_TEST_FLOW=" + flow.String()}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		got, err := cmd.CombinedOutput()
		if want += "address already in use 0 0 "; err != nil || string(got) != want {
			t.Errorf("multi-user %v: %s (%v), want %s", multiUser, got, err, want)
		}
		c.gets(moshP(toClient, 91))
		if again := exchange(c, b, d.address, tokenHeader(1), 2); again != flow {
			t.Error("the client has another flow")
		}
		d.stop()
	}
}

// When all is over no goroutine and no descriptor is left; while it runs, none is left of those that have gone.
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
				t.Fatalf("%s: %d goroutines, before %d; %d descriptors, before %d\n%s", what, g, goroutines, f, descriptors, buffer[:runtime.Stack(buffer, true)])
			}
		}
	}
	warm := newParty(t, "127.0.0.1:0") // the poller's descriptors
	warm.Close()
	g0, f0 := count()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = 50 * time.Millisecond; c.HelloTimeout = 100 * time.Millisecond })
	d.connect().Close()
	b := newParty(t, "127.0.0.1:0")
	d.register(b, 100, Token).Close() // now all of it has started
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
	for n := range 100 {
		b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
		a := d.register(b, n, Token|Learn)
		exchange(c, b, d.address, tokenHeader(n), 1)
		bad := d.connect()
		bad.Write([]byte{0, 0})
		silent := d.connect()
		if n%20 == 0 {
			silent.ended()
		}
		for _, x := range []io.Closer{a, b, c, bad, silent} {
			x.Close()
		}
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
