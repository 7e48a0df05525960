package moshagent_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// What the daemon does before WELCOME keeps mosh-server from being started.
func TestSessionAgentRefused(t *testing.T) {
	for name, test := range map[string]struct {
		play   func(c *playedConn)
		reason string
	}{
		"error": {func(c *playedConn) { c.send(udpmux.Frame{Type: udpmux.Error, Code: 2, Text: "too\nmany"}) },
			`refused with ERROR 2: "too\nmany"`},
		"error before HELLO": {func(c *playedConn) {
			c.send(udpmux.Frame{Type: udpmux.Error, Code: 2, Text: "early"})
			c.CloseRead() // so that HELLO cannot be written
		}, `refused with ERROR 2: "early"`},
		"error after HELLO": {func(c *playedConn) {
			c.expect(udpmux.Hello)
			c.send(udpmux.Frame{Type: udpmux.Error, Code: 99})
		}, "refused with ERROR 99"},
		"end": {func(c *playedConn) {}, "the daemon ended the connection"},
		"end in a frame": {func(c *playedConn) { c.expect(udpmux.Hello); c.Write([]byte{0, 4, 2}) },
			"stream ended within a frame"},
		"faulty frame": {func(c *playedConn) { c.expect(udpmux.Hello); c.Write([]byte{0, 0}) }, "frame is empty"},
		"welcome to port 0": {func(c *playedConn) {
			c.expect(udpmux.Hello)
			c.Write([]byte{0, 4, 2, 3, 0, 0})
		}, "bad port"},
		"other frame": {func(c *playedConn) {
			c.expect(udpmux.Hello)
			c.send(udpmux.Frame{Type: udpmux.Registered})
		}, "another type"},
		"learn off": {func(c *playedConn) { c.welcome(udpmux.Token) },
			"learn mode is off: on the client install mosh-client-mux"},
		"port only": {func(c *playedConn) { c.welcome(udpmux.Port) }, "moshd has no mode for this user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "")
			d := playDaemon(t, a.socket)
			wait := inParallel(t, func() {
				c := d.accept()
				test.play(c)
				c.Close()
			})
			a.checkError(a.run("mosh-server-mux", "--socket", a.socket, "new", "-c", "256"), 1, test.reason)
			wait()
			if a.noted("server", new(standIn)) {
				t.Error("mosh-server was started")
			}
		})
	}
}

// The mode that is wanted is off, whatever else is on.
func TestSessionAgentsModeIsOff(t *testing.T) {
	for _, test := range []struct {
		on           udpmux.Mode
		args, reason string
	}{
		{udpmux.Learn, "--token new -c 08", "moshd's token mode is off"},
		{udpmux.Token, "--learn new -c 08", "moshd's learn mode is off"},
		{udpmux.Port, "new -c 08", "moshd has no mode for this user"},
		{0, "new -c 08", "moshd has no mode for this user"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "")
			d := playDaemon(t, a.socket)
			wait := inParallel(t, func() { d.accept().welcome(test.on) })
			a.checkError(a.run("mosh-server-mux", strings.Fields("--socket moshd.sock "+test.args)...), 1, test.reason)
			wait()
			if a.noted("server", new(standIn)) {
				t.Error("mosh-server was started")
			}
		})
	}
}

// After WELCOME there is a mosh-server to end.
func TestSessionAgentNotRegistered(t *testing.T) {
	for name, test := range map[string]struct {
		play   func(c *playedConn)
		reason string
	}{
		"error": {func(c *playedConn) { c.send(udpmux.Frame{Type: udpmux.Error, Code: 2, Text: "full"}) },
			`refused with ERROR 2: "full"`},
		"end":         {func(c *playedConn) {}, "the daemon ended the connection"},
		"bad frame":   {func(c *playedConn) { c.Write([]byte{0, 2, 0x7f, 7}) }, "unknown type"},
		"other frame": {func(c *playedConn) { c.send(udpmux.Frame{Type: udpmux.Welcome, Port: 1}) }, "another type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []string{"", "foreground", "in a session of its own"} {
				a := newAgentTest(t, kind)
				d := playDaemon(t, a.socket)
				wait := inParallel(t, func() {
					c := d.accept()
					c.welcome(udpmux.Learn)
					c.expect(udpmux.Register)
					test.play(c)
					c.Close()
				})
				a.checkError(a.run("mosh-server-mux", "--socket", a.socket, "new"), 1, test.reason)
				wait()
				if !a.noted("background", new(int)) {
					t.Error("mosh-server was not started")
				}
			}
		})
	}
}

