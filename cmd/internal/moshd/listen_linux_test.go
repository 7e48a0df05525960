package moshd

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux/daemon"
)

// Somebody who may read a directory can lock it for ever, which does not keep the daemon from starting.
func TestLockedDirectory(t *testing.T) {
	dir := t.TempDir()
	progtest.Must(t, os.Chmod(dir, 0o755))
	foreign, err := os.Open(dir)
	progtest.Must(t, err)
	defer foreign.Close()
	progtest.Must(t, unix.Flock(int(foreign.Fd()), unix.LOCK_EX))
	opened := make(chan error, 1)
	go func() {
		l, err := (&config{Socket: dir + "/s", mode: 0o600}).listenAgents()
		if err == nil {
			l.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		progtest.Must(t, err)
	case <-time.After(30 * time.Second):
		t.Error("the socket is not opened")
	}
}

// A sticky directory is as good as one of the daemon's own: nobody else can replace a file there.
func TestStickyDirectory(t *testing.T) {
	dir := t.TempDir()
	progtest.Must(t, os.Chmod(dir, 0o777|os.ModeSticky))
	progtest.Must(t, checkDirectories(dir))
	progtest.Must(t, os.Chmod(dir, 0o777))
	if checkDirectories(dir) == nil {
		t.Error("a directory that others can write to is accepted")
	}
}

// A port that another process gives up is had, and one that it keeps is not.
func TestTakenPort(t *testing.T) {
	taken, err := daemon.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), 4096)
	progtest.Must(t, err)
	c := newConfig()
	c.addresses = []netip.AddrPort{taken.Addr()}
	if s, err := c.openUDP(nil, slog.Default()); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("%v, %v", s, err)
	}
	time.AfterFunc(200*time.Millisecond, func() { taken.Close() })
	s, err := c.openUDP(nil, slog.Default())
	progtest.Must(t, err)
	s[0].Close()
}
