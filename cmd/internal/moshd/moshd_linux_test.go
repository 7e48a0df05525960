package moshd_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// daemonTest is a moshd in a directory of its own, in which its socket s is.
type daemonTest struct {
	*progtest.Server
	dir string
	to  netip.AddrPort
}

// serveMoshd starts moshd, on a free port of 127.0.0.1 unless args say otherwise.
func serveMoshd(t *testing.T, dir string, args ...string) *daemonTest {
	t.Helper()
	return serveMoshdCommand(t, dir, exec.Command("moshd", append([]string{"--socket=" + dir + "/s"}, args...)...))
}

func serveMoshdCommand(t *testing.T, dir string, cmd *exec.Cmd) *daemonTest {
	t.Helper()
	if !strings.Contains(strings.Join(cmd.Args, " "), "--listen") && cmd.ExtraFiles == nil {
		cmd.Args = append(cmd.Args, "--listen=127.0.0.1:0")
	}
	cmd.Dir = dir
	s, err := progtest.StartServer(cmd, cmd.Dir)
	progtest.Must(t, err)
	s.KeepFor(t)
	return &daemonTest{s, dir, netip.MustParseAddrPort(s.Addresses[0])}
}

// privateDir is a directory that only this user can write to.
func privateDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	progtest.Must(t, os.Chmod(dir, 0o755))
	return dir
}

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	progtest.Must(t, err)
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(progtest.Patience))
	return c
}

var moshdKey = udpmux.RegistrationKey([16]byte{15: 7})

// register registers the backend b for all modes that are on, which want are.
func (m *daemonTest) register(t *testing.T, b *net.UDPConn, want udpmux.Mode) *agent.Conn {
	t.Helper()
	a, err := agent.SocketDialer(m.dir + "/s").Connect(t.Context())
	progtest.Must(t, err)
	t.Cleanup(func() { a.Close() })
	if a.Modes != want || a.Port != m.to.Port() {
		t.Errorf("WELCOME has %v, %d", a.Modes, a.Port)
	}
	port := b.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	progtest.Must(t, a.Register(t.Context(),
		udpmux.Frame{Type: udpmux.Register, Modes: a.Modes, Port: port, S: moshdKey}))
	return a
}

// exchange carries a datagram from c to b, and one back.
func (m *daemonTest) exchange(t *testing.T, c, b *net.UDPConn, h udpmux.Header) {
	t.Helper()
	P := append(make([]byte, 24), "to the server"...)
	D, err := udpmux.AppendClient(nil, h, P)
	progtest.Must(t, err)
	_, err = c.WriteToUDPAddrPort(D, m.to)
	progtest.Must(t, err)
	buffer := make([]byte, 3000)
	n, flow, err := b.ReadFromUDPAddrPort(buffer)
	if string(buffer[:n]) != string(P) {
		t.Fatalf("the session received %q (%v)", buffer[:n], err)
	}
	P[0] = 0x80
	_, err = b.WriteToUDPAddrPort(P, flow)
	progtest.Must(t, err)
	n, from, err := c.ReadFromUDPAddrPort(buffer)
	if string(buffer[:n]) != string(P) || from != m.to {
		t.Fatalf("the client received %q from %v (%v)", buffer[:n], from, err)
	}
}

func tokenOfMoshdKey() udpmux.Header {
	return udpmux.Header{Mode: udpmux.Token, T: udpmux.TokenOf(moshdKey)}
}

// A session from its beginning to the daemon's end; the log tells who, and no secrets; SIGUSR1 tells what was dropped.
func TestMoshDSession(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t))
	b, c := listenUDP(t), listenUDP(t)
	m.register(t, b, udpmux.Learn|udpmux.Token)
	m.exchange(t, c, b, tokenOfMoshdKey())
	m.exchange(t, c, b, udpmux.Header{Mode: udpmux.Learn})
	c.WriteToUDPAddrPort([]byte{2}, m.to)
	m.exchange(t, c, b, tokenOfMoshdKey()) // after it, so that it was read
	progtest.Must(t, m.Cmd.Process.Signal(unix.SIGUSR1))
	progtest.Must(t, progtest.Poll(func() error { return m.logged(`"form is reserved"=1`) }))
	progtest.Must(t, m.Cmd.Process.Signal(unix.SIGTERM))
	m.ends(t)
	for _, want := range []string{`session=1 uid=` + fmt.Sprint(os.Geteuid()), `client=` + c.LocalAddr().String(),
		`modes="?learn,token`} {
		progtest.Must(t, m.logged(want))
	}
	T := udpmux.TokenOf(moshdKey)
	log, err := os.ReadFile(m.Log)
	progtest.Must(t, err)
	for _, secret := range [][]byte{moshdKey[:6], T[:6], []byte("to the server")} {
		for _, text := range []string{string(secret), hex.EncodeToString(secret),
			base64.StdEncoding.EncodeToString(secret)} {
			if strings.Contains(string(log), text) {
				t.Errorf("the log has %q", text)
			}
		}
	}
	for _, file := range []string{"s", "address"} {
		if _, err := os.Stat(filepath.Join(m.dir, file)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", file, err)
		}
	}
}

