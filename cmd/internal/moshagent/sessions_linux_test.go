package moshagent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// Each pair of programs, with and without a daemon: what is typed comes back, and it is the mode that it should be.
func TestMosh(t *testing.T) {
	type pair struct {
		name, modes    string // without modes there is no daemon
		client, server string
		through        string // what the daemon logs of the session
	}
	atOnce(t, func(p pair) string { return p.name }, []pair{
		{"token", "learn,token", clientAgent, sessionAgent, "modes=token"},
		{"token alone", "token", clientAgent, sessionAgent, "modes=token"},
		{"learn", "learn,token", stockClient, sessionAgent, "modes=learn"},
		{"token off", "learn", clientAgent, sessionAgent, "modes=learn"},
		{"learn wanted", "learn,token", clientAgent, "mosh-server-mux --learn", "modes=learn"},
		{"token wanted", "learn,token", clientAgent, "mosh-server-mux --token", "modes=token"},
		{"stock server", "learn,token", clientAgent, stockServer, ""},
		{"no daemon, both agents", "", clientAgent, sessionAgent, ""},
		{"no daemon, session agent", "", stockClient, sessionAgent, ""},
	}, func(t *testing.T, p pair) {
		var daemon []string
		if p.modes != "" {
			daemon = []string{"--modes=" + p.modes}
		}
		m := newMoshTest(t, daemon...)
		x := m.mosh(p.client, p.server)
		if m.daemon != nil {
			log, _ := os.ReadFile(m.daemon.Log)
			registered := strings.Contains(string(log), "msg=session")
			if registered != (p.through != "") || !strings.Contains(string(log), p.through) {
				t.Errorf("the daemon says:\n%s", log)
			}
		}
		x.enter("exit\r")
		x.end()
		m.nothingLeft()
	})
}

// What a user can do with a session, and how it can end: stock mosh alone says what is right.
func TestMoshSession(t *testing.T) {
	type outcome struct{ state, words string }
	var mu sync.Mutex
	outcomes := make(map[string]map[string]outcome) // by end and by pair
	type session struct{ pair, client, server, end string }
	var sessions []session
	for _, end := range []string{"exit", "escape", "hangup", "kill"} {
		outcomes[end] = make(map[string]outcome)
		sessions = append(sessions, session{"stock", stockClient, stockServer, end},
			session{"learn", stockClient, sessionAgent, end}, session{"token", clientAgent, sessionAgent, end})
	}
	atOnce(t, func(s session) string { return s.pair + " " + s.end }, sessions, func(t *testing.T, s session) {
		m := newMoshTest(t, "--modes=learn,token")
		x := m.mosh(s.client, s.server)
		x.resize(97, 31)
		x.expectWhile("31 97", 200*time.Millisecond, func() { x.enter("stty size\r") })
		// A screen that does not get smaller by packing is more than one datagram.
		x.enter(`clear; awk 'BEGIN { srand(7); for (i = 0; i < 3000; i++) printf "%c", 33 + rand() * 90; print "" }'` +
			"\r")
		x.types()
		x.enter("seq 100000\r")
		// mosh-client leaves out what is on the screen already; Ctrl-L makes it draw all, Ctrl-U has the shell forget
		// that.
		x.expectWhile(x.sum(), 500*time.Millisecond, func() { x.enter("\x0c\x15") })
		switch s.end {
		case "exit":
			x.enter("exit 3\r")
		case "escape":
			x.enter("\x1e.")
		case "hangup": // as when the terminal's window is closed
			progtest.Must(t, unix.Kill(x.cmd.Process.Pid, unix.SIGHUP))
		case "kill":
			progtest.Must(t, x.cmd.Process.Kill())
		}
		x.end()
		if s.end == "kill" { // nobody tells mosh-server
			progtest.Must(t, unix.Kill(m.only(stockServer), unix.SIGTERM))
		}
		t.Logf("nothing is left after %v", m.nothingLeft())
		o := outcome{state: x.cmd.ProcessState.String()}
		if words := "[mosh is exiting.]"; x.has(words) {
			o.words = words
		}
		mu.Lock()
		defer mu.Unlock()
		outcomes[s.end][s.pair] = o
	})
	for end, by := range outcomes {
		t.Logf("%s: %v", end, by["stock"])
		for pair, o := range by {
			if o != by["stock"] {
				t.Errorf("%s: with %s it ends with %v, without us with %v", end, pair, o, by["stock"])
			}
		}
	}
}

