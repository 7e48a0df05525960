package tcpmuxd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// activation returns the command that starts tcpmuxd with sockets, as systemd does.
func activation(t *testing.T, sockets []progtest.Filer, args ...string) *exec.Cmd {
	t.Helper()
	return progtest.ActivationOf(t, sockets, append([]string{"tcpmuxd"}, args...)...)
}

// systemd's sockets are served, a Unix socket, too, and no port 1 is opened.
func TestActivation(t *testing.T) {
	t.Parallel()
	tcp := progtest.Listen(t, "tcp", "127.0.0.1:0").(*net.TCPListener)
	local := progtest.Listen(t, "unix", filepath.Join(t.TempDir(), "socket")).(*net.UnixListener)
	s := progtest.ServeCommand(t, activation(t, []progtest.Filer{tcp, local}))
	if len(s.Addresses) != 2 || s.Addresses[0] != tcp.Addr().String() || s.Addresses[1] != local.Addr().String() {
		t.Errorf("it listens on %v", s.Addresses)
	}
	c := s.Dial(t)
	progtest.Must(t, c.Send("HELP\r\n"))
	progtest.Must(t, c.Receive("tcpmux\r\n"))
	progtest.Must(t, c.Ended())
	u, err := net.Dial("unix", s.Addresses[1])
	progtest.Must(t, err)
	defer u.Close()
	u.SetDeadline(time.Now().Add(progtest.Patience))
	u.Write([]byte("HELP\r\n"))
	b := make([]byte, 100)
	n, err := u.Read(b)
	if got := string(b[:n]); got != "tcpmux\r\n" {
		t.Errorf("the Unix socket gave %q (%v)", got, err)
	}
}

// --listen adds to systemd's sockets.
func TestActivationAndListen(t *testing.T) {
	t.Parallel()
	tcp := progtest.Listen(t, "tcp", "127.0.0.1:0").(*net.TCPListener)
	s := progtest.ServeCommand(t, activation(t, []progtest.Filer{tcp}, "--listen=127.0.0.1:0"))
	if len(s.Addresses) != 2 || s.Addresses[0] != tcp.Addr().String() {
		t.Fatalf("it listens on %v", s.Addresses)
	}
	for _, address := range s.Addresses {
		if got := progtest.Run(t, nil, "tcpmux", "--list", address); got != (progtest.Result{Stdout: "tcpmux\n"}) {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

func TestActivationWithDatagrams(t *testing.T) {
	t.Parallel()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	progtest.Must(t, err)
	defer udp.Close()
	s, err := progtest.StartProgram(activation(t, []progtest.Filer{udp}), progtest.LogFile(t))
	progtest.Must(t, err)
	t.Cleanup(s.Kill)
	s.Complains(t, "tcpmuxd", "socket activation: a socket is not a listening stream socket")
}

// A connection in place of a listening socket, as a unit with Accept=yes passes one, and a number of sockets that
// cannot be, are wrong usage.
func TestActivationMisused(t *testing.T) {
	t.Parallel()
	l := progtest.Listen(t, "tcp", "127.0.0.1:0")
	c, err := progtest.Dial(l.Addr().String(), "")
	progtest.Must(t, err)
	defer c.Close()
	for words, cmd := range map[string]*exec.Cmd{
		"use Accept=no": activation(t, []progtest.Filer{c}),
		"LISTEN_FDS is 2147483647": exec.Command("sh", "-c",
			"LISTEN_PID=$$ LISTEN_FDS=2147483647 exec tcpmuxd"),
		"and descriptor 4 was not passed\nTry": exec.Command("sh", "-c",
			"LISTEN_PID=$$ LISTEN_FDS=2 exec tcpmuxd 3<&0 4<&-"),
	} {
		s, err := progtest.StartProgram(cmd, progtest.LogFile(t))
		progtest.Must(t, err)
		t.Cleanup(s.Kill)
		s.IsMisused(t, words)
	}
}

// Who waits for the server, as systemd does, is told when it listens and when it begins to end.
func TestNotify(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	progtest.Must(t, err)
	defer manager.Close()
	manager.SetDeadline(time.Now().Add(progtest.Patience))
	next := func(want string) {
		t.Helper()
		b := make([]byte, 100)
		n, err := manager.Read(b)
		if got := string(b[:n]); got != want {
			t.Errorf("the server tells %q (%v), not %q", got, err, want)
		}
	}
	cmd := exec.Command("tcpmuxd", "--listen=127.0.0.1:0")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+name)
	s := progtest.ServeCommand(t, cmd)
	next("READY=1")
	progtest.Must(t, s.Cmd.Process.Signal(unix.SIGTERM))
	next("STOPPING=1")
	s.EndsWell(t)
}
