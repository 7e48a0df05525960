//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// A subject is what is measured: what stands between clients and backend.
type subject struct {
	rig.Subject
	mode udpmux.Mode // of a moshd
}

// one makes s a subject that is one program.
func one(s rig.Subject, mode udpmux.Mode, argv func(p rig.Ports) []string) subject {
	s.Programs = rig.One(argv)
	return subject{s, mode}
}

var modes = []udpmux.Mode{udpmux.Token, udpmux.Learn}

func (r *runner) socket() string { return filepath.Join(r.Dir, "moshd.sock") }

// ours is a build of moshd that serves sessions of one mode.
func (r *runner) ours(build rig.Build, mode udpmux.Mode) subject {
	return one(rig.Subject{Name: build.Name + " " + mode.String()}, mode, func(p rig.Ports) []string {
		return append([]string{filepath.Join(build.Dir, "moshd"), "--config=/dev/null", "--modes=learn,token",
			"--listen=" + rig.Address(p.Front), "--socket=" + r.socket()}, raised...)
	})
}

// raised are moshd's limits.
var raised = []string{"--max-flows-per-session=65536", "--flow-rate=1000000", "--probe-rate=1000000", "--probe-time=0s"}

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
	s := rig.Subject{Name: "nginx"}
	path := r.Peer(&s, "nginx")
	module := "ngx_stream_module.so" // beside the program that "make peers" has fetched, or installed
	const dir = "/usr/lib/nginx/modules"
	for _, dir := range []string{filepath.Join(filepath.Dir(path), "../root", dir), dir} {
		if _, err := os.Stat(filepath.Join(dir, module)); err == nil {
			module = filepath.Join(dir, module)
			break
		}
	}
	if s.Absent == "" && !filepath.IsAbs(module) {
		s.Absent = "nginx has no " + module
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root root;"
	}
	return one(s, 0, func(p rig.Ports) []string {
		text := fmt.Sprintf(nginxConf, module, user, filepath.Join(r.Dir, "nginx.pid"), p.Front, p.Back)
		return []string{path, "-e", "stderr", "-p", r.Dir, "-c", r.File("nginx.conf", text)}
	})
}

func (r *runner) socat() subject {
	s := rig.Subject{Name: "socat", Note: "a process for each flow"}
	path := r.Peer(&s, "socat")
	return one(s, 0, func(p rig.Ports) []string {
		listen := fmt.Sprintf("UDP4-LISTEN:%d,bind=127.0.0.1,reuseaddr,fork", p.Front)
		return []string{path, listen, "UDP4:" + rig.Address(p.Back)}
	})
}
