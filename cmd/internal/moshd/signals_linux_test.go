package moshd_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// However many signals of one kind come, one of another kind after them is not lost; and the last one ends the daemon,
// whose files go.
func TestMoshDManySignals(t *testing.T) {
	t.Parallel()
	for range 5 {
		dir := privateDir(t)
		file := dir + "/moshd.toml"
		progtest.Must(t, os.WriteFile(file, []byte("max-flows = 9\n"), 0o600))
		m := serveMoshd(t, dir, "--config="+file)
		send := func(s unix.Signal, n int) {
			for range n {
				progtest.Must(t, m.Cmd.Process.Signal(s))
			}
		}
		send(unix.SIGHUP, 500)
		send(unix.SIGUSR1, 1)
		progtest.Must(t, progtest.Poll(func() error { return m.logged("msg=state") }))
		send(unix.SIGUSR1, 500)
		send(unix.SIGHUP, 500)
		send(unix.SIGTERM, 1)
		m.ends(t)
		if _, err := os.Stat(dir + "/s"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket's file: %v", err)
		}
	}
}

// A daemon that ends late, here because its service manager does not read, leaves its successor's file of addresses.
func TestMoshDSuccessor(t *testing.T) {
	t.Parallel()
	dir := privateDir(t)
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: dir + "/notify"})
	progtest.Must(t, err)
	defer manager.Close()
	cmd := exec.Command("moshd", "--socket="+dir+"/s")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+dir+"/notify")
	old := serveMoshdCommand(t, dir, cmd)
	manager.SetReadDeadline(time.Now().Add(progtest.Patience))
	_, err = manager.Read(make([]byte, 64)) // READY=1
	progtest.Must(t, err)
	filler, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	progtest.Must(t, err)
	defer unix.Close(filler)
	for err == nil {
		err = unix.Sendto(filler, []byte("x"), 0, &unix.SockaddrUnix{Name: dir + "/notify"})
	}
	progtest.Must(t, old.Cmd.Process.Signal(unix.SIGTERM))
	next := serveMoshd(t, dir, "--listen="+old.Addresses[0])
	go func() {
		for err := error(nil); err == nil; {
			_, err = manager.Read(make([]byte, 64))
		}
	}()
	old.ends(t)
	if text, err := os.ReadFile(dir + "/address"); err != nil || string(text) != next.Addresses[0]+"\n" {
		t.Errorf("the file of addresses: %q, %v", text, err)
	}
}
