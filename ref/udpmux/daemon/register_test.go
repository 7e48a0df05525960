//go:build linux

package daemon

import (
	"errors"
	"fmt"
	"net"
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

func TestErrors(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) {
		c.Modes, c.MaxSessionsPerUID, c.MaxConnectionsPerUID = udpmux.Token|udpmux.Learn, 2, 64
	})
	b := newParty(t, "127.0.0.1:0")
	good := registerFrame(b, 1, udpmux.Token)
	for _, test := range []struct {
		name  string
		send  string // in place of frames
		hello udpmux.Frame
		then  udpmux.Frame
		code  byte
	}{
		{name: "version 0", hello: udpmux.Frame{Type: udpmux.Hello}, code: udpmux.CodeVersion},
		{name: "version 2", hello: udpmux.Frame{Type: udpmux.Hello, Version: 2}, code: udpmux.CodeVersion},
		{name: "REGISTER first", hello: good, code: udpmux.CodeBadFrame},
		{name: "WELCOME first", hello: udpmux.Frame{Type: udpmux.Welcome, Port: 1}, code: udpmux.CodeBadFrame},
		{name: "empty frame", send: "\x00\x00", code: udpmux.CodeBadFrame},
		{name: "too long", send: "\x10\x01", code: udpmux.CodeBadFrame},
		{name: "unknown type", send: "\x00\x02\x10", code: udpmux.CodeBadFrame},
		{name: "bad length", send: "\x00\x03\x01", code: udpmux.CodeBadFrame},
		{name: "HELLO twice", hello: hello, then: hello, code: udpmux.CodeBadFrame},
		{name: "REGISTERED by the agent", hello: hello, then: udpmux.Frame{Type: udpmux.Registered},
			code: udpmux.CodeBadFrame},
		{name: "no mode", hello: hello, then: udpmux.Frame{Type: udpmux.Register, Port: b.port(), S: key(1)},
			code: udpmux.CodeModeOff},
		{name: "mode off", hello: hello, then: udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token | udpmux.Port,
			Port: b.port(), S: key(1)}, code: udpmux.CodeModeOff},
		{name: "unknown mode", hello: hello, then: udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token | 8,
			Port: b.port(), S: key(1)}, code: udpmux.CodeModeOff},
		{name: "privileged port", hello: hello, then: udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token,
			Port: 1023, S: key(1)}, code: udpmux.CodeNotLoopback},
		{name: "port of 0.0.0.0", hello: hello, then: registerFrame(newParty(t, "0.0.0.0:0"), 1, udpmux.Token),
			code: udpmux.CodeNotLoopback},
		{name: "port of 127.0.0.2", hello: hello, then: registerFrame(newParty(t, "127.0.0.2:0"), 1, udpmux.Token),
			code: udpmux.CodeNotLoopback},
		{name: "port of ::", hello: hello, then: registerFrame(newParty(t, "[::]:0"), 1, udpmux.Token),
			code: udpmux.CodeNotLoopback},
		{name: "no socket", hello: hello, then: udpmux.Frame{Type: udpmux.Register, Modes: udpmux.Token,
			Port: freePort(t), S: key(1)}, code: udpmux.CodeNotOwner},
	} {
		a := d.connect()
		if test.send != "" {
			a.Write([]byte(test.send))
			a.refused(test.code)
			continue
		}
		a.send(test.hello)
		if test.then.Type != 0 {
			if f := a.gets(udpmux.Welcome); f.Modes != udpmux.Token|udpmux.Learn || f.Port != d.address.Port() {
				t.Errorf("%s: %+v", test.name, f)
			}
			a.send(test.then)
		}
		t.Run(test.name, func(t *testing.T) { a.t = t; a.refused(test.code) })
	}
	a := d.register(b, 1, udpmux.Token)
	second := d.connect()
	second.send(hello, registerFrame(newParty(t, "127.0.0.1:0"), 1, udpmux.Token))
	second.gets(udpmux.Welcome)
	second.refused(udpmux.CodeDuplicate)
	exchange(newParty(t, "127.0.0.1:0"), b, d.address, tokenHeader(1), 1)
	d.register(newParty(t, "127.0.0.1:0"), 2, udpmux.Token)
	third := d.connect()
	third.send(hello, registerFrame(newParty(t, "127.0.0.1:0"), 3, udpmux.Token))
	third.gets(udpmux.Welcome)
	third.refused(udpmux.CodeLimit)
	a.Write([]byte{0}) // a part of a frame
	a.refused(udpmux.CodeBadFrame)
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
		a.gets(udpmux.Welcome)
		agents = append(agents, a)
	}
	d.connect().refused(udpmux.CodeLimit)
	agents[0].Close()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		a := d.connect()
		a.send(hello)
		if f, _ := a.frames.Next(); f.Type == udpmux.Welcome {
			break
		} else if time.Now().After(end) {
			t.Fatal("the place does not get free")
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.HelloTimeout, c.RegisterTimeout = time.Second, 2*time.Second })
	b := newParty(t, "127.0.0.1:0")
	slow := d.connect()
	silent := d.connect()
	silent.send(hello)
	silent.gets(udpmux.Welcome)
	good := d.register(b, 1, udpmux.Token) // it does not wait for the others
	start := time.Now()
	go func() {
		for _, x := range []byte{0, 2, 1} {
			slow.Write([]byte{x})
			time.Sleep(450 * time.Millisecond)
		}
	}()
	slow.ended()
	silent.ended()
	if passed := time.Since(start); passed < 1500*time.Millisecond {
		t.Errorf("only %v passed", passed)
	}
	good.SetDeadline(time.Now().Add(2500 * time.Millisecond))
	if _, err := good.frames.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a registered connection: %v", err)
	}
}

