package moshagent_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// What mosh is told with learn and with token, where the external port is 60000.
const (
	learnLine = "MOSH CONNECT 60000 " + standInKey + "\n"
	tokenLine = "MOSH CONNECT 10737478240 " + standInKey + "\n"
)

func TestSessionAgent(t *testing.T) {
	const learn, token, both = udpmux.Learn, udpmux.Token, udpmux.Learn | udpmux.Token
	for _, test := range []struct {
		name, kind string
		on         udpmux.Mode
		args       string // the agent's
		server     string // mosh-server's
		modes      udpmux.Mode
		line       string
	}{
		{"stock client", "", both, "new -s -c 256 -l LANG=C.UTF-8", "new -s -c 256 -l LANG=C.UTF-8 -i 127.0.0.1 -p 0",
			learn, learnLine},
		{"client agent", "", both, "new -s -c 0256", "new -s -c 0256 -i 127.0.0.1 -p 0", token, tokenLine},
		{"client agent without colours", "", both, "new -c 00 -s", "new -c 00 -s -i 127.0.0.1 -p 0", token, tokenLine},
		{"terminal without colours", "", both, "new -c 0", "new -c 0 -i 127.0.0.1 -p 0", learn, learnLine},
		{"no number of colours", "", both, "new -c 0x8", "new -c 0x8 -i 127.0.0.1 -p 0", learn, learnLine},
		{"no colours", "", both, "new", "new -i 127.0.0.1 -p 0", learn, learnLine},
		{"command", "", both, "new -s -- sh -c 08", "new -s -i 127.0.0.1 -p 0 -- sh -c 08", learn, learnLine},
		{"command with dashes", "", both, "new -l -- -c 08 -- a -- b", "new -l -- -c 08 -i 127.0.0.1 -p 0 -- a -- b",
			token, tokenLine},
		{"user's port and address", "", both, "new -p 61000:61010 -i 0.0.0.0 -- x",
			"new -p 61000:61010 -i 0.0.0.0 -i 127.0.0.1 -p 0 -- x", learn, learnLine},
		{"options in one", "", both, "new -svc08", "new -svc08 -i 127.0.0.1 -p 0", token, tokenLine},
		{"last colours count", "", both, "new -c 08 -c8", "new -c 08 -c8 -i 127.0.0.1 -p 0", learn, learnLine},
		{"--token", "", both, "--token new -c 8", "new -c 8 -i 127.0.0.1 -p 0", token, tokenLine},
		{"--learn", "", both, "--learn new -c 08", "new -c 08 -i 127.0.0.1 -p 0", learn, learnLine},
		{"token off", "", learn, "new -c 08", "new -c 08 -i 127.0.0.1 -p 0", learn, learnLine},
		{"all modes and unknown ones", "", 0xff, "new -c 08", "new -c 08 -i 127.0.0.1 -p 0", token, tokenLine},
		{"other lines", "other lines", both, "new", "new -i 127.0.0.1 -p 0", learn,
			"hello\n\n MOSH CONNECT 1 x\nMOSH IP ::1\n" + learnLine},
		{"blanks after", "blanks", both, "new", "new -i 127.0.0.1 -p 0", learn, learnLine},
		{"foreground", "foreground", both, "new", "new -i 127.0.0.1 -p 0", learn, learnLine},
		{"session of its own", "in a session of its own", both, "new", "new -i 127.0.0.1 -p 0", learn, learnLine},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, test.kind)
			d := playDaemon(t, a.socket)
			var got udpmux.Frame
			wait := inParallel(t, func() { got = d.accept().register(test.on) })
			r := a.run("mosh-server-mux", strings.Fields("--socket moshd.sock "+test.args)...)
			wait()
			if r != (progtest.Result{Stdout: test.line}) {
				t.Errorf("got %+v", r)
			}
			var server standIn
			if !a.noted("server", &server) || strings.Join(server.Args, " ") != test.server {
				t.Errorf("mosh-server got %q", server.Args)
			}
			if got.Modes != test.modes || got.S != standInS || !isBound(t, got.Port) {
				t.Errorf("registered is %+v", got)
			}
		})
	}
}

// isBound says whether 127.0.0.1 has this UDP port in use.
func isBound(t *testing.T, port uint16) bool {
	t.Helper()
	c, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		c.Close()
	}
	return err != nil
}

