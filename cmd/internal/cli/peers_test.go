package cli_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// peer finds a program of another implementation, or skips the test.
func peer(t *testing.T, name string) string {
	t.Helper()
	for _, file := range []string{"../../../.peers/bin/" + name, name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(file); err == nil {
			path, err = filepath.Abs(path)
			must(t, err)
			return path
		}
	}
	t.Skip(name + ": not found; make peers fetches it")
	return ""
}

// freeAddress finds a port for a program that cannot choose a free one itself. Nobody else uses such a host, so that the
// port is still free when the program comes to it.
func freeAddress(t *testing.T) (host, port string) {
	t.Helper()
	host = fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(64), rand.IntN(256), 1+rand.IntN(254))
	l, err := net.Listen("tcp", host+":0")
	must(t, err)
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	must(t, err)
	return host, port
}

// startPeer starts a peer for as long as the test runs.
func startPeer(t *testing.T, command string, args ...string) *server {
	t.Helper()
	s, err := startProgram(exec.Command(command, args...), logFile(t))
	must(t, err)
	s.keepFor(t)
	return s
}

// lists waits until the server lists its services, which must be the names, in any order.
func lists(t *testing.T, address string, names ...string) {
	t.Helper()
	must(t, poll(func() error {
		got := run(t, nil, "tcpmux", "--list", address)
		listed := strings.Fields(got.stdout)
		slices.Sort(listed)
		if got.code != 0 || got.stderr != "" || !slices.Equal(listed, names) {
			return fmt.Errorf("the list: %+v", got)
		}
		return nil
	}))
}

// carries demands that tcpmux gets back all that it sends to a service that echoes.
func carries(t *testing.T, address, service string) {
	t.Helper()
	data := random(1 << 20)
	got := run(t, strings.NewReader(data), "tcpmux", address, service)
	if got.code != 0 || got.stdout != data {
		t.Errorf("exit code %d, %d bytes of %d or others, complaint %q", got.code, len(got.stdout), len(data), got.stderr)
	}
}

// The blog post's client, in both of its common makes.
func TestNetcat(t *testing.T) {
	for _, name := range []string{"nc", "nc.traditional"} {
		t.Run(name, func(t *testing.T) {
			nc := peer(t, name)
			s := serve(t, "--service=hello=exec:/bin/echo hello", "--service=tcpmux=builtin:tcpmux")
			host, port, err := net.SplitHostPort(s.addresses[0])
			must(t, err)
			for _, test := range []struct{ name, input, want string }{
				{"list", "HELP\r\n", "hello\r\ntcpmux\r\n"},
				{"refusal", "smtp\r\n", "-Service not available\r\n"},
				{"program", "hello\r\n", "+Go\r\nhello\n"},
				{"second request", "tcpmux\r\nTCPMUX\r\nhello\r\n", "+Go\r\n+Go\r\n+Go\r\nhello\n"},
			} {
				t.Run(test.name, func(t *testing.T) {
					got := run(t, strings.NewReader(test.input), nc, host, port)
					if got != (result{stdout: test.want}) {
						t.Errorf("got %+v", got)
					}
				})
			}
		})
	}
}

// With -N nc passes on the end of its input, as the client's half of an end.
func TestNetcatMuch(t *testing.T) {
	nc := peer(t, "nc")
	if help := run(t, nil, nc, "-h"); !strings.Contains(help.stdout+help.stderr, "-N") {
		t.Skip("this nc has no -N: it does not pass on the end of its input; make peers fetches another")
	}
	s := serve(t, "--service=echo=builtin:echo", "--service=cat=exec:/bin/cat")
	host, port, err := net.SplitHostPort(s.addresses[0])
	must(t, err)
	for _, service := range []string{"echo", "cat"} {
		t.Run(service, func(t *testing.T) {
			data := random(1 << 20)
			got := run(t, strings.NewReader(service+"\r\n"+data), nc, "-N", host, port)
			if got.code != 0 || got.stdout != "+Go\r\n"+data {
				t.Errorf("exit code %d, %d bytes of %d or others, complaint %q", got.code, len(got.stdout), len(data), got.stderr)
			}
		})
	}
}