// Single bytes, and both frames at once, are understood.
func TestCutFrames(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, nil)
	b := newParty(t, "127.0.0.1:0")
	a := d.connect()
	bytes, _ := udpmux.AppendFrame(nil, hello)
	bytes, _ = udpmux.AppendFrame(bytes, registerFrame(b, 1, udpmux.Token))
	for i := range bytes {
		a.Write(bytes[i : i+1])
		time.Sleep(time.Millisecond)
	}
	a.gets(udpmux.Welcome)
	if f := a.gets(udpmux.Registered); f.ID != 1 {
		t.Errorf("%+v", f)
	}
}

func TestAdvertisedPort(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.AdvertisePort, c.Modes = 443, udpmux.Port })
	a := d.connect()
	a.send(hello)
	if f := a.gets(udpmux.Welcome); f.Port != 443 || f.Modes != udpmux.Port {
		t.Errorf("%+v", f)
	}
}

// A session ends with its backend: at once if the agent's connection ends, otherwise soon; never just because an agent
// has gone.
func TestSessionEnd(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = 100 * time.Millisecond })
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	a := d.register(b, 1, udpmux.Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	a.Close()
	time.Sleep(200 * time.Millisecond)
	if again := exchange(c, b, d.address, tokenHeader(1), 2); again != flow {
		t.Error("the flow changed when the agent went")
	}
	d.register(b, 1, udpmux.Token)
	if again := exchange(c, b, d.address, tokenHeader(1), 3); again != flow {
		t.Error("the flow changed with another agent")
	}
	port := b.port()
	b.Close()
	squatter := newParty(t, fmt.Sprintf("127.0.0.1:%d", port))
	time.Sleep(150 * time.Millisecond)
	D, _ := udpmux.AppendClient(nil, tokenHeader(1), moshP(9, 60))
	c.send(d.address, D)
	squatter.nothing()
	d.register(squatter, 1, udpmux.Token) // the key is free again
}

// With the next poll far away, the end of the connection decides; REGISTER checks as well.
func TestSessionEndWithConnection(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, func(c *Config) { c.SessionPoll = time.Hour })
	b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
	a := d.register(b, 1, udpmux.Token)
	exchange(c, b, d.address, tokenHeader(1), 1)
	b.Close()
	other := newParty(t, "127.0.0.1:0")
	d.register(other, 1, udpmux.Token) // at once
	exchange(c, other, d.address, tokenHeader(1), 1)
	a.Close()
	exchange(c, other, d.address, tokenHeader(1), 1)
	b2 := newParty(t, "127.0.0.1:0")
	a2 := d.register(b2, 2, udpmux.Token)
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

