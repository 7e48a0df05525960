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

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

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
func (r *runner) ssh(name, cipher string) rig.Subject {
	s := rig.Subject{Name: name, Note: "all connections in one session"}
	keygen, sshd, ssh := r.Peer(&s, "ssh-keygen"), r.Peer(&s, "sshd"), r.Peer(&s, "ssh")
	me, err := user.Current()
	if err != nil {
		s.Absent = err.Error()
	}
	host, own := filepath.Join(r.Dir, "ssh-host"), filepath.Join(r.Dir, "ssh-user")
	for _, key := range []string{host, own} {
		if _, err := os.Stat(key); err == nil || s.Absent != "" {
			continue
		}
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			s.Absent = fmt.Sprintf("ssh-keygen: %v: %s", err, out)
		}
	}
	s.Programs = func(p rig.Ports) []rig.Program {
		conf := r.File("sshd.conf", fmt.Sprintf(sshdConf, rig.Address(p.Middle), host, own+".pub"))
		server := r.asSSHD([]string{sshd, "-D", "-e", "-f", conf})
		client := []string{ssh, "-F", "none", "-N", "-T", "-i", own, "-p", fmt.Sprint(p.Middle),
			"-L", rig.Address(p.Front) + ":" + rig.Address(p.Back)}
		for _, option := range []string{"BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "ControlPath=none",
			"StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
			"ExitOnForwardFailure=yes", "LogLevel=ERROR"} {
			client = append(client, "-o", option)
		}
		if cipher != "" {
			client = append(client, "-c", cipher)
		}
		client = append(client, me.Username+"@127.0.0.1")
		return []rig.Program{{Port: p.Middle, Argv: server}, {Port: p.Front, Argv: client}}
	}
	return s
}

// asSSHD makes what sshd demands when root starts it: a folder, a user for it, and that root may log in. It is seen by
// sshd alone, and gone with it.
func (r *runner) asSSHD(argv []string) []string {
	if os.Getuid() != 0 {
		return argv
	}
	passwd, _ := os.ReadFile("/etc/passwd")
	if !strings.Contains(string(passwd), "\nsshd:") {
		passwd = append(passwd, "sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin\n"...)
	}
	const script = `mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd &&
mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/shadow && shift 2 && exec "$@"`
	users, shadow := r.File("passwd", string(passwd)), r.File("shadow", "root:*:1::::::\n")
	return append([]string{"unshare", "-m", "sh", "-c", script, "sh", users, shadow}, argv...)
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

func (r *runner) stunnel() rig.Subject {
	s := rig.Subject{Name: "stunnel", Note: "TLS 1.3, PSK, AES-128-GCM"}
	path := r.Peer(&s, "stunnel")
	psk := r.File("psk", "bench:"+hex.EncodeToString(r.secret[:])+"\n")
	s.Programs = pair(func(end string, listen, connect int) []string {
		isClient := map[string]string{"client": "yes", "server": "no"}[end]
		conf := fmt.Sprintf(stunnelConf, isClient, rig.Address(listen), rig.Address(connect), psk)
		return []string{path, r.File("stunnel-"+end, conf)}
	})
	return s
}

func (r *runner) spiped() rig.Subject {
	s := rig.Subject{Name: "spiped"}
	path := r.Peer(&s, "spiped")
	s.Programs = pair(func(end string, listen, connect int) []string {
		way := map[string]string{"client": "-e", "server": "-d"}[end]
		return []string{path, way, "-F", "-n", "0", "-k", r.key, "-s", fmt.Sprintf("[127.0.0.1]:%d", listen),
			"-t", fmt.Sprintf("[127.0.0.1]:%d", connect)}
	})
	return s
}

func (r *runner) socat() rig.Subject {
	s := rig.Subject{Name: "socat"}
	path := r.Peer(&s, "socat")
	s.Programs = pair(func(_ string, listen, connect int) []string {
		at := fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,reuseaddr,fork,backlog=512", listen)
		return []string{path, "-b", "65536", at, "TCP4:" + rig.Address(connect)}
	})
	return s
}
