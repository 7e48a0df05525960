package tcpmuxd_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// lists waits until the server lists its services, which must be the names, in any order.
func lists(t *testing.T, address string, names ...string) {
	t.Helper()
	progtest.Must(t, progtest.Poll(func() error {
		got := progtest.Run(t, nil, "tcpmux", "--list", address)
		listed := strings.Fields(got.Stdout)
		slices.Sort(listed)
		if got.Code != 0 || got.Stderr != "" || !slices.Equal(listed, names) {
			return fmt.Errorf("the list: %+v", got)
		}
		return nil
	}))
}

// carries demands that tcpmux gets back all that it sends to a service that echoes.
func carries(t *testing.T, address, service string) {
	t.Helper()
	data := progtest.Random(1 << 20)
	got := progtest.Run(t, strings.NewReader(data), "tcpmux", address, service)
	if got.Code != 0 || got.Stdout != data {
		t.Errorf("exit code %d, %d bytes of %d or others, complaint %q",
			got.Code, len(got.Stdout), len(data), got.Stderr)
	}
}

// The blog post's client, in both of its common makes.
func TestNetcat(t *testing.T) {
	for _, name := range []string{"nc", "nc.traditional"} {
		t.Run(name, func(t *testing.T) {
			nc := progtest.Peer(t, name)
			s := progtest.Serve(t, "--service=hello=exec:/bin/echo hello", "--service=tcpmux=builtin:tcpmux")
			host, port, err := net.SplitHostPort(s.Addresses[0])
			progtest.Must(t, err)
			for _, test := range []struct{ name, input, want string }{
				{"list", "HELP\r\n", "hello\r\ntcpmux\r\n"},
				{"refusal", "smtp\r\n", "-Service not available\r\n"},
				{"program", "hello\r\n", "+Go\r\nhello\n"},
				{"second request", "tcpmux\r\nTCPMUX\r\nhello\r\n", "+Go\r\n+Go\r\n+Go\r\nhello\n"},
			} {
				t.Run(test.name, func(t *testing.T) {
					got := progtest.Run(t, strings.NewReader(test.input), nc, host, port)
					if got != (progtest.Result{Stdout: test.want}) {
						t.Errorf("got %+v", got)
					}
				})
			}
		})
	}
}

// With -N nc passes on the end of its input, as the client's half of an end.
func TestNetcatMuch(t *testing.T) {
	nc := progtest.Peer(t, "nc")
	if help := progtest.Run(t, nil, nc, "-h"); !strings.Contains(help.Stdout+help.Stderr, "-N") {
		t.Skip("this nc has no -N: it does not pass on the end of its input; make peers fetches another")
	}
	s := progtest.Serve(t, "--service=echo=builtin:echo", "--service=cat=exec:/bin/cat")
	host, port, err := net.SplitHostPort(s.Addresses[0])
	progtest.Must(t, err)
	for _, service := range []string{"echo", "cat"} {
		t.Run(service, func(t *testing.T) {
			data := progtest.Random(1 << 20)
			got := progtest.Run(t, strings.NewReader(service+"\r\n"+data), nc, "-N", host, port)
			if got.Code != 0 || got.Stdout != "+Go\r\n"+data {
				t.Errorf("exit code %d, %d bytes of %d or others, complaint %q",
					got.Code, len(got.Stdout), len(data), got.Stderr)
			}
		})
	}
}

// tcpmuxd --inetd below the inetd that most systems have.
func TestXinetd(t *testing.T) {
	t.Parallel()
	xinetd := progtest.Peer(t, "xinetd")
	tcpmuxd, err := exec.LookPath("tcpmuxd")
	progtest.Must(t, err)
	me, err := user.Current()
	progtest.Must(t, err)
	for _, test := range []struct{ name, args, list string }{
		{"default service", "--inetd", "tcpmux"},
		{"program", "--inetd --service echo=exec:/bin/cat", "echo"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			host, port := progtest.FreeAddress(t)
			dir := t.TempDir()
			config := fmt.Sprintf(`
defaults
{
	cps = 1000 1
}

service muxspec
{
	type = UNLISTED
	socket_type = stream
	protocol = tcp
	bind = %s
	port = %s
	wait = no
	user = %s
	server = %s
	server_args = %s
}
`, host, port, me.Username, tcpmuxd, test.args)
			progtest.Must(t, os.WriteFile(dir+"/conf", []byte(config), 0o600))
			progtest.StartPeer(t, xinetd, "-dontfork", "-f", dir+"/conf", "-filelog",
				dir+"/log", "-pidfile", dir+"/pid")
			address := net.JoinHostPort(host, port)
			lists(t, address, test.list)
			if got := progtest.Run(t, nil, "tcpmux", address, "smtp"); got.Code != 1 ||
				!strings.Contains(got.Stderr, `refused: "Service not available"`) {
				t.Errorf("an unknown service: %+v", got)
			}
			if strings.Contains(test.args, "echo") {
				carries(t, address, "ECHO")
				return
			}
			c, err := progtest.Dial(address, "")
			progtest.Must(t, err)
			defer c.Close()
			progtest.Must(t, c.Send("tcpmux\r\nTcpMux\r\nHELP\r\n"))
			progtest.Must(t, c.Receive("+Go\r\n+Go\r\ntcpmux\r\n"))
			progtest.Must(t, c.Ended())
		})
	}
}

