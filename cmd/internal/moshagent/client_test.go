package moshagent_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

func TestClientAgentsColours(t *testing.T) {
	for _, test := range []struct{ kind, client, want string }{
		{"", "8\n", "08\n"},
		{"", "256\n", "0256\n"},
		{"", "256", "0256\n"},
		{"", "0256\n", "0256\n"},
		{"", "0\n", "00\n"},
		{"", "-1\n", "00\n"},
		{"", "", "00\n"},
		{"", "8 colours\n", "00\n"},
		{"fails", "8\n", "00\n"},
	} {
		t.Run(fmt.Sprintf("%s %q", test.kind, test.client), func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, test.kind)
			a.env = append(a.env, "STANDIN_COLOURS="+test.client)
			if got := a.run("mosh-client-mux", "-c"); got != (progtest.Result{Stdout: test.want}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Where there is no token the real client is there, as if it had been started itself.
func TestClientAgentWithoutToken(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--version"},
		{"-c", "x"},
		{"-# -a host |", "192.0.2.1", "60000"},
		{"-# |", "::1", "065535"},
		{"::1", "0000000000000000000000060001"},
		{"-a", "::1", "6000x"},
		{"::1", "-1"},
		{"::1", ""},
	} {
		t.Run(fmt.Sprintf("%q", args), func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "")
			a.env = append(a.env, "MOSH_KEY=anything")
			got := a.run("mosh-client-mux", args...)
			var client standInProcess
			if got != (progtest.Result{Code: 7}) || !a.noted("client", &client) || !slices.Equal(client.Args, args) {
				t.Errorf("got %+v, the client %q", got, client.Args)
			}
			if !slices.Contains(client.Env, "MOSH_KEY=anything") {
				t.Error("MOSH_KEY is lost")
			}
		})
	}
}

func TestClientAgentRefuses(t *testing.T) {
	const good, N = "MOSH_KEY=" + standInKey, "10737478240"
	for _, test := range []struct{ key, address, number, complaint string }{
		{good, "::1", "65536", "65536 names a mode of UDP mux that this version does not know"},
		{good, "::1", "4295027296", "4295027296 names a mode of UDP mux that this version does not know"},
		{good, "::1", "10737418240", "10737418240 names a mode of UDP mux that this version does not know"},
		{good, "::1", "10737483776", "10737483776 names a mode of UDP mux that this version does not know"},
		{good, "::1", "010737478240", "010737478240 names a mode of UDP mux that this version does not know"},
		{good, "::1", "18446744073709551616",
			"18446744073709551616 names a mode of UDP mux that this version does not know"},
		{"", "::1", N, "MOSH_KEY is not set"},
		{"MOSH_KEY=", "::1", N, "MOSH_KEY: bad length"},
		{good + "==", "::1", N, "MOSH_KEY: bad length"},
		{"MOSH_KEY=AAECAwQFBgcICQoLDA0OD_", "::1", N, "MOSH_KEY: key has a character that is not base64's"},
		{"MOSH_KEY=AAECAwQFBgcICQoLDA0ODx", "::1", N, "MOSH_KEY: key's last character has bits that are left over"},
		{good, "host", N, `"host" is not an IP address`},
	} {
		t.Run(test.key+" "+test.address+" "+test.number, func(t *testing.T) {
			t.Parallel()
			a := newAgentTest(t, "")
			a.env = append(a.env, test.key)
			got := a.run("mosh-client-mux", "-# |", test.address, test.number)
			want := progtest.Result{Code: 2, Stdout: "", Stderr: "mosh-client-mux: " + test.complaint + "\n"}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if a.noted("client", new(standInProcess)) {
				t.Error("the client was started")
			}
		})
	}
}

func TestNoMoshClient(t *testing.T) {
	t.Parallel()
	a := newAgentTest(t, "")
	agent, err := exec.LookPath("mosh-client-mux")
	progtest.Must(t, err)
	a.env = append(a.env, "PATH="+filepath.Dir(agent))
	for _, args := range [][]string{{"-c"}, {"::1", "60000"}} {
		if got := a.run("mosh-client-mux", args...); got != (progtest.Result{Code: 1, Stdout: "",
			Stderr: "mosh-client-mux: there is no mosh-client on PATH that is not this program\n"}) {
			t.Errorf("got %+v", got)
		}
	}
}

// A clientTest is a client agent that has become the stand-in, with its relay, and the daemon's part of the network.
type clientTest struct {
	*agentTest
	cmd    *exec.Cmd
	stdin  *os.File // which ends the client
	stdout *os.File // the reader of what is the client's output
	input  string   // what the client's standard input is
	client standInProcess
	key    string
	relay  int
	local  netip.AddrPort // where the relay is for the client
	server *net.UDPConn
}

func startClient(t *testing.T) *clientTest {
	t.Helper()
	c := &clientTest{agentTest: newAgentTest(t, "")}
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	progtest.Must(t, err)
	t.Cleanup(func() { server.Close() })
	c.server = server
	c.key = c.ownKey()
	c.env = append(c.env, "MOSH_KEY="+c.key)
	N := udpmux.TokenNumber(uint16(server.LocalAddr().(*net.UDPAddr).Port))
	c.cmd = c.command("mosh-client-mux", "-# -p 60000 |", "-a", "127.0.0.1", strconv.FormatUint(N, 10))
	stdin, keep, err := os.Pipe()
	progtest.Must(t, err)
	stdout, w, err := os.Pipe()
	progtest.Must(t, err)
	c.stdin, c.cmd.Stdin, c.stdout, c.cmd.Stdout, c.cmd.Stderr = keep, stdin, stdout, w, w
	c.input, err = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", stdin.Fd()))
	progtest.Must(t, err)
	c.cmd.ExtraFiles = slices.Repeat([]*os.File{w}, 10)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	progtest.Must(t, c.cmd.Start())
	stdin.Close()
	w.Close()
	t.Cleanup(func() { c.stdin.Close(); c.cmd.Wait(); stdout.Close() })
	progtest.Must(t, progtest.Poll(func() error {
		if !c.noted("client", &c.client) {
			return os.ErrNotExist
		}
		return nil
	}))
	c.relay = backgroundOf(t, "mosh-client-mux", "STANDIN_DIR="+c.dir)
	c.local, err = netip.ParseAddrPort(net.JoinHostPort(c.client.Args[2], c.client.Args[3]))
	progtest.Must(t, err)
	return c
}

