package cli_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type filer interface{ File() (*os.File, error) }

// activation returns the command that starts tcpmuxd with sockets, as systemd does.
func activation(t *testing.T, sockets []filer, args ...string) *exec.Cmd {
	t.Helper()
	return activationOf(t, sockets, append([]string{"tcpmuxd"}, args...)...)
}

// activationOf does so for any program.
func activationOf(t *testing.T, sockets []filer, command ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("activate", append([]string{strconv.Itoa(len(sockets))}, command...)...)
	for _, socket := range sockets {
		f, err := socket.File()
		must(t, err)
		t.Cleanup(func() { f.Close() })
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	return cmd
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// systemd's sockets are served, a Unix socket, too, and no port 1 is opened.
func TestActivation(t *testing.T) {
	t.Parallel()
	tcp := listen(t, "tcp", "127.0.0.1:0").(*net.TCPListener)
	local := listen(t, "unix", filepath.Join(t.TempDir(), "socket")).(*net.UnixListener)
	s := serveCommand(t, activation(t, []filer{tcp, local}))
	if len(s.addresses) != 2 || s.addresses[0] != tcp.Addr().String() || s.addresses[1] != local.Addr().String() {
		t.Errorf("it listens on %v", s.addresses)
	}
	c := s.dial(t)
	must(t, c.send("HELP\r\n"))
	must(t, c.receive("tcpmux\r\n"))
	must(t, c.ended())
	u, err := net.Dial("unix", s.addresses[1])
	must(t, err)
	defer u.Close()
	u.SetDeadline(time.Now().Add(patience))
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
	tcp := listen(t, "tcp", "127.0.0.1:0").(*net.TCPListener)
	s := serveCommand(t, activation(t, []filer{tcp}, "--listen=127.0.0.1:0"))
	if len(s.addresses) != 2 || s.addresses[0] != tcp.Addr().String() {
		t.Fatalf("it listens on %v", s.addresses)
	}
	for _, address := range s.addresses {
		if got := run(t, nil, "tcpmux", "--list", address); got != (result{stdout: "tcpmux\n"}) {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

func TestActivationWithDatagrams(t *testing.T) {
	t.Parallel()
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	defer udp.Close()
	s, err := startProgram(activation(t, []filer{udp}), logFile(t))
	must(t, err)
	t.Cleanup(s.kill)
	s.complains(t, "tcpmuxd", "socket activation: a socket is not a listening stream socket")
}

// Who waits for the server, as systemd does, is told when it listens and when it begins to end.
func TestNotify(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	must(t, err)
	defer manager.Close()
	manager.SetDeadline(time.Now().Add(patience))
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
	s := serveCommand(t, cmd)
	next("READY=1")
	must(t, s.cmd.Process.Signal(unix.SIGTERM))
	next("STOPPING=1")
	s.endsWell(t)
}