func (m *daemonTest) logged(pattern string) error {
	log, err := os.ReadFile(m.Log)
	if err == nil && !regexp.MustCompile(pattern).Match(log) {
		err = fmt.Errorf("the log has no %s", pattern)
	}
	return err
}

func (m *daemonTest) ends(t *testing.T) {
	t.Helper()
	code, err := m.Wait()
	if code != 0 || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
}

// Killed, it leaves its socket, which does not keep the next from starting; the session goes on where its agent comes
// again.
func TestMoshDKilled(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t))
	b, c := listenUDP(t), listenUDP(t)
	m.register(t, b, udpmux.Learn|udpmux.Token)
	m.exchange(t, c, b, tokenOfMoshdKey())
	m.Kill()
	m = serveMoshd(t, m.dir, "--listen="+m.Addresses[0])
	m.register(t, b, udpmux.Learn|udpmux.Token)
	m.exchange(t, c, b, tokenOfMoshdKey())
}

// A second daemon starts neither on the same socket nor on the same port, and the first one goes on.
func TestMoshDSecond(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t))
	got := progtest.Run(t, nil, "moshd", "--listen=127.0.0.1:0", "--socket="+m.dir+"/s")
	want := "moshd: socket \"" + m.dir + "/s\": another daemon listens on it\n"
	if got != (progtest.Result{Code: 1, Stderr: want}) {
		t.Errorf("got %+v", got)
	}
	got = progtest.Run(t, nil, "moshd", "--listen="+m.Addresses[0], "--socket="+privateDir(t)+"/s")
	want = "moshd: listen udp4 " + m.Addresses[0] + ": bind: address already in use\n"
	if got != (progtest.Result{Code: 1, Stderr: want}) {
		t.Errorf("got %+v", got)
	}
	b := listenUDP(t)
	m.register(t, b, udpmux.Learn|udpmux.Token)
	m.exchange(t, listenUDP(t), b, tokenOfMoshdKey())
}

func TestMoshDSocketRefused(t *testing.T) {
	t.Parallel()
	open, group := t.TempDir(), t.TempDir()
	progtest.Must(t, os.Mkdir(open+"/d", 0o755))
	progtest.Must(t, os.Symlink(open+"/d", group+"/link"))
	progtest.Must(t, os.Chmod(open, 0o777))
	progtest.Must(t, os.Chmod(group, 0o775))
	file := privateDir(t)
	progtest.Must(t, os.WriteFile(file+"/s", nil, 0o600))
	for dir, want := range map[string]string{
		open:                                  "others can write to " + open + " (mode 0777)",
		open + "/d":                           "others can write to " + open + " (mode 0777)",
		group:                                 "others can write to " + group + " (mode 0775)",
		group + "/link":                       "others can write to " + group + " (mode 0775)",
		file + "/s":                           file + "/s is no directory",
		file + "/x/y":                         "open " + file + "/x/y: no such file or directory",
		file:                                  "there is a file that is not a socket",
		file + "/" + strings.Repeat("x", 100): "the path is longer than 107 bytes",
	} {
		got := progtest.Run(t, nil, "moshd", "--listen=127.0.0.1:0", "--socket="+dir+"/s")
		if want := "moshd: socket \"" + dir + "/s\": " + want + "\n"; got != (progtest.Result{Code: 1, Stderr: want}) {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
	got := progtest.Run(t, nil, "moshd", "--listen=127.0.0.1:0", "--socket-group=no such group",
		"--socket="+privateDir(t)+"/s")
	const want = "moshd: socket-group \"no such group\": there is no such group\nTry 'moshd --help'.\n"
	if got != (progtest.Result{Code: 2, Stderr: want}) {
		t.Errorf("got %+v", got)
	}
}

func TestMoshDSocketMode(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]os.FileMode{"": 0o600, "--multi-user": 0o660, "--socket-mode=640": 0o640} {
		m := serveMoshd(t, privateDir(t), strings.Fields(args)...)
		info, err := os.Stat(m.dir + "/s")
		progtest.Must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%q: mode %v", args, info.Mode())
		}
		a, err := agent.SocketDialer(m.dir + "/s").Connect(t.Context())
		progtest.Must(t, err)
		a.Close()
		if learn := a.Modes&udpmux.Learn != 0; learn == (args == "--multi-user") {
			t.Errorf("%q: modes %v", args, a.Modes)
		}
	}
}

