//go:build linux

package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
)

// file writes a file into the folder of this run. That it is missing is seen soon.
func (r *runner) file(name, text string) (path string) {
	path = filepath.Join(r.dir, name)
	os.WriteFile(path, []byte(text), 0o600)
	return path
}

const sshdConf = `ListenAddress %s
HostKey %s
AuthorizedKeysFile %s
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
LogLevel ERROR
`

// ssh is a server that knows one key, and a client that forwards connections through one session.
func (r *runner) ssh(name, cipher string) subject {
	s := subject{name: name, notes: map[string]string{opening: "all connections in one session"}}
	keygen, sshd, ssh := r.peer(&s, "ssh-keygen"), r.peer(&s, "sshd"), r.peer(&s, "ssh")
	me, err := user.Current()
	if err != nil {
		s.absent = err.Error()
	}
	host, own := filepath.Join(r.dir, "ssh-host"), filepath.Join(r.dir, "ssh-user")
	for _, key := range []string{host, own} {
		if _, err := os.Stat(key); err == nil || s.absent != "" {
			continue
		}
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			s.absent = fmt.Sprintf("ssh-keygen: %v: %s", err, out)
		}
	}
	s.argv = func(p ports) (server, client []string) {
		conf := r.file("sshd.conf", fmt.Sprintf(sshdConf, address(p.middle), host, own+".pub"))
		server = r.asSSHD([]string{sshd, "-D", "-e", "-f", conf})
		client = []string{ssh, "-F", "none", "-N", "-T", "-i", own, "-p", fmt.Sprint(p.middle), "-L", address(p.front) + ":" + address(p.back)}
		for _, option := range []string{"BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "ControlPath=none", "StrictHostKeyChecking=no",
			"UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null", "ExitOnForwardFailure=yes", "LogLevel=ERROR"} {
			client = append(client, "-o", option)
		}
		if cipher != "" {
			client = append(client, "-c", cipher)
		}
		return server, append(client, me.Username+"@127.0.0.1")
	}
	return s
}

// asSSHD makes what sshd demands when root starts it: a folder, a user for it, and that root may log in. It is seen by sshd alone, and gone
// with it.
func (r *runner) asSSHD(argv []string) []string {
	if os.Getuid() != 0 {
		return argv
	}
	passwd, _ := os.ReadFile("/etc/passwd")
	if !strings.Contains(string(passwd), "\nsshd:") {
		passwd = append(passwd, "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"...)
	}
	const script = `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/shadow &&
shift 2 && exec "$@"`
	return append([]string{"unshare", "-m", "sh", "-c", script, "sh", r.file("passwd", string(passwd)), r.file("shadow", "root:*:1::::::\n")}, argv...)
}

const stunnelConf = `foreground = yes
pid =
syslog = no
debug = err
[bench]
client = %s
accept = %s
connect = %s
PSKsecrets = %s
ciphers = PSK
sslVersionMin = TLSv1.3
ciphersuites = TLS_AES_128_GCM_SHA256
`

func (r *runner) stunnel() subject {
	s := subject{name: "stunnel"}
	path := r.peer(&s, "stunnel")
	key, _ := os.ReadFile(r.key)
	psk := r.file("psk", "bench:"+hex.EncodeToString(key)+"\n")
	s.argv = func(p ports) (server, client []string) {
		args := func(name, client string, l, c int) []string {
			return []string{path, r.file(name, fmt.Sprintf(stunnelConf, client, address(l), address(c), psk))}
		}
		return args("stunnel-server.conf", "no", p.middle, p.back), args("stunnel-client.conf", "yes", p.front, p.middle)
	}
	s.notes = map[string]string{bulk: "TLS 1.3, PSK, AES-128-GCM"}
	return s
}

func (r *runner) spiped() subject {
	s := subject{name: "spiped", share: 8}
	path := r.peer(&s, "spiped")
	s.argv = func(p ports) (server, client []string) {
		args := func(way string, l, c int) []string {
			return []string{path, way, "-F", "-n", "0", "-k", r.key, "-s", "[127.0.0.1]:" + fmt.Sprint(l), "-t", "[127.0.0.1]:" + fmt.Sprint(c)}
		}
		return args("-d", p.middle, p.back), args("-e", p.front, p.middle)
	}
	s.notes = map[string]string{bulk: "an eighth of the bytes"}
	return s
}