// Nothing is registered of a mosh-server that is not as it should be, and nothing of it stays.
func TestSessionAgentWithBadServer(t *testing.T) {
	for kind, reason := range map[string]string{
		"fails":                               "mosh-server: exit status 3",
		"fails late":                          "mosh-server: exit status 1",
		"silent":                              "mosh-server: printed no CONNECT line",
		"no line":                             "mosh-server: printed no CONNECT line",
		"bad number":                          "CONNECT line has a bad number",
		"bad number, in a session of its own": "CONNECT line has a bad number",
		"bad key":                             "CONNECT line has a bad key",
		"any address":                         "bound to 127.0.0.1 and this port, or not this one alone",
		"foreign port":                        "is not its own",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, kind)
			other, err := net.ListenPacket("udp4", "127.0.0.1:0")
			progtest.Must(t, err)
			defer other.Close()
			a.env = append(a.env, "STANDIN_PORT="+strconv.Itoa(other.LocalAddr().(*net.UDPAddr).Port))
			d := playDaemon(t, a.socket)
			wait := inParallel(t, func() {
				c := d.accept()
				c.welcome(udpmux.Learn)
				if f, err := c.frames.Next(); err == nil {
					t.Errorf("the agent sent %+v", f)
				}
			})
			a.checkError(a.run("mosh-server-mux", "--socket", a.socket, "new"), 1, reason)
			wait()
		})
	}
}

// A user who gives up, or whose connection ends, leaves nothing behind.
func TestSessionAgentInterrupted(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"HUP": unix.SIGHUP, "INT": unix.SIGINT, "TERM": unix.SIGTERM} {
		for _, kind := range []string{"never", ""} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				a := newAgentTest(t, kind)
				d := playDaemon(t, a.socket)
				cmd := a.command("mosh-server-mux", "--socket", a.socket, "new")
				progtest.Must(t, cmd.Start())
				c := d.accept()
				c.welcome(udpmux.Learn)
				var pid int
				progtest.Must(t, progtest.Poll(func() error {
					if !a.noted("background", &pid) {
						return os.ErrNotExist
					}
					return nil
				}))
				if kind == "" {
					c.expect(udpmux.Register)
				}
				start := time.Now()
				progtest.Must(t, cmd.Process.Signal(signal))
				cmd.Wait()
				if code := cmd.ProcessState.ExitCode(); code != 1 || time.Since(start) > 5*time.Second {
					t.Errorf("exit code %d after %v", code, time.Since(start))
				}
				if isAlive(pid) {
					t.Error("mosh-server is still there")
				}
			})
		}
	}
}

// Nobody reads the CONNECT line: the session is of no use.
func TestSessionAgentWithClosedOutput(t *testing.T) {
	a := newAgentTest(t, "")
	d := playDaemon(t, a.socket)
	cmd := a.command("mosh-server-mux", "--socket", a.socket, "new")
	r, w, err := os.Pipe()
	progtest.Must(t, err)
	r.Close()
	cmd.Stdout = w
	progtest.Must(t, cmd.Start())
	w.Close()
	d.accept().register(udpmux.Learn)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	var pid int
	if !a.noted("background", &pid) || isAlive(pid) {
		t.Error("mosh-server is still there")
	}
}

// A socket that may not be connected to is not one that nobody listens on.
func TestSessionAgentMayNotConnect(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be another user who may not connect")
	}
	a := newAgentTest(t, "")
	progtest.Must(t, os.Chmod(filepath.Dir(a.dir), 0o755))
	progtest.Must(t, os.Chmod(a.dir, 0o755))
	playDaemon(t, a.socket)
	progtest.Must(t, os.Chmod(a.socket, 0o600))
	program, err := os.ReadFile("/proc/self/exe") // where it is, others may not come
	progtest.Must(t, err)
	progtest.Must(t, os.WriteFile(filepath.Join(a.dir, "mosh-server-mux"), program, 0o755))
	cmd := a.command(filepath.Join(a.dir, "mosh-server-mux"), "--socket", a.socket, "new")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "permission denied") ||
		a.noted("server", new(standIn)) {
		t.Errorf("exit code %d, output %q", code, out)
	}
}
