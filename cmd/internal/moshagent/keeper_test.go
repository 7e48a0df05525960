package moshagent_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// startSession makes a session, and returns its keeper, its mosh-server, and the connection that it is registered on.
func (a *agentTest) startSession(d *playedDaemon, files ...*os.File) (keeper, server int, c *playedConn) {
	a.Helper()
	wait := inParallel(a.T, func() {
		c = d.accept()
		c.register(udpmux.Token)
	})
	cmd := a.command("mosh-server-mux", "--socket", filepath.Base(a.socket), "--token", "new")
	var stdout bytes.Buffer
	cmd.Stdout, cmd.ExtraFiles = &stdout, files
	if err := cmd.Run(); err != nil || stdout.String() != tokenLine {
		a.Fatalf("%v, %q", err, stdout.String())
	}
	wait()
	if !a.noted("background", &server) {
		a.Fatal("mosh-server was not started")
	}
	return backgroundOf(a.T, "mosh-server-mux", "STANDIN_DIR="+a.dir), server, c
}

func TestKeeperIsInBackground(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "")
	d := playDaemon(t, a.socket)
	inherited, err := os.CreateTemp(a.dir, "inherited")
	progtest.Must(t, err)
	defer inherited.Close()
	// These are more than the keeper has of its own.
	keeper, _, _ := a.startSession(d, slices.Repeat([]*os.File{inherited}, 10)...)
	if sid, err := unix.Getsid(keeper); sid != keeper {
		t.Errorf("its session is %d (%v), not its own, %d", sid, err, keeper)
	}
	descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", keeper))
	progtest.Must(t, err)
	for _, descriptor := range descriptors {
		switch target, _ := os.Readlink(descriptor); {
		case target == inherited.Name(), strings.HasPrefix(target, "pipe:"),
			strings.HasPrefix(target, "/dev/") && target != "/dev/null":
			t.Errorf("it holds %s", target)
		case filepath.Base(descriptor) <= "2" && len(filepath.Base(descriptor)) == 1 && target != "/dev/null":
			t.Errorf("descriptor %s is %s", filepath.Base(descriptor), target)
		}
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", keeper)); cwd != "/" {
		t.Errorf("it stays in %s (%v)", cwd, err)
	}
	for _, signal := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT} {
		progtest.Must(t, unix.Kill(keeper, signal))
	}
	time.Sleep(100 * time.Millisecond)
	if !isAlive(keeper) {
		t.Error("a terminal's signal ended it")
	}
}

// K, S and T are to be seen in no process.
func TestSessionAgentsSecrets(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "slow")
	key := a.ownKey()
	d := playDaemon(t, a.socket)
	done, checked := make(chan struct{}), make(chan struct{})
	go func() { // while it starts, too
		defer close(checked)
		for {
			checkSecrets(t, key, 0)
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	wait := inParallel(t, func() {
		d.accept().welcome(udpmux.Token)
		d.accept().register(udpmux.Token)
	})
	got := a.run("mosh-server-mux", "--socket", a.socket, "--token", "new")
	if got.Stdout != "MOSH CONNECT 10737478240 "+key+"\n" {
		t.Errorf("got %+v", got)
	}
	wait()
	backgroundOf(t, "mosh-server-mux", "STANDIN_DIR="+a.dir)
	close(done)
	<-checked
	checkSecrets(t, key, 0)
}

// checkSecrets looks for a session's secrets in all processes' arguments and environments, in what they are usually
// written in. One process may have K as MOSH_KEY.
func checkSecrets(t *testing.T, key string, client int) {
	t.Helper()
	K, err := udpmux.ParseKey(key)
	progtest.Must(t, err)
	S := udpmux.RegistrationKey(K)
	T := udpmux.TokenOf(S)
	var secrets [][]byte
	for _, secret := range [][]byte{K[:], S[:], T[:]} {
		secrets = append(secrets, secret, []byte(hex.EncodeToString(secret)),
			[]byte(strings.ToUpper(hex.EncodeToString(secret))), []byte(base64.RawStdEncoding.EncodeToString(secret)),
			[]byte(base64.RawURLEncoding.EncodeToString(secret)))
	}
	for _, name := range []string{"cmdline", "environ"} {
		files, _ := filepath.Glob("/proc/[0-9]*/" + name)
		for _, file := range files {
			text, _ := os.ReadFile(file)
			if file == fmt.Sprintf("/proc/%d/environ", client) {
				text = bytes.ReplaceAll(text, []byte("MOSH_KEY="+key), nil)
			}
			for _, secret := range secrets {
				if bytes.Contains(text, secret) {
					t.Errorf("%s holds %q: %q", file, secret, text)
				}
			}
		}
	}
}

func TestKeeperEndsWithServer(t *testing.T) {
	for _, kind := range []string{"", "foreground", "in a session of its own"} {
		for _, daemon := range []string{"with a daemon", "without"} {
			t.Run(kind+" "+daemon, func(t *testing.T) {
				t.Parallel()
				a := newAgentTest(t, kind)
				d := playDaemon(t, a.socket)
				keeper, server, c := a.startSession(d)
				if daemon == "without" {
					d.l.Close()
					c.Close()
				}
				progtest.Must(t, unix.Kill(server, unix.SIGKILL))
				took := gone(t, keeper)
				t.Logf("the keeper ended %v after mosh-server", took)
				if took > time.Second {
					t.Errorf("the keeper ended only %v after mosh-server", took)
				}
			})
		}
	}
}

// The daemon comes back as something else each time; the agent registers the same as soon as it can.
func TestKeeperRegistersAgain(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "")
	d := playDaemon(t, a.socket)
	keeper, server, c := a.startSession(d)
	time.Sleep(300 * time.Millisecond)
	var port uint16
	for _, away := range []time.Duration{0, 200 * time.Millisecond, 2 * time.Second} {
		d.l.Close()
		c.Close()
		before := cpuTime(t, keeper)
		time.Sleep(away)
		if used := cpuTime(t, keeper) - before; used > 100*time.Millisecond {
			t.Errorf("it used %v of the processor in %v", used, away)
		}
		d = playDaemon(t, a.socket)
		start := time.Now()
		d.accept().Close() // a connection that ends at once
		c = d.accept()
		c.expect(udpmux.Hello)
		c.send(udpmux.Frame{Type: udpmux.Error, Code: 2}) // a refusal, which is not the end
		c.Close()
		c = d.accept()
		c.welcome(0) // that other modes are on does not matter
		c.expect(udpmux.Register)
		c.Close() // before REGISTERED
		c = d.accept()
		f := c.register(udpmux.Token)
		t.Logf("after %v without a daemon: registered %v after its return, with three refusals",
			away, time.Since(start))
		if f.Modes != udpmux.Token || f.S != standInS || port != 0 && f.Port != port {
			t.Errorf("registered is %+v", f)
		}
		port = f.Port
	}
	if !isBound(t, port) || !isAlive(server) || !isAlive(keeper) {
		t.Error("mosh-server or its keeper did not survive")
	}
	d.l.Close()
	c.Close()
	time.Sleep(2 * time.Second)
	d = playDaemon(t, a.socket)
	start := time.Now()
	d.accept().register(udpmux.Token)
	took := time.Since(start)
	t.Logf("registered %v after the daemon's return", took)
	if took > time.Second {
		t.Errorf("registered only %v after the daemon's return", took)
	}
}

// cpuTime is what a process has used of the processor.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	progtest.Must(t, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	var user, system time.Duration
	fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	return (user + system) * 10 * time.Millisecond // the kernel's unit here
}