// The client must not be told before the daemon knows.
func TestSessionAgentWaitsForRegistered(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "")
	d := playDaemon(t, a.socket)
	cmd := a.command("mosh-server-mux", "--socket", a.socket, "new")
	stdout, err := cmd.StdoutPipe()
	progtest.Must(t, err)
	progtest.Must(t, cmd.Start())
	c := d.accept()
	c.welcome(udpmux.Learn)
	c.expect(udpmux.Register)
	stdout.(*os.File).SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	b := make([]byte, 100)
	if n, err := stdout.Read(b); !os.IsTimeout(err) {
		t.Errorf("before REGISTERED there is %q (%v)", b[:n], err)
	}
	c.send(udpmux.Frame{Type: udpmux.Registered, ID: 1})
	stdout.(*os.File).SetReadDeadline(time.Now().Add(progtest.Patience))
	if n, err := stdout.Read(b); string(b[:n]) != learnLine {
		t.Errorf("after REGISTERED there is %q (%v)", b[:n], err)
	}
	progtest.Must(t, cmd.Wait())
}

// Where mosh-server takes its time, the daemon may have closed the connection by then: the agent makes another.
func TestSessionAgentWithSlowServer(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "slow")
	d := playDaemon(t, a.socket)
	wait := inParallel(t, func() {
		d.accept().welcome(udpmux.Learn)
		d.accept().register(udpmux.Learn)
	})
	if r := a.run("mosh-server-mux", "--socket", a.socket, "new"); r != (progtest.Result{Stdout: learnLine}) {
		t.Errorf("got %+v", r)
	}
	wait()
}

func TestSessionAgentWithoutDaemon(t *testing.T) {
	for _, test := range []struct{ name, args, server string }{
		{"as ever", "new -s -c 0256 -p 60000:61000 -- sh", "new -s -c 0256 -p 60000:61000 -- sh"},
		{"own options", "--token --socket moshd.sock new -c 8", "new -c 8"},
		{"not new", "-x foo", "-x foo"},
		{"unknown long option", "--verbose -s", "--verbose -s"},
		{"no argument", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "fails")
			a.env = append(a.env, "MOSHD_SOCKET="+a.socket)
			got := a.run("mosh-server-mux", strings.Fields(test.args)...)
			var server standIn
			if got.Code != 3 || got.Stdout != "" || !strings.HasSuffix(got.Stderr, "I fail\n") {
				t.Errorf("got %+v", got)
			}
			if !a.noted("server", &server) || strings.Join(server.Args, " ") != test.server {
				t.Errorf("mosh-server got %q", server.Args)
			}
			if lines := strings.Count(got.Stderr, "\n"); lines != 2 && strings.Contains(test.args, "new") {
				t.Errorf("%q is not one line more", got.Stderr)
			}
		})
	}
}

// What mosh-server says on standard error comes after the CONNECT line, as without the agent.
func TestSessionAgentsStandardError(t *testing.T) {
	for _, options := range []string{"", "-v"} { // with which mosh-server goes on talking
		t.Run(options, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "talks")
			d := playDaemon(t, a.socket)
			wait := inParallel(t, func() { d.accept().register(udpmux.Learn) })
			cmd := a.command("mosh-server-mux", strings.Fields("--socket moshd.sock new "+options)...)
			output, err := cmd.CombinedOutput()
			progtest.Must(t, err)
			wait()
			want := learnLine + "hello\n"
			if options == "-v" {
				want = "hello\n" + learnLine
			}
			if string(output) != want {
				t.Errorf("the output is %q", output)
			}
		})
	}
}

