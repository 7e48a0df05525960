package moshagent_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"golang.org/x/sys/unix"
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

// startSSHD starts an sshd for this user, and returns the command line of an ssh that comes in there. Whoever comes in
// has the test's environment.
func (m *moshTest) startSSHD() (ssh string, host string) {
	m.Helper()
	sshd, keygen := progtest.Peer(m.T, "sshd"), progtest.Peer(m.T, "ssh-keygen")
	own, hosts := filepath.Join(m.dir, "ssh-user"), filepath.Join(m.dir, "ssh-host")
	for _, key := range []string{own, hosts} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			m.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	host, port := progtest.FreeAddress(m.T)
	config := filepath.Join(m.dir, "sshd.conf")
	progtest.Must(m.T, os.WriteFile(config, fmt.Appendf(nil, sshdConfig, host, port, hosts, own+".pub", m.setEnv()),
		0o600))
	progtest.StartPeer(m.T, "sh", append([]string{"-c", m.sshdScript(), sshd}, "-D", "-e", "-f", config)...)
	progtest.Must(m.T, progtest.Poll(func() error {
		c, err := net.Dial("tcp", net.JoinHostPort(host, port))
		if err == nil {
			c.Close()
		}
		return err
	}))
	me, err := user.Current()
	progtest.Must(m.T, err)
	options := []string{progtest.Peer(m.T, "ssh"), "-F", "none", "-p", port, "-i", own, "-l", me.Username}
	for _, option := range []string{"BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "ControlPath=none",
		"StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
		"LogLevel=ERROR"} {
		options = append(options, "-o", option)
	}
	m.comesIn(options, host)
	return strings.Join(options, " "), host
}

// setEnv gives what sshd has to set. Of a variable that is there twice sshd takes the first, and all others the
// last.
func (m *moshTest) setEnv() string {
	var quoted []string
	for _, name := range []string{"PATH", "MUXSPEC_TEST", "MOSHD_SOCKET"} {
		for _, variable := range slices.Backward(m.env) {
			if strings.HasPrefix(variable, name+"=") {
				quoted = append(quoted, `"`+variable+`"`)
				break
			}
		}
	}
	return strings.Join(quoted, " ")
}

// comesIn skips the test where sshd refuses this user, or the shell that /etc/passwd names for him starts nothing.
func (m *moshTest) comesIn(ssh []string, host string) {
	m.Helper()
	said, err := exec.Command(ssh[0], append(ssh[1:], host, "echo in")...).CombinedOutput()
	if err != nil || string(said) != "in\n" {
		m.Skipf("this account cannot log in: ssh: %v: %q", err, said)
	}
}

// sshdScript starts its arguments as an sshd. Where root does so, it demands a folder, a user, and that root may log
// in: these are seen by that sshd alone.
func (m *moshTest) sshdScript() string {
	m.Helper()
	if os.Getuid() != 0 {
		return m.usersScript()
	}
	passwd, err := os.ReadFile("/etc/passwd")
	progtest.Must(m.T, err)
	if !strings.Contains(string(passwd), "\nsshd:") {
		passwd = append(passwd, "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"...)
	}
	progtest.Must(m.T, os.WriteFile(filepath.Join(m.dir, "passwd"), passwd, 0o644))
	progtest.Must(m.T, os.WriteFile(filepath.Join(m.dir, "shadow"), []byte("root:*:1::::::\n"), 0o600))
	script := `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd &&
mount --bind DIR/passwd /etc/passwd && mount --bind DIR/shadow /etc/shadow && exec "$0" "$@"`
	return `exec unshare -m sh -c '` + strings.ReplaceAll(script, "DIR", m.dir) + `' "$0" "$@"`
}

// usersScript is sshdScript for an ordinary user. An sshd of his gives up where a terminal does not have the group
// tty yet, since only root can change that: where /dev/pts is not mounted with it, sshd sees no such group.
func (m *moshTest) usersScript() string {
	m.Helper()
	if terminalsAreOfTTY(m.T) {
		return `exec "$0" "$@"`
	}
	groups, err := os.ReadFile("/etc/group")
	progtest.Must(m.T, err)
	var others []byte
	for line := range bytes.Lines(groups) {
		if !bytes.HasPrefix(line, []byte("tty:")) {
			others = append(others, line...)
		}
	}
	progtest.Must(m.T, os.WriteFile(filepath.Join(m.dir, "group"), others, 0o644))
	script := fmt.Sprintf(`mount --bind %s/group /etc/group && exec unshare -U --map-user=%d --map-group=%d "$0" "$@"`,
		m.dir, os.Getuid(), os.Getgid())
	if said, err := exec.Command("unshare", "-rm", "sh", "-c", script, "true").CombinedOutput(); err != nil {
		m.Skipf("/dev/pts is not mounted with the group tty, which this user's sshd needs; to hide the group: "+
			"unshare: %v\n%s", err, said)
	}
	return `exec unshare -rm sh -c '` + script + `' "$0" "$@"`
}

// terminalsAreOfTTY says whether a new terminal has the group that sshd wants.
func terminalsAreOfTTY(t *testing.T) bool {
	t.Helper()
	group, err := user.LookupGroup("tty")
	if err != nil {
		return true // sshd finds none either
	}
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	progtest.Must(t, err)
	defer master.Close()
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	progtest.Must(t, err)
	var status unix.Stat_t
	progtest.Must(t, unix.Stat(fmt.Sprintf("/dev/pts/%d", n), &status))
	return strconv.Itoa(int(status.Gid)) == group.Gid
}

// With a real sshd, three sessions each with learn and with token through one port: mosh starts only when ssh has
// ended, so nothing holds it.
func TestMoshOverSSH(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		if output, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
			t.Skipf("sshd started by root needs a folder that is not there; to have one just for it: "+
				"unshare -m: %v\n%s", err, output)
		}
	}
	m := newMoshTest(t)
	ssh, host := m.startSSHD()
	m.address = net.JoinHostPort(host, "0")
	m.startDaemon("--modes=learn,token")
	m.daemon.KeepFor(t)
	var sessions []*terminal
	for _, client := range slices.Repeat([]string{stockClient, clientAgent}, 3) {
		x := m.open("mosh", "--ssh="+ssh, "--client="+client, "--server="+sessionAgent, host,
			"--", "env", "PS1=$ ", "sh")
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
		// As with mosh-server alone, its banner comes after the CONNECT line, where mosh does not show it any more.
		if x.has("mosh-server") {
			t.Error("the user sees what mosh-server says")
		}
	}
	m.nothingLeft()
}
