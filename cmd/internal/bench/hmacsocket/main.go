//go:build linux

// This program compares the pair hmacsocketserver and hmacsocketclient with other pairs of programs that forward
// connections, most of them with a secret, and with the least that such a pair can do. Start reading at measures.go,
// which has what is measured; subjects.go and peers.go have who is.
package main

import (
	"crypto/rand"
	"os"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
)

func main() {
	r := &runner{Bench: rig.Bench{
		Usage: `Compare hmacsocketserver and hmacsocketclient with socat, ssh -L, stunnel and spiped, and with a
pair that only forwards. All traffic stays on the loopback interface.`,
		Name:     "hmacsocket",
		Programs: []string{"hmacsocketserver", "hmacsocketclient"},
	}}
	r.Plan = r.plan
	rand.Read(r.secret[:])
	os.Exit(r.Main())
}

// A runner has what all measurements share.
type runner struct {
	rig.Bench
	secret [32]byte
	key    string // the file with it
}