// tcpserver makes only standard input and output the connection.
func TestTcpserver(t *testing.T) {
	t.Parallel()
	tcpserver := progtest.Peer(t, "tcpserver")
	output := filepath.Join(t.TempDir(), "port")
	f, err := os.Create(output)
	progtest.Must(t, err)
	defer f.Close()
	cmd := exec.Command(tcpserver, "-1", "-RHl0", "127.0.0.1", "0", "tcpmuxd", "--inetd",
		"--service=echo=exec:/bin/cat")
	cmd.Stdout = f
	s, err := progtest.StartProgram(cmd, progtest.LogFile(t))
	progtest.Must(t, err)
	s.KeepFor(t)
	var address string
	progtest.Must(t, progtest.Poll(func() error {
		text, err := os.ReadFile(output)
		if !strings.HasSuffix(string(text), "\n") {
			err = errors.New("tcpserver tells no port")
		}
		address = "127.0.0.1:" + strings.TrimSpace(string(text))
		return err
	}))
	lists(t, address, "echo")
	carries(t, address, "echo")
}

// The client against the server that most systems have for TCPMUX.
func TestInetutils(t *testing.T) {
	t.Parallel()
	inetd := progtest.Peer(t, "inetutils-inetd")
	if output, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
		t.Skipf("it takes its port from /etc/services; to have another one just for it needs root: unshare -m: %v\n%s",
			err, output)
	}
	host, port := progtest.FreeAddress(t)
	dir := t.TempDir()
	config := host + ":tcpmux stream tcp nowait root internal\n" +
		"tcpmux/+cat stream tcp nowait root /bin/cat cat\n" +
		"tcpmux/Own stream tcp nowait root /bin/sh sh " + dir + "/own.sh\n"
	progtest.Must(t, os.WriteFile(dir+"/conf", []byte(config), 0o600))
	progtest.Must(t, os.WriteFile(dir+"/own.sh", []byte(`printf '+My own\r\n'; exec cat`), 0o600))
	progtest.Must(t, os.WriteFile(dir+"/services", []byte("tcpmux "+port+"/tcp\n"), 0o600))
	progtest.StartPeer(t, "unshare", "-m", "sh", "-c",
		`mount --bind "$1" /etc/services && exec "$0" -d -R 0 --pidfile="$2" "$3"`, inetd, dir+"/services", dir+"/pid",
		dir+"/conf")
	address := net.JoinHostPort(host, port)
	lists(t, address, "Own", "cat")
	carries(t, address, "CAT")
	carries(t, address, "own")
	if got := progtest.Run(t, nil, "tcpmux", address, "smtp"); got.Code != 1 ||
		got.Stderr != "tcpmux: "+address+`: "smtp": refused: "Service not available"`+"\n" {
		t.Errorf("an unknown service: %+v", got)
	}
}

// Port 1 is what both take if nothing else is said; a network of their own makes sure that it is free and allowed.
func TestDefaultPort(t *testing.T) {
	t.Parallel()
	progtest.OnlyLinux(t, "unshare")
	own := exec.Command("unshare", "-rn", "ip", "link", "set", "lo", "up")
	if output, err := own.CombinedOutput(); err != nil {
		t.Skipf("no network of its own can be had here: unshare -rn ip link set lo up: %v\n%s", err, output)
	}
	script := `
ip link set lo up
tcpmuxd --address-file address 2>log &
trap 'kill $!; wait $!' EXIT
until test -e address || ! kill -0 $!; do :; done
tcpmux --list 127.0.0.1
tcpmux --list localhost
`
	if progtest.HasIPv6() {
		script += `
tcpmux --list ::1
tcpmux --list '[::1]'
`
	}
	got := progtest.Run(t, nil, "unshare", "-rn", "sh", "-ec", script)
	if want := strings.Repeat("tcpmux\n", strings.Count(script, "--list")); got != (progtest.Result{Stdout: want}) {
		t.Errorf("got %+v", got)
	}
}
