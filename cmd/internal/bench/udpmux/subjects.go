//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// A subject is what is measured: what stands between clients and backends.
type subject struct {
	name   string
	absent string                             // why it cannot be had here
	note   string                             //
	mode   udpmux.Mode                        // of a moshd
	argv   func(front, back int) []string     // nil if there is no process
	rules  func(front, back int) (nft string) // for the backend's network namespace
	spaces bool                               // clients and backends have network namespaces, joined by veth
}

// moshds are the builds of moshd, as NAME=PATH.
func (r *runner) moshds(others []string) []string {
	return append([]string{"moshd=" + r.moshd}, others...)
}

// ours is a build of moshd that serves sessions of one mode.
func (r *runner) ours(build string, mode udpmux.Mode, options ...string) subject {
	name, path, _ := strings.Cut(build, "=")
	return subject{name: name + " " + mode.String(), mode: mode, argv: func(front, _ int) []string {
		argv := []string{path, "--config=/dev/null", "--modes=learn,token", "--listen=" + address(front), "--socket=" + r.socket}
		return append(argv, options...)
	}}
}

// raised are moshd's limits for the measures of speed.
var raised = []string{"--max-sessions=60000", "--max-sessions-per-uid=60000", "--max-connections-per-uid=60000",
	"--max-flows-per-session=65536", "--flow-rate=1000000", "--probe-rate=1000000", "--probe-time=0s"}

// flooded are those for a flood: the live clients' first datagrams may be probed, but not all of 10 s.
var flooded = []string{"--probe-time=0s"}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

const nginxConf = `load_module %s;
%s
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid %s;
error_log stderr crit;
events { worker_connections 10000; }
stream {
	server {
		listen 127.0.0.1:%d udp rcvbuf=4m;
		proxy_pass 127.0.0.1:%d;
	}
}
`

func (r *runner) nginx() subject {
	s := subject{name: "nginx"}
	path, err := rig.Find(r.root, "nginx")
	if err != nil {
		s.absent = err.Error()
		return s
	}
	module := "ngx_stream_module.so" // beside the program that "make peers" has fetched, or installed
	for _, dir := range []string{filepath.Join(filepath.Dir(path), "../root/usr/lib/nginx/modules"), "/usr/lib/nginx/modules"} {
		if _, err := os.Stat(filepath.Join(dir, module)); err == nil {
			module = filepath.Join(dir, module)
			break
		}
	}
	if !filepath.IsAbs(module) {
		s.absent = "nginx has no " + module
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root root;"
	}
	s.argv = func(front, back int) []string {
		conf := filepath.Join(r.dir, "nginx.conf")
		text := fmt.Sprintf(nginxConf, module, user, filepath.Join(r.dir, "nginx.pid"), front, back)
		os.WriteFile(conf, []byte(text), 0o644) // that it is missing is seen soon
		return []string{path, "-e", "stderr", "-p", r.dir, "-c", conf}
	}
	return s
}

func (r *runner) socat() subject {
	s := subject{name: "socat", note: "a process for each flow"}
	path, err := rig.Find(r.root, "socat")
	if err != nil {
		s.absent = err.Error()
	}
	s.argv = func(front, back int) []string {
		return []string{path, fmt.Sprintf("UDP4-LISTEN:%d,bind=127.0.0.1,reuseaddr,fork", front), "UDP4:" + address(back)}
	}
	return s
}

// veth is a pair of network namespaces, in which nothing or the kernel alone forwards.
func (r *runner) veth(name string, redirect bool) subject {
	s := subject{name: name, spaces: true}
	tools := []string{"unshare", "nsenter", "ip"}
	if redirect {
		s.note = "in the kernel: no process to measure"
		tools = append(tools, "nft")
		s.rules = redirection
	}
	for _, tool := range tools {
		if _, err := rig.Find(r.root, tool); err != nil {
			s.absent = err.Error()
		}
	}
	switch {
	case s.absent != "":
	case os.Getuid() != 0:
		s.absent = "only root can make network namespaces and their rules"
	default:
		s.absent = r.trySpaces(redirect)
	}
	return s
}

// redirection is nft's rules.
func redirection(front, back int) string {
	const rules = "table ip bench {\nchain front {\ntype nat hook prerouting priority dstnat\nudp dport %d redirect to :%d\n}\n}"
	return fmt.Sprintf(rules, front, back)
}

// trySpaces says why network namespaces, or rules in them, cannot be had.
func (r *runner) trySpaces(redirect bool) string {
	script := `"$1" link add one type veth peer name two`
	nft := ""
	if redirect {
		script += ` && exec "$2" "$3"`
		nft, _ = rig.Find(r.root, "nft")
	}
	ip, _ := rig.Find(r.root, "ip")
	if out, err := exec.Command("unshare", "-n", "sh", "-c", script, "sh", ip, nft, redirection(1, 2)).CombinedOutput(); err != nil {
		why, _, _ := strings.Cut(string(out), "\n")
		return fmt.Sprintf("the kernel refuses it: %v: %s", err, why)
	}
	return ""
}
