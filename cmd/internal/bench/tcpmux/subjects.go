//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// A subject is what is measured, where it has a way.
type subject struct {
	rig.Subject
	ways map[way]answer
}

// A way is what a measure asks for.
type way int

const (
	list way = iota
	builtin
	started
	forward
)

// An answer is what a subject gives, and to what request.
type answer struct {
	request, pattern, note string
}

const (
	positive = "+Go\r\n"
	accepted = `\+Go\r\n`
	services = `daytime\r\nhi\r\n`
	date     = `[^\r\n]{20,40}\r\n` // a line with a time in any of the usual formats
	said     = `hi\n`               // by the program
)

// one makes s a subject that is one program.
func one(s rig.Subject, argv func(p rig.Ports) []string, ways map[way]answer) subject {
	s.Programs = rig.One(argv)
	return subject{s, ways}
}

// subjects are all, the measures' bases among them.
func (r *runner) subjects() (all []subject) {
	all = append(all, r.bare())
	for _, build := range r.Builds {
		all = append(all, tcpmuxd(build, r.hi))
	}
	all = append(all, r.xinetd(), r.inetutils(), r.tcpserver(), r.socat())
	return append(all, subject{rig.Subject{Name: "direct"}, map[way]answer{forward: {}}})
}

// bare is the least that a server, or a forwarder, in Go can do.
func (r *runner) bare() subject {
	return one(rig.Subject{Name: bareLoop}, func(p rig.Ports) []string {
		if p.Back != 0 {
			return r.End("forward", p.Front, strconv.Itoa(p.Back)).Argv
		}
		return r.End("loop", p.Front).Argv
	}, map[way]answer{
		list:    {request: "HELP\r\n", pattern: services},
		builtin: {request: "daytime\r\n", pattern: accepted + date},
		forward: {},
	})
}

func tcpmuxd(build rig.Build, hi string) subject {
	return one(rig.Subject{Name: build.Name}, func(p rig.Ports) []string {
		argv := []string{filepath.Join(build.Dir, "tcpmuxd"), "--listen=" + rig.Address(p.Front)}
		if p.Back != 0 {
			return append(argv, "--service=bulk=tcp:"+rig.Address(p.Back))
		}
		return append(argv, "--service=daytime=builtin:daytime", "--service=hi=exec:"+hi)
	}, map[way]answer{
		list:    {request: "HELP\r\n", pattern: services},
		builtin: {request: "daytime\r\n", pattern: accepted + date},
		started: {request: "hi\r\n", pattern: accepted + said},
		forward: {request: "bulk\r\n"},
	})
}

const xinetdConf = `defaults
{
	instances = UNLIMITED
	per_source = UNLIMITED
	cps = 1000000 1
}
service tcpmux
{
	type = INTERNAL UNLISTED
	id = tcpmux-server
	socket_type = stream
	protocol = tcp
	port = %[1]d
	bind = 127.0.0.1
	wait = no
}
service hi
{
	type = TCPMUXPLUS UNLISTED
	socket_type = stream
	protocol = tcp
	wait = no
	user = %[2]s
	server = %[3]s
}
service daytime
{
	type = INTERNAL TCPMUXPLUS UNLISTED
	id = daytime-stream
	socket_type = stream
	protocol = tcp
	wait = no
	user = %[2]s
}
`

func (r *runner) xinetd() subject {
	s := rig.Subject{Name: "xinetd"}
	path := r.Peer(&s, s.Name)
	return one(s, func(p rig.Ports) []string {
		conf := r.File("xinetd.conf", fmt.Sprintf(xinetdConf, p.Front, login(), r.hi))
		return []string{path, "-dontfork", "-f", conf, "-filelog", filepath.Join(r.Dir, "xinetd.log"),
			"-pidfile", filepath.Join(r.Dir, "xinetd.pid")}
	}, map[way]answer{
		list:    {request: "HELP\r\n", pattern: `-Service name not found\r\n\x00`, note: "it has no HELP: a refusal"},
		builtin: {"daytime\r\n", date + accepted + `\x00`, "its reply comes after the service's output"},
		started: {request: "hi\r\n", pattern: accepted + `\x00` + said},
	})
}

// inetutils has its port from the services database; -d keeps it in the foreground.
func (r *runner) inetutils() subject {
	const note = "it sleeps up to 1 s when a child has ended"
	s := rig.Subject{Name: "inetutils-inetd"}
	path := r.Peer(&s, s.Name)
	if os.Getuid() != 0 {
		s.Absent = "only root can give it a services file of its own"
	} else if exec.Command("unshare", "-m", "true").Run() != nil {
		s.Absent = "unshare -m does not work here"
	}
	return one(s, func(p rig.Ports) []string {
		conf := r.File("inetd.conf", fmt.Sprintf("127.0.0.1:tcpmux stream tcp nowait %[1]s internal\n"+
			"tcpmux/+daytime stream tcp nowait %[1]s internal\n"+
			"tcpmux/+hi stream tcp nowait %[1]s %[2]s hi\n", login(), r.hi))
		services := r.File("services", fmt.Sprintf("tcpmux %d/tcp\ndaytime 13/tcp\n", p.Front))
		return []string{"unshare", "-m", "sh", "-c", `mount --bind "$1" /etc/services && shift && exec "$@"`, "sh",
			services, path, "-d", "-R", "1000000", conf}
	}, map[way]answer{
		list:    {"HELP\r\n", `(?:(?:\+?hi|\+?daytime)\r\n){2}`, note},
		builtin: {"daytime\r\n", accepted + date, note},
		started: {"hi\r\n", accepted + said, note},
	})
}

func (r *runner) tcpserver() subject {
	s := rig.Subject{Name: "tcpserver"}
	path := r.Peer(&s, s.Name)
	return one(s, func(p rig.Ports) []string {
		return []string{path, "-q", "-b", "512", "-c", "2000", "-HRDl0", "127.0.0.1", strconv.Itoa(p.Front), r.hi}
	}, map[way]answer{started: {pattern: said, note: "no mux: the program at once"}})
}

func (r *runner) socat() subject {
	s := rig.Subject{Name: "socat"}
	path := r.Peer(&s, s.Name)
	return one(s, func(p rig.Ports) []string {
		listen := fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,reuseaddr", p.Front)
		return []string{path, "-b", "262144", listen, "TCP4:" + rig.Address(p.Back)}
	}, map[way]answer{forward: {}})
}

// login is the name of the user who runs this.
func login() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "root"
}
