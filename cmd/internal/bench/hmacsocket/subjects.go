//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// A subject is what is measured: a pair of programs.
type subject struct {
	name   string
	absent string                                  // why it cannot be had here
	argv   func(p ports) (server, client []string) // nil if there is nothing between the ends
	share  int64                                   // bulk moves that part of the bytes; 0 is 1
	notes  map[string]string                       // by kind of measure
	skip   map[string]bool                         // kinds of measures that it has no part in
}

// ports are those of a turn: clients connect to front, the programs meet at middle, the service is at back.
type ports struct{ front, middle, back int }

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// subjects are all, the measures' bases among them.
func (r *runner) subjects(hashes, builds []string) (all []subject) {
	all = append(all, subject{name: "direct", skip: map[string]bool{idling: true}})
	for _, hash := range hashes {
		all = append(all, r.ours("hmacsocket "+hash, r.dir, hash))
		for _, build := range builds {
			name, dir, _ := strings.Cut(build, "=")
			all = append(all, r.ours(name+" "+hash, dir, hash))
		}
		all = append(all, r.bare(hash))
	}
	return append(all, r.socat(), r.ssh("ssh", ""), r.ssh("ssh aes128-gcm", "aes128-gcm@openssh.com"), r.stunnel(), r.spiped(), r.inC())
}

// ours is a build of our pair.
func (r *runner) ours(name, dir, hash string) subject {
	return subject{name: name, argv: func(p ports) (server, client []string) {
		args := []string{"--hash=" + hash, "--keyfile=" + r.key}
		server = append([]string{filepath.Join(dir, "hmacsocketserver"), "--listen=" + address(p.middle), "--connect=" + address(p.back)}, args...)
		client = append([]string{filepath.Join(dir, "hmacsocketclient"), "--listen=" + address(p.front), "--connect=" + address(p.middle)}, args...)
		return server, client
	}}
}

// inC is the pair of the C programs, which can only be SHA-256.
func (r *runner) inC() subject {
	dir := os.Getenv("HMACSOCKET_DIR")
	s := subject{name: "hmacsocket in C", share: 2, skip: map[string]bool{opening: true, idling: true}}
	if _, err := os.Stat(filepath.Join(dir, "hmacsocketserver")); dir == "" || err != nil {
		s.absent = "$HMACSOCKET_DIR has none"
	}
	s.notes = map[string]string{bulk: "it spins where a connection has ended: no figures for many"}
	s.argv = func(p ports) (server, client []string) {
		args := func(name string, l, c int) []string {
			return []string{filepath.Join(dir, name), "-k" + r.key, "-l" + address(l), "-c" + address(c)}
		}
		return args("hmacsocketserver", p.middle, p.back), args("hmacsocketclient", p.front, p.middle)
	}
	return s
}

// bare is the pair that only hashes and copies.
func (r *runner) bare(hash string) subject {
	return subject{name: "bare Go " + hash, argv: func(p ports) (server, client []string) {
		args := func(name string, l, c int) []string {
			return []string{r.self, name, strconv.Itoa(l), strconv.Itoa(c), hash}
		}
		return args("bare-server", p.middle, p.back), args("bare-client", p.front, p.middle)
	}}
}

// peer is a program that "make peers" fetches.
func (r *runner) peer(s *subject, name string) (path string) {
	path, err := rig.Find(r.root, name)
	if err != nil {
		s.absent = err.Error()
	}
	return path
}

func (r *runner) socat() subject {
	s := subject{name: "socat"}
	path := r.peer(&s, "socat")
	s.argv = func(p ports) (server, client []string) {
		args := func(l, c int) []string {
			return []string{path, "-b", "65536", fmt.Sprintf("TCP4-LISTEN:%d,bind=127.0.0.1,reuseaddr,fork,backlog=512", l), "TCP4:" + address(c)}
		}
		return args(p.middle, p.back), args(p.front, p.middle)
	}
	return s
}
