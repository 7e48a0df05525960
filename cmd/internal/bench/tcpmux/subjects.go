//go:build linux

package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// A subject is what is measured.
type subject struct {
	name   string
	absent string         // why it cannot be had here
	ways   map[string]way // by kind of measure; without one it is left out
}

// A way is how a subject does something.
type way struct {
	argv    func() []string // starts the server; nil if there is none between the ends
	request string
	answer  *regexp.Regexp
	note    string
}

// Kinds of measures.
const (
	help, builtin, started, idling, forward = "HELP", "built-in", "program", "idle", "bulk"
)

// date is a line with a time in any of the usual formats.
const date = `[^\r\n]{20,40}\r\n`

func answer(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// subjects are all, the measures' bases among them.
func (r *runner) subjects(builds []string) (all []subject) {
	all = append(all, r.bare(), r.tcpmuxd("tcpmuxd", filepath.Join(r.dir, "tcpmuxd")))
	for _, build := range builds {
		name, path, _ := strings.Cut(build, "=")
		all = append(all, r.tcpmuxd(name, path))
	}
	all = append(all, r.xinetd(), r.inetutils(), r.tcpserver())
	socat := subject{name: "socat"}
	path, err := rig.Find(r.root, "socat")
	if err != nil {
		socat.absent = err.Error()
	}
	socat.ways = map[string]way{forward: {argv: func() []string {
		return []string{path, "-b", strconv.Itoa(chunk), "-t", "10", fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,reuseaddr", r.port),
			fmt.Sprintf("TCP4:127.0.0.1:%d", r.backend)}
	}}}
	splice := way{argv: func() []string {
		return []string{r.self, "splice", strconv.Itoa(r.port), strconv.Itoa(r.backend)}
	}}
	return append(all, socat, subject{name: "direct", ways: map[string]way{forward: {}}},
		subject{name: "splice", ways: map[string]way{forward: splice}})
}

func (r *runner) bare() subject {
	argv := func() []string { return []string{r.self, "bare-loop", strconv.Itoa(r.port)} }
	list := way{argv: argv, request: "HELP\r\n", answer: answer(`daytime\r\nhi\r\n`)}
	return subject{name: "bare loop", ways: map[string]way{
		help:    list,
		builtin: {argv: argv, request: "daytime\r\n", answer: answer(`\+Go\r\n` + date)},
		idling:  list,
	}}
}

func (r *runner) tcpmuxd(name, path string) subject {
	argv := func() []string {
		return []string{path, fmt.Sprintf("--listen=127.0.0.1:%d", r.port), "--service=daytime=builtin:daytime",
			"--service=hi=exec:" + strings.Join(r.program, " ")}
	}
	forwarder := func() []string {
		return []string{path, fmt.Sprintf("--listen=127.0.0.1:%d", r.port), fmt.Sprintf("--service=bulk=tcp:127.0.0.1:%d", r.backend)}
	}
	list := way{argv: argv, request: "HELP\r\n", answer: answer(`daytime\r\nhi\r\n`)}
	return subject{name: name, ways: map[string]way{
		help:    list,
		builtin: {argv: argv, request: "daytime\r\n", answer: answer(`\+Go\r\n` + date)},
		started: {argv: argv, request: "hi\r\n", answer: answer(`\+Go\r\n` + r.output)},
		idling:  list,
		forward: {argv: forwarder, request: "bulk\r\n"},
	}}
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
	%[4]s
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
	path, err := rig.Find(r.root, "xinetd")
	s := subject{name: "xinetd"}
	if err != nil {
		s.absent = err.Error()
	}
	argv := func() []string {
		conf := filepath.Join(r.dir, "xinetd.conf")
		args := "" // an empty list is a fault to it
		if len(r.program) > 1 {
			args = "server_args = " + strings.Join(r.program[1:], " ")
		}
		text := fmt.Sprintf(xinetdConf, r.port, login(), r.program[0], args)
		os.WriteFile(conf, []byte(text), 0o644) // that it is missing is seen soon
		return []string{path, "-dontfork", "-f", conf, "-filelog", filepath.Join(r.dir, "xinetd.log"),
			"-pidfile", filepath.Join(r.dir, "xinetd.pid")}
	}
	list := way{argv: argv, request: "HELP\r\n", answer: answer(`-Service name not found\r\n\x00`),
		note: "it has no HELP: a refusal"}
	s.ways = map[string]way{
		help: list,
		builtin: {argv: argv, request: "daytime\r\n", answer: answer(date + `\+Go\r\n\x00`),
			note: "its reply comes behind the service's output"},
		started: {argv: argv, request: "hi\r\n", answer: answer(`\+Go\r\n\x00` + r.output)},
		idling:  list,
	}
	return s
}

func (r *runner) inetutils() subject {
	path, err := rig.Find(r.root, "inetutils-inetd")
	s := subject{name: "inetutils-inetd"}
	switch {
	case err != nil:
		s.absent = err.Error()
	case os.Getuid() != 0:
		s.absent = "only root can give it a services file of its own"
	case exec.Command("unshare", "-m", "true").Run() != nil:
		s.absent = "unshare -m does not work here"
	}
	// Its port comes from the services database; -d keeps it in the foreground.
	argv := func() []string {
		conf, services := filepath.Join(r.dir, "inetd.conf"), filepath.Join(r.dir, "services")
		text := fmt.Sprintf("127.0.0.1:tcpmux stream tcp nowait %[1]s internal\ntcpmux/+daytime stream tcp nowait %[1]s internal\n"+
			"tcpmux/+hi stream tcp nowait %[1]s %[2]s hi %[3]s\n", login(), r.program[0], strings.Join(r.program[1:], " "))
		os.WriteFile(conf, []byte(text), 0o644)
		os.WriteFile(services, fmt.Appendf(nil, "tcpmux %d/tcp\ndaytime 13/tcp\n", r.port), 0o644)
		return []string{"unshare", "-m", "sh", "-c", `mount --bind "$1" /etc/services && shift && exec "$@"`, "sh", services,
			path, "-d", "-R", "1000000", conf}
	}
	list := way{argv: argv, request: "HELP\r\n", answer: answer(`(?:(?:\+?hi|\+?daytime)\r\n){2}`)}
	note := "it sleeps up to 1 s when a child has ended"
	list.note = note
	s.ways = map[string]way{
		help:    list,
		builtin: {argv: argv, request: "daytime\r\n", answer: answer(`\+Go\r\n` + date), note: note},
		started: {argv: argv, request: "hi\r\n", answer: answer(`\+Go\r\n` + r.output), note: note},
		idling:  list,
	}
	return s
}

func (r *runner) tcpserver() subject {
	path, err := rig.Find(r.root, "tcpserver")
	s := subject{name: "tcpserver"}
	if err != nil {
		s.absent = err.Error()
	}
	s.ways = map[string]way{started: {note: "no mux: the program at once", answer: answer(r.output), argv: func() []string {
		return append([]string{path, "-q", "-b", "512", "-c", "2000", "-HRDl0", "127.0.0.1", strconv.Itoa(r.port)}, r.program...)
	}}}
	return s
}

// login is the name of the user who runs this.
func login() string {
	u, err := user.Current()
	if err != nil {
		return "root"
	}
	return cmp.Or(u.Username, "root")
}
