//go:build linux

package main

import (
	"crypto/sha256"
	"hash"
	"path/filepath"
	"strconv"

	"github.com/zeebo/blake3"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

// pair is a subject's two programs, of which clients connect to the one that is started last. argv is given which one
// it is to start, "server" or "client".
func pair(argv func(end string, listen, connect int) []string) func(rig.Ports) []rig.Program {
	return func(p rig.Ports) []rig.Program {
		return []rig.Program{
			{Port: p.Middle, Argv: argv("server", p.Middle, p.Back)},
			{Port: p.Front, Argv: argv("client", p.Front, p.Middle)},
		}
	}
}

// A namedHash is one that the pair is measured with.
type namedHash struct {
	name string
	make func() hash.Hash
}

var hashes = []namedHash{{"sha256", sha256.New}, {"blake3", func() hash.Hash { return blake3.New() }}}

// subjects are all, the measures' bases among them.
func (r *runner) subjects() (all []rig.Subject) {
	all = append(all, rig.Subject{Name: "direct"})
	for _, h := range hashes {
		for _, build := range r.Builds {
			all = append(all, r.ours(build, h.name))
		}
	}
	all = append(all, r.bare(), r.socat(), r.ssh("ssh", ""), r.ssh(gcm, "aes128-gcm@openssh.com"))
	return append(all, r.stunnel(), r.spiped())
}

// ours is a build of our pair.
func (r *runner) ours(build rig.Build, hash string) rig.Subject {
	return rig.Subject{Name: build.Name + " " + hash, Programs: pair(func(end string, listen, connect int) []string {
		return []string{filepath.Join(build.Dir, "hmacsocket"+end), "--listen=" + rig.Address(listen),
			"--connect=" + rig.Address(connect), "--hash=" + hash, "--keyfile=" + r.key}
	})}
}

// bare is the least that a pair in Go can do: it forwards.
func (r *runner) bare() rig.Subject {
	return rig.Subject{Name: bare, Programs: pair(func(_ string, listen, connect int) []string {
		return r.End("forward", listen, strconv.Itoa(connect)).Argv
	})}
}
