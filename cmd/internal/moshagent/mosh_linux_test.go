package moshagent_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// A moshTest has the real mosh, and if asked for a daemon; in place of ssh there is a script that runs the command
// here.
type moshTest struct {
	*testing.T
	dir, mark string
	env       []string
	daemon    *progtest.Server
	address   string // the daemon's
	host      string // that clients connect to, if not the daemon's
}

func newMoshTest(t *testing.T, daemon ...string) *moshTest {
	t.Helper()
	m := &moshTest{T: t, dir: t.TempDir(), address: "127.0.0.1:0"}
	m.mark = "MUXSPEC_TEST=" + m.dir
	path := os.Getenv("PATH")
	for _, program := range []string{"mosh", "mosh-server", "mosh-client"} {
		path = filepath.Dir(progtest.Peer(t, program)) + ":" + path
	}
	progtest.Must(t, os.WriteFile(filepath.Join(m.dir, "ssh"), []byte(`#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
exec sh -c "$*"
`), 0o755))
	for _, variable := range os.Environ() {
		hasPrefix := func(prefix string) bool { return strings.HasPrefix(variable, prefix) }
		if !slices.ContainsFunc([]string{"LC_", "XDG_", "MOSH"}, hasPrefix) {
			m.env = append(m.env, variable)
		}
	}
	m.env = append(m.env, m.mark, "PATH="+path, "LANG=C.UTF-8", "TERM=xterm-256color", "PS1=$ ", "ENV=",
		"HOME="+m.dir, "TMPDIR="+m.dir, "MOSHD_SOCKET="+filepath.Join(m.dir, "moshd.sock"))
	t.Cleanup(func() {
		for _, pid := range marked(m.mark, "") {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if daemon != nil {
		// Not a port that the system gives to others while the daemon is away, nor an address that others use.
		m.address = fmt.Sprintf("127.%d.%d.%d:%d", 1+rand.IntN(63), rand.IntN(256),
			1+rand.IntN(254), 10000+rand.IntN(20000))
		m.startDaemon(daemon...)
		m.daemon.KeepFor(t)
	}
	return m
}

// startDaemon starts moshd, at the same address each time.
func (m *moshTest) startDaemon(args ...string) {
	m.Helper()
	cmd := exec.Command("moshd",
		append([]string{"--listen=" + m.address, "--socket=" + filepath.Join(m.dir, "moshd.sock")}, args...)...)
	cmd.Dir, cmd.Env = m.dir, slices.DeleteFunc(slices.Clone(m.env), func(s string) bool { return s == m.mark })
	var err error
	m.daemon, err = progtest.StartServer(cmd, cmd.Dir)
	progtest.Must(m.T, err)
	m.address = m.daemon.Addresses[0]
}

// moshCommand is the command line of a session with this client and server.
func (m *moshTest) moshCommand(client, server string, command ...string) []string {
	host := m.host
	if host == "" {
		host, _, _ = net.SplitHostPort(m.address)
	}
	args := []string{"mosh", "--ssh=" + filepath.Join(m.dir, "ssh"), "--experimental-remote-ip=local",
		"--family=prefer-inet"}
	return append(append(args, "--client="+client, "--server="+server, host, "--"), command...)
}

// open starts a program in a terminal.
func (m *moshTest) open(argv ...string) *terminal {
	m.Helper()
	path := argv[0]
	if path == "mosh" {
		path = progtest.Peer(m.T, "mosh")
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Env, cmd.Dir = m.env, m.dir
	return openTerminal(m.T, cmd)
}

// mosh starts a session with this client and server, and waits for the shell.
func (m *moshTest) mosh(client, server string) *terminal {
	m.Helper()
	x := m.open(m.moshCommand(client, server, "sh")...)
	x.expect("$")
	x.types()
	return x
}

// nothingLeft waits until of mosh and the agents nothing runs any more.
func (m *moshTest) nothingLeft() time.Duration {
	m.Helper()
	start := time.Now()
	for ; ; time.Sleep(50 * time.Millisecond) {
		switch pids := marked(m.mark, ""); {
		case len(pids) == 0:
			return time.Since(start)
		case time.Since(start) > progtest.Patience:
			m.Fatalf("processes %v are still there", pids)
		}
	}
}

// only is the one process of the session that is the program.
func (m *moshTest) only(program string) (pid int) {
	m.Helper()
	pids := marked(m.mark, program)
	if len(pids) != 1 {
		m.Fatalf("processes %v are %s", pids, program)
	}
	return pids[0]
}

// atOnce runs subtests at the same time: they mostly wait, and t.Parallel would let only one per processor run.
func atOnce[C any](t *testing.T, name func(C) string, cases []C, test func(t *testing.T, c C)) {
	t.Parallel()
	var all sync.WaitGroup
	for _, c := range cases {
		all.Go(func() { t.Run(name(c), func(t *testing.T) { test(t, c) }) })
	}
	all.Wait()
}

const (
	clientAgent, sessionAgent = "mosh-client-mux", "mosh-server-mux"
	stockClient, stockServer  = "mosh-client", "mosh-server"
)

var bothClients = []string{stockClient, clientAgent}

func itself(name string) string { return name }