func TestClientAgentWithToken(t *testing.T) {
	t.Parallel()
	c := startClient(t)
	loopback := "::1"
	if !progtest.HasIPv6() {
		loopback = "127.0.0.1"
	}
	if c.client.Args[0] != "-# -p 60000 |" || c.client.Args[1] != "-a" || c.client.Args[2] != loopback {
		t.Errorf("the client got %q", c.client.Args)
	}
	if !slices.Contains(c.client.Env, "MOSH_KEY="+c.key) {
		t.Error("MOSH_KEY is lost")
	}
	checkSecrets(t, c.key, c.cmd.Process.Pid)
	stdout, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", c.stdout.Fd()))
	progtest.Must(t, err)
	if c.client.Descriptors[0] != c.input || c.client.Descriptors[1] != stdout || c.client.Descriptors[2] != stdout {
		t.Errorf("the client's descriptors are %q, not %s, %s twice", c.client.Descriptors, c.input, stdout)
	}
	K, err := udpmux.ParseKey(c.key)
	progtest.Must(t, err)
	T := udpmux.TokenOf(udpmux.RegistrationKey(K))
	if group, _ := unix.Getpgid(c.cmd.Process.Pid); c.client.PID != c.cmd.Process.Pid || c.client.Group != group {
		t.Errorf("the client is process %d in group %d, not %d in %d",
			c.client.PID, c.client.Group, c.cmd.Process.Pid, group)
	}
	if session, _ := unix.Getsid(0); c.client.Session != session {
		t.Errorf("the client's session is %d, not %d", c.client.Session, session)
	}
	ports := make(map[netip.AddrPort]bool)
	for i := range 3 { // three local ports of the client
		client, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(c.local))
		progtest.Must(t, err)
		defer client.Close()
		P := append(make([]byte, 23), byte(i))
		_, err = client.Write(P)
		progtest.Must(t, err)
		b := make([]byte, 100)
		c.server.SetReadDeadline(time.Now().Add(progtest.Patience))
		n, from, err := c.server.ReadFromUDPAddrPort(b)
		if want := slices.Concat([]byte{1}, T[:], P); err != nil || !bytes.Equal(b[:n], want) {
			t.Fatalf("the server got %x (%v), not %x", b[:n], err, want)
		}
		ports[from] = true
		answer := append([]byte{0x80}, P[1:]...)
		_, err = c.server.WriteToUDPAddrPort(answer, from)
		progtest.Must(t, err)
		client.SetReadDeadline(time.Now().Add(progtest.Patience))
		if n, err := client.Read(b); err != nil || !bytes.Equal(b[:n], answer) {
			t.Fatalf("the client got %x (%v), not %x", b[:n], err, answer)
		}
	}
	if len(ports) != 3 {
		t.Errorf("there are %d outgoing ports for 3 local ones", len(ports))
	}
	progtest.Must(t, c.stdin.Close())
	c.cmd.Wait()
	if code := c.cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d", code)
	}
}

func TestRelayIsInBackground(t *testing.T) {
	t.Parallel()
	c := startClient(t)
	if session, _ := unix.Getsid(c.relay); session != c.relay {
		t.Errorf("its session is %d, not its own, %d", session, c.relay)
	}
	environ, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", c.relay))
	if bytes.Contains(environ, []byte("MOSH_KEY")) {
		t.Error("it has MOSH_KEY")
	}
	descriptors, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", c.relay))
	for _, descriptor := range descriptors {
		target, _ := os.Readlink(descriptor)
		if slices.Contains(c.client.Descriptors, target) && target != "/dev/null" {
			t.Errorf("it holds %s of the client's", target)
		}
		if number := filepath.Base(descriptor); slices.Contains([]string{"0", "1", "2"}, number) &&
			target != "/dev/null" {
			t.Errorf("descriptor %s is %s", number, target)
		}
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", c.relay)); cwd != "/" {
		t.Errorf("it stays in %s (%v)", cwd, err)
	}
	for _, signal := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP} {
		progtest.Must(t, unix.Kill(c.relay, signal))
	}
	time.Sleep(100 * time.Millisecond)
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.relay))
	state := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[0]
	if state != "S" && state != "R" {
		t.Errorf("a terminal's signal put it in state %s", state)
	}
}

func TestRelayEndsWithClient(t *testing.T) {
	for _, how := range []string{"exit", "KILL", "HUP"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			c := startClient(t)
			if how == "exit" {
				progtest.Must(t, c.stdin.Close())
			} else {
				progtest.Must(t, c.cmd.Process.Signal(unix.SignalNum("SIG"+how)))
			}
			c.cmd.Wait()
			took := gone(t, c.relay)
			t.Logf("the relay ended %v after the client", took)
			if took > time.Second {
				t.Errorf("the relay ended only %v after the client", took)
			}
		})
	}
}
