package cli_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A moshTest has the real mosh, and if asked for a daemon; in place of ssh there is a script that runs the command here.
type moshTest struct {
	*testing.T
	dir, mark string
	env       []string
	daemon    *server
	address   string // the daemon's
}

func newMoshTest(t *testing.T, daemon ...string) *moshTest {
	t.Helper()
	m := &moshTest{T: t, dir: t.TempDir()}
	m.mark = "MUXSPEC_TEST=" + m.dir
	path := os.Getenv("PATH")
	for _, program := range []string{"mosh", "mosh-server", "mosh-client"} {
		path = filepath.Dir(peer(t, program)) + ":" + path
	}
	must(t, os.WriteFile(filepath.Join(m.dir, "ssh"), []byte("#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec sh -c \"$*\"\n"), 0o755))
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "LC_") && !strings.HasPrefix(name, "XDG_") && !strings.HasPrefix(name, "MOSH") {
			m.env = append(m.env, variable)
		}
	}
	m.env = append(m.env, m.mark, "PATH="+path, "LANG=C.UTF-8", "TERM=xterm-256color", "PS1=$ ", "ENV=", "MOSHD_SOCKET="+filepath.Join(m.dir, "moshd.sock"))
	t.Cleanup(func() {
		for _, pid := range marked(m.mark, "") {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if daemon != nil {
		m.address = "127.0.0.1:0"
		m.startDaemon(daemon...)
		m.daemon.keepFor(t)
	}
	return m
}

// startDaemon starts moshd, at the same address each time.
func (m *moshTest) startDaemon(args ...string) {
	m.Helper()
	cmd := exec.Command("moshd", append([]string{"--listen=" + m.address, "--socket=" + filepath.Join(m.dir, "moshd.sock")}, args...)...)
	cmd.Dir, cmd.Env = m.dir, slices.DeleteFunc(slices.Clone(m.env), func(s string) bool { return s == m.mark })
	var err error
	m.daemon, err = startServer(cmd, cmd.Dir)
	must(m.T, err)
	m.address = m.daemon.addresses[0]
}

// mosh starts a session with this client and server, and waits for the shell; with a command it runs that instead.
func (m *moshTest) mosh(client, server string, command ...string) *terminal {
	m.Helper()
	shell := command == nil
	if shell {
		command = []string{"sh"}
	}
	host, _, _ := net.SplitHostPort(m.address)
	if host == "" {
		host = "127.0.0.1"
	}
	args := []string{"--ssh=" + filepath.Join(m.dir, "ssh"), "--experimental-remote-ip=local", "--client=" + client, "--server=" + server, "--family=prefer-inet", host, "--"}
	cmd := exec.Command(peer(m.T, "mosh"), append(args, command...)...)
	cmd.Env, cmd.Dir = m.env, m.dir
	x := openTerminal(m.T, cmd)
	if shell {
		x.expect("$")
		x.types()
	}
	return x
}

const (
	clientAgent, sessionAgent = "mosh-client-mux", "mosh-server-mux"
	stockClient, stockServer  = "mosh-client", "mosh-server"
)

// Each pair of programs, with and without a daemon: what is typed comes back, a new size arrives, the end is that of mosh.
func TestMosh(t *testing.T) {
	for _, test := range []struct {
		name, modes    string // without modes there is no daemon
		client, server string
		through        string // what the daemon logs of the session
	}{
		{"token", "learn,token", clientAgent, sessionAgent, "modes=token"},
		{"token alone", "token", clientAgent, sessionAgent, "modes=token"},
		{"learn", "learn,token", stockClient, sessionAgent, "modes=learn"},
		{"token off", "learn", clientAgent, sessionAgent, "modes=learn"},
		{"learn wanted", "learn,token", clientAgent, "mosh-server-mux --learn", "modes=learn"},
		{"token wanted", "learn,token", clientAgent, "mosh-server-mux --token", "modes=token"},
		{"stock server", "learn,token", clientAgent, stockServer, ""},
		{"no daemon, both agents", "", clientAgent, sessionAgent, ""},
		{"no daemon, session agent", "", stockClient, sessionAgent, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var daemon []string
			if test.modes != "" {
				daemon = []string{"--modes=" + test.modes}
			}
			m := newMoshTest(t, daemon...)
			x := m.mosh(test.client, test.server)
			x.resize(97, 31)
			x.enter("sleep 0.5; stty size\r")
			x.expect("31 97")
			if m.daemon != nil {
				log, _ := os.ReadFile(m.daemon.log)
				if registered := strings.Contains(string(log), "msg=session"); registered != (test.through != "") || !strings.Contains(string(log), test.through) {
					t.Errorf("the daemon says:\n%s", log)
				}
			}
			x.enter("exit 3\r")
			x.expect("[mosh is exiting.]")
			if code := x.end(); code != 0 { // as without us
				t.Errorf("exit code %d", code)
			}
			m.nothingLeft()
		})
	}
}

func TestMoshOverIPv6(t *testing.T) {
	if !hasIPv6() {
		t.Skip("there is no IPv6 here")
	}
	for _, client := range []string{clientAgent, stockClient} {
		t.Run(client, func(t *testing.T) {
			m := newMoshTest(t)
			m.address = "[::1]:0"
			m.startDaemon("--modes=learn,token")
			m.daemon.keepFor(t)
			x := m.mosh(client, sessionAgent)
			x.enter("exit\r")
			x.end()
			m.nothingLeft()
		})
	}
}

// nothingLeft waits until of mosh and the agents nothing runs any more.
func (m *moshTest) nothingLeft() time.Duration {
	m.Helper()
	start := time.Now()
	must(m.T, poll(func() error {
		if pids := marked(m.mark, ""); len(pids) > 0 {
			return fmt.Errorf("processes %v are still there", pids)
		}
		return nil
	}))
	return time.Since(start)
}

// A stock client where only token is on: the user is told what to do, and no mosh-server is left behind.
func TestMoshWithLearnOff(t *testing.T) {
	m := newMoshTest(t, "--modes=token")
	x := m.mosh(stockClient, sessionAgent, "true")
	x.expect("on the client install mosh-client-mux")
	if code := x.end(); code == 0 {
		t.Error("exit code 0")
	}
	m.nothingLeft()
}

// A stock client that gets a token's number ends at once.
func TestMoshStockClientWithToken(t *testing.T) {
	m := newMoshTest(t, "--modes=learn,token")
	x := m.mosh(stockClient, "mosh-server-mux --token", "true")
	start := time.Now()
	if code := x.end(); code == 0 || time.Since(start) > 10*time.Second {
		t.Errorf("exit code %d after %v", code, time.Since(start))
	}
}

// The escape sequence ends the client, and a suspended one goes on where it was.
func TestMoshKeys(t *testing.T) {
	m := newMoshTest(t, "--modes=token")
	x := m.mosh(clientAgent, sessionAgent)
	x.enter("\x1e\x1a") // Ctrl-^ Ctrl-Z
	x.expect("suspended")
	time.Sleep(300 * time.Millisecond)
	for _, pid := range marked(m.mark, stockClient) {
		must(t, syscall.Kill(pid, syscall.SIGCONT))
	}
	x.types()
	relay := marked(m.mark, clientAgent)
	if len(relay) != 1 {
		t.Fatalf("processes %v are relays", relay)
	}
	x.enter("\x1e.")
	x.end()
	t.Logf("the relay ended %v after the client", gone(t, relay[0]))
	for _, pid := range marked(m.mark, stockServer) { // which waits for the client to come back
		syscall.Kill(pid, syscall.SIGKILL)
	}
	t.Logf("the keeper ended %v after mosh-server", m.nothingLeft())
}

// Several at once, of both kinds: each has its own.
func TestMoshesAtOnce(t *testing.T) {
	for _, clients := range [][]string{
		{clientAgent, clientAgent, clientAgent},
		{stockClient, stockClient, stockClient},
		{stockClient, clientAgent, stockClient, clientAgent},
	} {
		t.Run(strings.Join(clients, " "), func(t *testing.T) {
			m := newMoshTest(t, "--modes=learn,token")
			var terminals []*terminal
			for i, client := range clients {
				x := m.mosh(client, sessionAgent)
				x.enter(fmt.Sprintf("me=%d\r", i))
				terminals = append(terminals, x)
			}
			for range 3 {
				for i, x := range terminals {
					x.types()
					x.enter("echo ,$me,\r")
					x.expect(fmt.Sprintf(",%d,", i))
				}
			}
			for _, x := range terminals {
				x.enter("exit\r")
				x.end()
			}
			m.nothingLeft()
		})
	}
}

// The daemon is killed and comes back. A user who types has an answer within 2 s, one who waits within 7 s.
func TestMoshOutlivesDaemon(t *testing.T) {
	for client, aways := range map[string][]time.Duration{
		clientAgent: {0, 12 * time.Second}, // mosh-client takes another port after 10 s without an answer
		stockClient: {0, 3 * time.Second},
	} {
		for _, away := range aways {
			t.Run(fmt.Sprint(client, " ", away), func(t *testing.T) {
				m := newMoshTest(t, "--modes=learn,token")
				x, y := m.mosh(client, sessionAgent), m.mosh(client, sessionAgent)
				m.daemon.kill()
				time.Sleep(away)
				m.startDaemon("--modes=learn,token")
				m.daemon.keepFor(t)
				took := x.types()
				t.Logf("the answer took %v after the daemon's return", took)
				if took > 2*time.Second {
					t.Errorf("the answer took %v after the daemon's return", took)
				}
				y.types()
				x.enter("(sleep 2; echo :$((8+2000000)):) &\r")
				time.Sleep(time.Second) // after which nothing is under way
				m.daemon.kill()
				m.startDaemon("--modes=learn,token")
				m.daemon.keepFor(t)
				took = x.expect(":2000008:")
				t.Logf("without typing, what the server printed meanwhile took %v after the daemon's return", took)
				if took > 7*time.Second {
					t.Errorf("what the server printed took %v", took)
				}
			})
		}
	}
}

// The agent's process in the background is killed: the session goes on.
func TestMoshOutlivesKeeper(t *testing.T) {
	m := newMoshTest(t, "--modes=token")
	x := m.mosh(clientAgent, sessionAgent)
	keepers := marked(m.mark, sessionAgent)
	if len(keepers) != 1 {
		t.Fatalf("processes %v are keepers", keepers)
	}
	must(t, syscall.Kill(keepers[0], syscall.SIGKILL))
	gone(t, keepers[0])
	x.types()
	time.Sleep(2 * time.Second) // --session-poll
	x.types()
	x.enter("exit\r")
	x.end()
}

// The client's address changes: a NAT between client and daemon takes another port.
func TestMoshRoams(t *testing.T) {
	for _, client := range []string{clientAgent, stockClient} {
		t.Run(client, func(t *testing.T) {
			nat := newNAT(t)
			m := newMoshTest(t, fmt.Sprintf("--advertise-port=%d", nat.outside.LocalAddr().(*net.UDPAddr).Port), "--modes=learn,token")
			nat.to(m.address)
			x := m.mosh(client, sessionAgent)
			for range 3 {
				nat.to(m.address)
				took := x.types()
				t.Logf("typing: the answer took %v", took)
				if took > 2*time.Second {
					t.Errorf("the answer took %v", took)
				}
			}
			x.enter("(sleep 2; echo :$((9+2000000)):) &\r")
			time.Sleep(time.Second) // after which nothing is under way
			nat.to(m.address)
			took := x.expect(":2000009:")
			t.Logf("idle: what the server printed took %v", took)
			if took > 5*time.Second {
				t.Errorf("what the server printed took %v", took)
			}
		})
	}
}
