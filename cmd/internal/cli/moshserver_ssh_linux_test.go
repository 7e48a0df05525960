package cli_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sshdConfig = `ListenAddress %s:%s
HostKey %s
AuthorizedKeysFile %s
SetEnv %s
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
`

// startSSHD starts an sshd for this user, and returns the command line of an ssh that comes in there. Whoever comes in has the
// test's environment.
func (m *moshTest) startSSHD() (ssh string, host string) {
	m.Helper()
	sshd, keygen := peer(m.T, "sshd"), peer(m.T, "ssh-keygen")
	own, hosts := filepath.Join(m.dir, "ssh-user"), filepath.Join(m.dir, "ssh-host")
	for _, key := range []string{own, hosts} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			m.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	host, port := freeAddress(m.T)
	var env []string
	for _, variable := range m.env {
		switch name, _, _ := strings.Cut(variable, "="); name {
		case "PATH", "MUXSPEC_TEST", "MOSHD_SOCKET":
			env = append(env, `"`+variable+`"`)
		}
	}
	config := filepath.Join(m.dir, "sshd.conf")
	must(m.T, os.WriteFile(config, fmt.Appendf(nil, sshdConfig, host, port, hosts, own+".pub", strings.Join(env, " ")), 0o600))
	startPeer(m.T, "sh", append([]string{"-c", m.sshdScript(), sshd}, "-D", "-e", "-f", config)...)
	must(m.T, poll(func() error {
		c, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err == nil {
			c.Close()
		}
		return err
	}))
	me, err := user.Current()
	must(m.T, err)
	options := []string{peer(m.T, "ssh"), "-F", "none", "-p", port, "-i", own, "-l", me.Username}
	for _, option := range []string{"BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "ControlPath=none", "StrictHostKeyChecking=no",
		"UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null", "LogLevel=ERROR"} {
		options = append(options, "-o", option)
	}
	return strings.Join(options, " "), host
}

// sshdScript starts its arguments as an sshd. Where root does so, it demands a folder, a user, and that root may log in: these are
// seen by that sshd alone.
func (m *moshTest) sshdScript() string {
	m.Helper()
	if os.Getuid() != 0 {
		return `exec "$0" "$@"`
	}
	passwd, err := os.ReadFile("/etc/passwd")
	must(m.T, err)
	if !strings.Contains(string(passwd), "\nsshd:") {
		passwd = append(passwd, "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"...)
	}
	must(m.T, os.WriteFile(filepath.Join(m.dir, "passwd"), passwd, 0o644))
	must(m.T, os.WriteFile(filepath.Join(m.dir, "shadow"), []byte("root:*:1::::::\n"), 0o600))
	script := `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd &&
mount --bind DIR/passwd /etc/passwd && mount --bind DIR/shadow /etc/shadow && exec "$0" "$@"`
	return `exec unshare -m sh -c '` + strings.ReplaceAll(script, "DIR", m.dir) + `' "$0" "$@"`
}

// With a real sshd, three sessions each with learn and with token through one port: mosh starts only when ssh has ended, so nothing
// holds it.
func TestMoshOverSSH(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		if output, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
			t.Skipf("sshd started by root needs a folder that is not there; to have one just for it: unshare -m: %v\n%s", err, output)
		}
	}
	m := newMoshTest(t)
	ssh, host := m.startSSHD()
	m.address = net.JoinHostPort(host, "0")
	m.startDaemon("--modes=learn,token")
	m.daemon.keepFor(t)
	var sessions []*terminal
	for _, client := range slices.Repeat([]string{stockClient, clientAgent}, 3) {
		x := m.open("mosh", "--ssh="+ssh, "--client="+client, "--server="+sessionAgent, host, "--", "env", "PS1=$ ", "sh")
		sessions = append(sessions, x)
	}
	for i, x := range sessions {
		x.expect("$")
		x.types()
		x.enter(fmt.Sprintf("me=%d\r", i))
	}
	for i, x := range sessions {
		x.enter("echo ,$me,\r")
		x.expect(fmt.Sprintf(",%d,", i))
		x.enter("exit\r")
	}
	for _, x := range sessions {
		if code := x.end(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		// As with mosh-server alone, its banner comes behind the CONNECT line, where mosh does not show it any more.
		if x.has("mosh-server") {
			t.Error("the user sees what mosh-server says")
		}
	}
	m.nothingLeft()
}