// tcpmuxd --inetd below the inetd that most systems have.
func TestXinetd(t *testing.T) {
	t.Parallel()
	xinetd := peer(t, "xinetd")
	tcpmuxd, err := exec.LookPath("tcpmuxd")
	must(t, err)
	me, err := user.Current()
	must(t, err)
	for _, test := range []struct{ name, args, list string }{
		{"default service", "--inetd", "tcpmux"},
		{"program", "--inetd --service echo=exec:/bin/cat", "echo"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			host, port := freeAddress(t)
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
			must(t, os.WriteFile(dir+"/conf", []byte(config), 0o600))
			startPeer(t, xinetd, "-dontfork", "-f", dir+"/conf", "-filelog", dir+"/log", "-pidfile", dir+"/pid")
			address := net.JoinHostPort(host, port)
			lists(t, address, test.list)
			if got := run(t, nil, "tcpmux", address, "smtp"); got.code != 1 || !strings.Contains(got.stderr, `refused: "Service not available"`) {
				t.Errorf("an unknown service: %+v", got)
			}
			if strings.Contains(test.args, "echo") {
				carries(t, address, "ECHO")
				return
			}
			c, err := dial(address, "")
			must(t, err)
			defer c.Close()
			must(t, c.send("tcpmux\r\nTcpMux\r\nHELP\r\n"))
			must(t, c.receive("+Go\r\n+Go\r\ntcpmux\r\n"))
			must(t, c.ended())
		})
	}
}

// tcpserver makes only standard input and output the connection.
func TestTcpserver(t *testing.T) {
	t.Parallel()
	tcpserver := peer(t, "tcpserver")
	output := filepath.Join(t.TempDir(), "port")
	f, err := os.Create(output)
	must(t, err)
	defer f.Close()
	cmd := exec.Command(tcpserver, "-1", "-RHl0", "127.0.0.1", "0", "tcpmuxd", "--inetd", "--service=echo=exec:/bin/cat")
	cmd.Stdout = f
	s, err := startProgram(cmd, logFile(t))
	must(t, err)
	s.keepFor(t)
	var address string
	must(t, poll(func() error {
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
	inetd := peer(t, "inetutils-inetd")
	if output, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
		t.Skipf("it takes its port from /etc/services; to have another one just for it needs root: unshare -m: %v\n%s", err, output)
	}
	host, port := freeAddress(t)
	dir := t.TempDir()
	config := host + ":tcpmux stream tcp nowait root internal\n" +
		"tcpmux/+cat stream tcp nowait root /bin/cat cat\n" +
		"tcpmux/Own stream tcp nowait root /bin/sh sh " + dir + "/own.sh\n"
	must(t, os.WriteFile(dir+"/conf", []byte(config), 0o600))
	must(t, os.WriteFile(dir+"/own.sh", []byte(`printf '+My own\r\n'; exec cat`), 0o600))
	must(t, os.WriteFile(dir+"/services", []byte("tcpmux "+port+"/tcp\n"), 0o600))
	startPeer(t, "unshare", "-m", "sh", "-c", `mount --bind "$1" /etc/services && exec "$0" -d -R 0 --pidfile="$2" "$3"`,
		inetd, dir+"/services", dir+"/pid", dir+"/conf")
	address := net.JoinHostPort(host, port)
	lists(t, address, "Own", "cat")
	carries(t, address, "CAT")
	carries(t, address, "own")
	if got := run(t, nil, "tcpmux", address, "smtp"); got.code != 1 || got.stderr != "tcpmux: "+address+`: "smtp": refused: "Service not available"`+"\n" {
		t.Errorf("an unknown service: %+v", got)
	}
}

// Port 1 is what both take if nothing else is said; a network of their own makes sure that it is free and allowed.
func TestDefaultPort(t *testing.T) {
	t.Parallel()
	onlyLinux(t, "unshare")
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
	if hasIPv6() {
		script += `
tcpmux --list ::1
tcpmux --list '[::1]'
`
	}
	got := run(t, nil, "unshare", "-rn", "sh", "-ec", script)
	if want := strings.Repeat("tcpmux\n", strings.Count(script, "--list")); got != (result{stdout: want}) {
		t.Errorf("got %+v", got)
	}
}