// What a backend sent before its end goes to its client, even if the daemon was busy meanwhile (UDPMUX-133).
func TestLastAnswers(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(d *daemon, b *party, a *agentEnd){
		"connection": func(_ *daemon, b *party, a *agentEnd) { b.Close(); a.Close() },
		"poll":       func(_ *daemon, b *party, _ *agentEnd) { b.Close() },
		"REGISTER": func(d *daemon, b *party, _ *agentEnd) {
			b.Close()
			a := d.connect()
			a.send(hello, registerFrame(newParty(d.t, "127.0.0.1:0"), 1, udpmux.Token))
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
			a := d.register(b, 1, udpmux.Token)
			flow := exchange(c, b, d.address, tokenHeader(1), 1)
			const n = 100 // more than a batch, and less than the sockets hold
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
	old := d.register(b, 1, udpmux.Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	d.register(b, 1, udpmux.Token)
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
	a := d.register(b, 1, udpmux.Token)
	flow := exchange(c, b, d.address, tokenHeader(1), 1)
	address := d.address.String()
	d.stop()
	a.ended()
	d = startDaemonAt(t, path, func(c *Config) { c.FirstSource = 6 }, address)
	d.register(b, 1, udpmux.Token)
	if again := exchange(c, b, d.address, tokenHeader(1), 2); again == flow || again.Port() == flow.Port() {
		t.Error("the new daemon uses the old one's loopback source")
	}
}

// otherAgent makes the test binary another uid that knows all about somebody's session from the environment, even its
// key. It tries to register that session's port, a port of its own with that key, and a port of its own; to bind the
// daemon's port; and to take the session's flow by sending as if it were the backend.
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
	for _, r := range []udpmux.Frame{{Port: port, S: key(9)}, {Port: port, S: key(1)}, {Port: ownPort, S: key(1)},
		{Port: ownPort, S: key(9)}} {
		r.Type, r.Modes = udpmux.Register, udpmux.Token
		c, err := net.Dial("unix", path)
		if err != nil {
			panic(err)
		}
		b, _ := udpmux.AppendFrame(nil, hello)
		b, _ = udpmux.AppendFrame(b, r)
		c.Write(b)
		frames := udpmux.NewFrameReader(c)
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
	s, err := openLoopback(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 2}), port), 1<<16)
	if err != nil {
		panic(err)
	}
	for i, from := range [][4]byte{{127, 0, 0, 2}, {127, 0, 0, 1}} {
		s.queue(&mux.Client{Remote: mapped(flow.Addr().As4()), RemotePort: flow.Port(), Local: mapped(from)}, 0,
			moshP(toClient, 90+i))
		fmt.Print(s.flush(), " ")
	}
}

// Another uid can only register its own sockets, and none if the daemon serves one user. It takes nothing from anybody;
// the most that it can do to a session is to send its client garbage.
func TestOtherUID(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	for multiUser, want := range map[bool]string{true: "2:2:0 5:0:4 2:2:0 5:0:4 2:2:0 5:0:3 2:2:0 4:0:0 ",
		false: strings.Repeat("2:0:0 5:0:6 ", 4)} {
		dir, err := os.MkdirTemp("", "udpmux")
		must(t, err)
		defer os.RemoveAll(dir)
		must(t, os.Chmod(dir, 0o755))
		d := startDaemonAt(t, filepath.Join(dir, "s"), func(c *Config) {
			c.MultiUser, c.Modes = multiUser, udpmux.Token
		})
		must(t, os.Chmod(d.path, 0o666))
		b, c := newParty(t, "127.0.0.1:0"), newParty(t, "127.0.0.1:0")
		d.register(b, 1, udpmux.Token)
		flow := exchange(c, b, d.address, tokenHeader(1), 1)
		binary := filepath.Join(dir, "agent")
		self, err := os.ReadFile("/proc/self/exe")
		must(t, err)
		must(t, os.WriteFile(binary, self, 0o755))
		cmd := exec.Command(binary)
		cmd.Dir = "/"
		cmd.Env = []string{"UDPMUX_TEST_AGENT=" + d.path,
			fmt.Sprintf("UDPMUX_TEST_PORT=%d %d", b.port(), d.address.Port()), "UDPMUX_TEST_FLOW=" + flow.String()}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		got, err := cmd.CombinedOutput()
		if want += "address already in use 0 0 "; err != nil || string(got) != want {
			t.Errorf("multi-user %v: %s (%v), want %s", multiUser, got, err, want)
		}
		if !multiUser { // once, however often an agent tries
			said := d.log.String()
			if strings.Count(said, "multi-user is off") != 1 || strings.Contains(said, "agent refused") {
				t.Errorf("of another user it says\n%s", said)
			}
		}
		c.gets(moshP(toClient, 91))
		if again := exchange(c, b, d.address, tokenHeader(1), 2); again != flow {
			t.Error("the client has another flow")
		}
		d.stop()
	}
}