// The socket's path comes from the environment where no option says it; the rest from the user's file.
func TestMoshDEnvironment(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"MOSHD_SOCKET=HERE/s", "XDG_RUNTIME_DIR=HERE"} {
		dir := privateDir(t)
		cmd := exec.Command("moshd", "--config="+dir+"/toml", "--listen=127.0.0.1:0")
		progtest.Must(t, os.WriteFile(dir+"/toml",
			[]byte("modes = \"port\"\nrequire = true\nlisten = [\"127.0.0.1:1\"]\nhello-timeout = \"100ms\"\n"), 0o600))
		cmd.Env = append(os.Environ(), "MOSHD_SOCKET=", strings.ReplaceAll(variable, "HERE", dir))
		serveMoshdCommand(t, dir, cmd)
		path := dir + "/s"
		if strings.HasPrefix(variable, "XDG") {
			path = dir + "/moshd.sock"
		}
		a, err := agent.SocketDialer(path).Connect(t.Context())
		progtest.Must(t, err)
		a.Close()
		if a.Modes != udpmux.Port {
			t.Errorf("modes %v", a.Modes)
		}
	}
}

// The example of a configuration is one, and serves many users.
func TestMoshDExample(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs("../../../docs/units/moshd.toml")
	progtest.Must(t, err)
	m := serveMoshd(t, privateDir(t), "--config="+file)
	m.register(t, listenUDP(t), udpmux.Token)
	info, err := os.Stat(m.dir + "/s")
	progtest.Must(t, err)
	if info.Mode().Perm() != 0o666 {
		t.Errorf("mode %v", info.Mode())
	}
}

// All listeners have one port, also with port 0.
func TestMoshDListeners(t *testing.T) {
	t.Parallel()
	if !progtest.HasIPv6() {
		t.Skip("there is no IPv6 here")
	}
	m := serveMoshd(t, privateDir(t), "--listen=127.0.0.1:0", "--listen=[::1]:0", "--listen=127.0.0.3:0")
	port := m.to.Port()
	want := fmt.Sprintf("[127.0.0.1:%d [::1]:%d 127.0.0.3:%d]", port, port, port)
	if got := fmt.Sprint(m.Addresses); got != want {
		t.Errorf("listens on %s, not %s", got, want)
	}
}

// A service manager's sockets are taken, and nobody else can bind the port any more, whatever options the manager set.
func TestMoshDActivation(t *testing.T) {
	t.Parallel()
	dir := privateDir(t)
	udp := listenUDP(t)
	raw, err := udp.SyscallConn()
	progtest.Must(t, err)
	raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	agents := progtest.Listen(t, "unix", dir+"/s").(*net.UnixListener)
	cmd := progtest.ActivationOf(t, []progtest.Filer{udp, agents}, "moshd")
	m := serveMoshdCommand(t, dir, cmd)
	if m.Addresses[0] != udp.LocalAddr().String() {
		t.Errorf("listens on %v", m.Addresses)
	}
	raw.Control(func(fd uintptr) {
		for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
			if n, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, option); n != 0 {
				t.Errorf("option %d is set", option)
			}
		}
	})
	b, c := listenUDP(t), listenUDP(t)
	m.register(t, b, udpmux.Learn|udpmux.Token)
	m.exchange(t, c, b, tokenOfMoshdKey())
	progtest.Must(t, m.Cmd.Process.Signal(unix.SIGINT))
	m.ends(t)
}

// A service manager's sockets must be of the right kind, with one port, and as safe as the daemon's own.
func TestMoshDActivationRefused(t *testing.T) {
	t.Parallel()
	open := t.TempDir()
	progtest.Must(t, os.Chmod(open, 0o777))
	one, two := listenUDP(t), listenUDP(t)
	for want, sockets := range map[string][]progtest.Filer{
		"socket activation: a stream socket that is not the only Unix listener": {
			progtest.Listen(t, "tcp", "127.0.0.1:0").(*net.TCPListener)},
		"socket activation: socket \"" + open + "/s\": others can write to " + open + " (mode 0777)": {
			progtest.Listen(t, "unix", open+"/s").(*net.UnixListener)},
		fmt.Sprintf("listeners %v and %v have different ports, and clients are told one",
			one.LocalAddr(), two.LocalAddr()): {one, two},
	} {
		cmd := progtest.ActivationOf(t, sockets, "moshd")
		s, err := progtest.StartProgram(cmd, progtest.LogFile(t))
		progtest.Must(t, err)
		t.Cleanup(s.Kill)
		code, err := s.Wait()
		log, _ := os.ReadFile(s.Log)
		if got := string(log); code != 1 || err != nil || got != "moshd: "+want+"\n" {
			t.Errorf("it said %q (%d, %v), not %s", got, code, err, want)
		}
	}
}

