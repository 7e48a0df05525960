//go:build linux

package daemon

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// TestMain lets the test binary also be an agent of another uid.
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
	config.Modes = udpmux.Learn | udpmux.Token | udpmux.Port
	if change != nil {
		change(&config)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	d := &daemon{t: t, address: sockets[0].Addr(), path: path, log: new(safeLog)}
	d.server, err = New(config, slog.New(slog.NewTextHandler(d.log, nil)), sockets)
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

// A party sends and receives datagrams: a backend or a client.
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

// exchange has c send P, in h's form, to the daemon at to, and b answer it.
func exchange(c, b *party, to netip.AddrPort, h udpmux.Header, nonce uint64) (flow netip.AddrPort) {
	c.t.Helper()
	P := moshP(nonce, 60)
	D, err := udpmux.AppendClient(nil, h, P)
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
	frames *udpmux.FrameReader
}

func (d *daemon) connect() *agentEnd {
	d.t.Helper()
	c, err := net.Dial("unix", d.path)
	must(d.t, err)
	d.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &agentEnd{d.t, c, udpmux.NewFrameReader(c)}
}

func (a *agentEnd) send(frames ...udpmux.Frame) {
	a.t.Helper()
	var b []byte
	for _, f := range frames {
		var err error
		b, err = udpmux.AppendFrame(b, f)
		must(a.t, err)
	}
	_, err := a.Write(b)
	must(a.t, err)
}

func (a *agentEnd) gets(want udpmux.FrameType) udpmux.Frame {
	a.t.Helper()
	f, err := a.frames.Next()
	if err != nil || f.Type != want {
		a.t.Fatalf("received %+v (%v), not a frame of type %d", f, err, want)
	}
	return f
}

// refused waits for the ERROR, after which the connection ends.
func (a *agentEnd) refused(code byte) {
	a.t.Helper()
	if f := a.gets(udpmux.Error); f.Code != code {
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

var hello = udpmux.Frame{Type: udpmux.Hello, Version: 1}

func registerFrame(b *party, n int, modes udpmux.Mode) udpmux.Frame {
	return udpmux.Frame{Type: udpmux.Register, Modes: modes, Port: b.port(), S: key(n)}
}

// register registers b as the n-th session.
func (d *daemon) register(b *party, n int, modes udpmux.Mode) *agentEnd {
	d.t.Helper()
	a := d.connect()
	a.send(hello, registerFrame(b, n, modes))
	a.gets(udpmux.Welcome)
	a.gets(udpmux.Registered)
	return a
}

func tokenHeader(n int) udpmux.Header {
	return udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(key(n))}
}

// needIPv6 skips a test if there is no ::1.
func needIPv6(t *testing.T) {
	t.Helper()
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skip("there is no IPv6 here: ", err)
	}
	c.Close()
}
