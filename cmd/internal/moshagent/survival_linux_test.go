package moshagent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// What takes long, all at the same time.
func TestMoshOutages(t *testing.T) {
	type outage struct {
		client, kind string
		away         time.Duration
	}
	var outages []outage
	for _, client := range []string{stockClient, clientAgent} {
		for _, away := range []time.Duration{0, 5 * time.Second, 20 * time.Second} {
			outages = append(outages, outage{client, "daemon", away})
		}
		outages = append(outages, outage{client, "port", 0})
	}
	name := func(o outage) string { return fmt.Sprint(o.client, " ", o.kind, " ", o.away) }
	atOnce(t, name, outages, func(t *testing.T, o outage) {
		if o.kind == "port" {
			testMoshHops(t, o.client)
		} else {
			testMoshOutlivesDaemon(t, o.client, o.away)
		}
	})
}

// The daemon is killed and comes back. A user who types has an answer within 2 s, one who waits within 7 s.
//
// What is typed until the agent has registered again, 0.5 s at most, is lost. mosh-client sends it again at once only
// where it has heard from the server within 10 s, and otherwise with its next heartbeat, up to 3 s later: so does stock
// mosh alone. The next key is sent at once.
func testMoshOutlivesDaemon(t *testing.T, client string, away time.Duration) {
	m := newMoshTest(t, "--modes=learn,token")
	typing, idle := m.mosh(client, sessionAgent), m.mosh(client, sessionAgent)
	text := idle.printsLater(m)
	m.daemon.Kill()
	m.now()
	time.Sleep(away)
	m.startDaemon("--modes=learn,token")
	m.daemon.KeepFor(t)
	start := time.Now()
	within(t, "typing", typing.keepsTyping(), 2*time.Second)
	idle.expect(text)
	within(t, "idle", time.Since(start), 7*time.Second)
	typing.types()
	idle.types()
}

// Nothing passes on the client's port any more. mosh-client takes another one after 10 s, and so does the relay.
func testMoshHops(t *testing.T, client string) {
	m, nat := newMoshTestWithNAT(t)
	x := m.mosh(client, sessionAgent)
	nat.dies()
	t.Logf("the answer took %v", x.types())
	x.enter("exit\r")
	x.end()
	m.nothingLeft()
}

// printsLater has the shell print the text as soon as m.now is called.
func (x *terminal) printsLater(m *moshTest) (text string) {
	x.t.Helper()
	x.enter("(until [ -e " + m.signal() + " ]; do sleep 0.05; done; echo :$((8+2000000)):) &\r")
	x.types()
	return ":2000008:"
}

func (m *moshTest) signal() string { return filepath.Join(m.dir, "now") }

func (m *moshTest) now() {
	m.Helper()
	progtest.Must(m.T, os.WriteFile(m.signal(), nil, 0o600))
}

// within demands that something did not take longer than is right.
func within(t *testing.T, what string, took, right time.Duration) {
	t.Helper()
	t.Logf("%s: the answer took %v", what, took)
	if took > right {
		t.Errorf("%s: the answer took %v, more than %v", what, took, right)
	}
}

// The agent's process in the background is killed: the session goes on.
func TestMoshOutlivesKeeper(t *testing.T) {
	atOnce(t, itself, bothClients, func(t *testing.T, client string) {
		m := newMoshTest(t, "--modes=learn,token", "--session-poll=100ms")
		x := m.mosh(client, sessionAgent)
		keeper := m.only(sessionAgent)
		progtest.Must(t, unix.Kill(keeper, unix.SIGKILL))
		gone(t, keeper)
		x.types()
		time.Sleep(time.Second) // in which the daemon looks often
		x.types()
		x.enter("exit\r")
		x.end()
		m.nothingLeft()
	})
}

// The relay is killed, and with it the way to the server; the user leaves as from any dead session.
func TestMoshWithoutRelay(t *testing.T) {
	t.Parallel()
	m := newMoshTest(t, "--modes=token")
	x := m.mosh(clientAgent, sessionAgent)
	relay := m.only(clientAgent)
	progtest.Must(t, unix.Kill(relay, unix.SIGKILL))
	gone(t, relay)
	x.enter("\x1e.")
	x.end()
	progtest.Must(t, unix.Kill(m.only(stockServer), unix.SIGTERM))
	m.nothingLeft()
}

// The client's address changes, as when a NAT takes another port, or the user another network.
func TestMoshRoams(t *testing.T) {
	atOnce(t, itself, bothClients, func(t *testing.T, client string) {
		m, nat := newMoshTestWithNAT(t)
		x := m.mosh(client, sessionAgent)
		for i, from := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1"} {
			nat.to(m.address, from)
			within(t, fmt.Sprintf("typing, place %d, a new port of %s", i, from), x.types(), 2*time.Second)
		}
		text := x.printsLater(m)
		nat.to(m.address, "127.0.0.4")
		m.now()
		within(t, "idle", x.expect(text), 5*time.Second)
	})
}