// A dead daemon's socket, and where the socket may be.
func TestSessionAgentsSockets(t *testing.T) {
	a := newAgentTest(t, "fails")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: a.socket})
	progtest.Must(t, err)
	l.SetUnlinkOnClose(false)
	l.Close()
	if got := a.run("mosh-server-mux", "--socket", a.socket, "new"); got.Code != 3 {
		t.Errorf("nobody listens: %+v", got)
	}
	progtest.Must(t, os.Remove(a.socket))
	d := playDaemon(t, a.socket)
	progtest.Must(t, os.WriteFile(filepath.Join(a.dir, "socket.toml"),
		[]byte("socket = \"moshd.sock\"\nmax-sessions = 7\n"), 0o600))
	for name, test := range map[string]struct{ variable, args string }{
		"option":      {"MOSHD_SOCKET=/nowhere", "--socket moshd.sock new"},
		"environment": {"MOSHD_SOCKET=" + a.socket, "new"},
		"file":        {"MOSHD_SOCKET=", "--config socket.toml new"},
		"runtime":     {"XDG_RUNTIME_DIR=" + a.dir, "new"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/run/moshd/moshd.sock"); err == nil && name == "runtime" {
				t.Skip("there is a daemon on this machine")
			}
			b := *a
			b.T, b.env = t, append(slices.Clone(a.env), test.variable)
			wait := inParallel(t, func() { d.accept().welcome(0) })
			b.checkError(b.run("mosh-server-mux", strings.Fields(test.args)...), 1, "moshd has no mode for this user")
			wait()
		})
	}
}

func TestSessionAgentRequiresDaemon(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "")
	progtest.Must(t, os.WriteFile(filepath.Join(a.dir, "require.toml"), []byte("require = true\n"), 0o600))
	a.checkError(a.run("mosh-server-mux", "--socket", a.socket, "--require", "new"), 1,
		"no daemon at "+a.socket+", and one is required")
	a.checkError(a.run("mosh-server-mux", "--socket", a.socket, "--config", "require.toml", "new"),
		1, "no daemon at "+a.socket)
	if a.noted("server", new(standIn)) {
		t.Error("mosh-server was started")
	}
	got := a.run("mosh-server-mux", "--socket", a.socket, "--config", "require.toml", "--require=false", "new")
	if got.Code != 0 || got.Stdout == "" {
		t.Errorf("the option does not win: %+v", got)
	}
}

func TestWrongOptionsOfSessionAgent(t *testing.T) {
	for _, test := range []struct{ args, complaint string }{
		{"--token --learn new", "--token and --learn exclude each other"},
		{"--colour new", "unknown flag: --colour"},
		{"--require -- x", "the word new is missing after the options"},
		{"--socket= new", "--socket: the path is empty"},
		{"--config none.toml new", "open none.toml: no such file or directory"},
		{"--config bad.toml new", `bad.toml:2:1: unknown key "requires"`},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "")
			progtest.Must(t, os.WriteFile(filepath.Join(a.dir, "bad.toml"),
				[]byte("require = true\nrequires = 1\n"), 0o600))
			progtest.CheckComplaint(t, a.run("mosh-server-mux", strings.Fields(test.args)...),
				"mosh-server-mux", test.complaint)
			if a.noted("server", new(standIn)) {
				t.Error("mosh-server was started")
			}
		})
	}
}

// A link named mosh-server that leads to the agent is not the real one: an administrator may put it there for stock
// clients.
func TestSessionAgentIsNotMoshServer(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "fails")
	links := t.TempDir()
	a.env = append(a.env, "PATH=:.:"+links+":"+a.dir+":"+os.Getenv("PATH"))
	program := filepath.Join(links, "program", "mosh-server-mux")
	progtest.Must(t, os.Mkdir(filepath.Dir(program), 0o755))
	progtest.Must(t, os.WriteFile(program, []byte("#!/bin/sh\nexit 8\n"), 0o755))
	progtest.Must(t, os.Symlink(program, filepath.Join(links, "mosh-server")))
	if got := a.run("mosh-server-mux", "--socket", a.socket, "new"); got.Code != 3 {
		t.Errorf("got %+v", got)
	}
	agent, err := exec.LookPath("mosh-server-mux")
	progtest.Must(t, err)
	program, err = filepath.EvalSymlinks(agent)
	progtest.Must(t, err)
	progtest.Must(t, os.Remove(filepath.Join(links, "mosh-server")))
	progtest.Must(t, os.Link(program, filepath.Join(links, "mosh-server"))) // the program itself, under another name
	a.env = append(a.env, "PATH="+links+":"+filepath.Dir(agent))
	// Were it run, it would be without end: --require is in front of that.
	a.checkError(a.run("mosh-server-mux", "--socket", a.socket, "--require", "new"), 1,
		"there is no mosh-server on PATH")
}