// SIGHUP reads the configuration again; a bad one changes nothing, and sockets stay as they are. Sessions go on.
func TestMoshDReload(t *testing.T) {
	t.Parallel()
	dir := privateDir(t)
	file := dir + "/moshd.toml"
	write := func(text string) { progtest.Must(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("modes = \"token,port\"\n")
	m := serveMoshd(t, dir, "--config="+file, "--max-sessions=2")
	b, c := listenUDP(t), listenUDP(t)
	m.register(t, b, udpmux.Token|udpmux.Port)
	m.exchange(t, c, b, tokenOfMoshdKey())
	for _, step := range []struct {
		text, log string
		modes     udpmux.Mode
	}{
		{"modes = \"token\"\nadvertise-port = 443\n", `configuration read again" file=`, udpmux.Token},
		{"modes = \"token\"\nmax-flows = 0\n", `the old configuration stays" error=".*moshd.toml:2: ` +
			`max-flows 0: must be`, udpmux.Token},
		{"modes = \"learn,token\"\nsocket-mode = \"0666\"\n", `a change of the sockets needs a restart`,
			udpmux.Learn | udpmux.Token},
	} {
		write(step.text)
		progtest.Must(t, m.Cmd.Process.Signal(unix.SIGHUP))
		progtest.Must(t, progtest.Poll(func() error { return m.logged(step.log) }))
		a, err := agent.SocketDialer(m.dir + "/s").Connect(t.Context())
		progtest.Must(t, err)
		a.Close()
		port := m.to.Port()
		if step.modes == udpmux.Token {
			port = 443
		}
		if a.Modes != step.modes || a.Port != port {
			t.Errorf("after %q WELCOME has %v, %d", step.text, a.Modes, a.Port)
		}
		m.exchange(t, c, b, tokenOfMoshdKey())
	}
}

// moshd as another user serves that user: root gets no mode, and the port is not to be had below 1024.
func TestMoshDOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	above, err := os.MkdirTemp("", "moshd") // which others can reach, and root has given them what is below
	progtest.Must(t, err)
	t.Cleanup(func() { os.RemoveAll(above) })
	dir := above + "/d"
	progtest.Must(t, errors.Join(os.Chmod(above, 0o755), os.Mkdir(dir, 0o755), os.Chown(dir, 65534, 65534)))
	self, err := os.ReadFile("/proc/self/exe")
	progtest.Must(t, err)
	progtest.Must(t, os.WriteFile(dir+"/moshd", self, 0o755))
	asNobody := func(args ...string) *exec.Cmd {
		cmd := exec.Command(dir+"/moshd", append([]string{"--socket=" + dir + "/s", "--config=/dev/null"}, args...)...)
		cmd.Args[0] = "moshd"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return cmd
	}
	m := serveMoshdCommand(t, dir, asNobody())
	a, err := agent.SocketDialer(dir + "/s").Connect(t.Context())
	progtest.Must(t, err)
	a.Close()
	if a.Modes != 0 {
		t.Errorf("root gets the modes %v of another user's daemon", a.Modes)
	}
	m.Kill()
	if text, _ := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); string(text) != "1024\n" {
		t.Skipf("here every user has the ports from %s on", text)
	}
	var stderr strings.Builder
	cmd := asNobody("--listen=127.0.0.1:443")
	cmd.Dir, cmd.Stderr = "/", &stderr
	cmd.Run()
	const want = "moshd: listen udp4 127.0.0.1:443: bind: permission denied: " +
		"a port below 1024 needs root or CAP_NET_BIND_SERVICE\n"
	if got := stderr.String(); got != want {
		t.Errorf("got %q (%v)", got, cmd.ProcessState)
	}
}

// When nothing comes it uses no CPU worth speaking of, with a session, too.
func TestMoshDIdle(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t))
	m.register(t, listenUDP(t), udpmux.Learn|udpmux.Token)
	ticks := func() (n int) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.Cmd.Process.Pid))
		progtest.Must(t, err)
		fields := strings.Fields(string(text)[strings.LastIndex(string(text), ")")+1:])
		for _, field := range fields[11:13] {
			var used int
			fmt.Sscan(field, &used)
			n += used
		}
		return n
	}
	before := ticks()
	time.Sleep(3 * time.Second)
	if used := ticks() - before; used > 15 { // of 300; the race detector takes its part
		t.Errorf("%d hundredths of a second in 3 s", used)
	}
}