// In a shell with job control a session is suspended, goes on where it was, and the shell gets its exit code.
func TestMoshSuspended(t *testing.T) {
	atOnce(t, itself, bothClients, func(t *testing.T, client string) {
		m := newMoshTest(t, "--modes=learn,token")
		x := m.open("/bin/sh", "-i")
		x.enter("PS1='outer> '; " +
			strings.Join(m.moshCommand(client, sessionAgent, "env", `"PS1=inner> "`, "sh"), " ") + "\r")
		x.expect("inner>")
		x.types()
		for range 2 {
			x.enter("\x1e\x1a") // Ctrl-^ Ctrl-Z
			x.expect("Stopped")
			x.types() // in the outer shell
			x.enter("fg\r")
			x.types()
		}
		x.enter("exit 3\r")
		x.expect("[mosh is exiting.]")
		x.enter("echo code=:$?:\r")
		x.expect("code=:0:")
		x.enter("exit\r")
		x.end()
		m.nothingLeft()
	})
}

func TestMoshOverIPv6(t *testing.T) {
	if !progtest.HasIPv6() {
		t.Skip("there is no IPv6 here")
	}
	atOnce(t, itself, bothClients, func(t *testing.T, client string) {
		m := newMoshTest(t)
		m.address = "[::1]:0"
		m.startDaemon("--modes=learn,token")
		m.daemon.KeepFor(t)
		x := m.mosh(client, sessionAgent)
		x.enter("exit\r")
		x.end()
		m.nothingLeft()
	})
}

// A stock client where only token is on: the user is told what to do, and no mosh-server is left behind.
func TestMoshWithLearnOff(t *testing.T) {
	t.Parallel()
	m := newMoshTest(t, "--modes=token")
	x := m.open(m.moshCommand(stockClient, sessionAgent, "true")...)
	x.expect("on the client install mosh-client-mux")
	if code := x.end(); code == 0 {
		t.Error("exit code 0")
	}
	m.nothingLeft()
}

// A stock client that gets a token's number ends at once.
func TestMoshStockClientWithToken(t *testing.T) {
	t.Parallel()
	m := newMoshTest(t, "--modes=learn,token")
	x := m.open(m.moshCommand(stockClient, "mosh-server-mux --token", "true")...)
	if code := x.end(); code == 0 {
		t.Error("exit code 0")
	}
}

// Several at once, of both kinds: each has its own.
func TestMoshesAtOnce(t *testing.T) {
	atOnce(t, func(clients []string) string { return strings.Join(clients, " ") }, [][]string{
		{clientAgent, clientAgent, clientAgent},
		{stockClient, stockClient, stockClient},
		{stockClient, clientAgent, stockClient, clientAgent},
	}, func(t *testing.T, clients []string) {
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

// The end of mosh-server is the end of its registration: with room for one session the next one comes in at once.
func TestMoshEndsItsRegistration(t *testing.T) {
	t.Parallel()
	m := newMoshTest(t, "--modes=token", "--max-sessions=1", "--session-poll=1h")
	for range 3 {
		x := m.mosh(clientAgent, sessionAgent)
		x.enter("exit\r")
		x.end()
		m.nothingLeft()
	}
}

// A hundred sessions leave no process, no descriptor of the daemon's, and no file.
func TestHundredMoshes(t *testing.T) {
	t.Parallel()
	m := newMoshTest(t, "--modes=learn,token")
	one := func(t *testing.T, client string) {
		n := *m
		n.T = t
		x := n.open(n.moshCommand(client, sessionAgent, "true")...)
		x.expect("[mosh is exiting.]")
		x.end()
	}
	one(t, clientAgent)
	m.nothingLeft()
	left := func() (files []string) {
		for _, pattern := range []string{fmt.Sprintf("/proc/%d/fd/*", m.daemon.Cmd.Process.Pid), m.dir + "/*"} {
			found, err := filepath.Glob(pattern)
			progtest.Must(t, err)
			files = append(files, found...)
		}
		return files
	}
	before := left()
	clients := make(chan string)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for client := range clients {
				t.Run(client, func(t *testing.T) { one(t, client) })
			}
		})
	}
	for i := range 100 {
		clients <- []string{stockClient, clientAgent}[i%2]
	}
	close(clients)
	workers.Wait()
	m.nothingLeft()
	progtest.Must(t, progtest.Poll(func() error {
		if after := left(); len(after) != len(before) {
			return fmt.Errorf("there is %q, and was %q", after, before)
		}
		return nil
	}))
}
