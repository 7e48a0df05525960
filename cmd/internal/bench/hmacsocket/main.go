//go:build linux

// This program compares the pair hmacsocketserver and hmacsocketclient with other pairs of programs that forward connections, most of them
// with a secret, and with the least that such a pair can do. Start reading at measures.go, which has what is measured; subjects.go
// and peers.go have who is.
//
// Each turn has a pair of its own, freshly started, and a service behind it that is a process of its own.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/bench/rig"
	"github.com/muxspec/muxspec/cmd/internal/cmdline"
)

const usage = `Usage: bench [OPTION]...

Compare hmacsocketserver and hmacsocketclient with socat, ssh -L, stunnel and spiped, with the C programs of $HMACSOCKET_DIR, and with
a pair that only hashes and copies. All traffic stays on the loopback interface. The table goes to standard output, what is being done to
standard error.

Exit codes: 0 measured, whatever the aims; 1 a measurement failed or was interrupted; 2 wrong usage.
`

func main() {
	if len(os.Args) > 1 && parts[os.Args[1]] != nil {
		os.Exit(runPart(os.Args[1:]))
	}
	os.Exit(bench(os.Args[1:]))
}

func bench(args []string) int {
	fs := cmdline.New(usage)
	var o rig.Options
	o.Define(fs)
	r := &runner{}
	mebibytes := fs.Int64("mebibytes", 1024, "how much a bulk measurement moves, in MiB")
	seconds := fs.Float64("seconds", 1, "how long any other measurement takes")
	fs.IntVar(&r.clients, "clients", 1, "how many clients open connections side by side")
	fs.IntVar(&r.idlers, "idle", 1000, "how many connections are idle")
	hashes := fs.StringSlice("hash", []string{"sha256", "blake3"}, "the hashes, comma-separated")
	builds := fs.StringArray("build", nil, "another build of the two programs to compare, `NAME=FOLDER`; repeatable")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	unknown := slices.DeleteFunc(slices.Clone(*hashes), func(name string) bool { return hashNames[name] != nil })
	switch {
	case fs.NArg() > 0 || o.Repeat < 1 || *seconds <= 0 || *mebibytes < 1 || r.clients < 1 || r.idlers < 1:
		return cmdline.Usage(fs, "no arguments, and all numbers must be more than 0")
	case len(unknown) > 0:
		return cmdline.Usage(fs, "--hash: unknown: %s", strings.Join(unknown, ", "))
	}
	r.bytes, r.time = *mebibytes<<20, time.Duration(*seconds*float64(time.Second))
	ctx, restore := rig.Interruptible()
	defer restore()
	clean, err := r.prepare(ctx)
	defer clean()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return rig.ExitFailed
	}
	what := fmt.Sprintf("Bulk is one stream of %d MiB to the service; ping-pong and connections take %v s; ping-pong is of 64 bytes;\n"+
		"connections are made by %d clients; %d are idle.", *mebibytes, *seconds, r.clients, r.idlers)
	return o.Conduct(ctx, fs, what, r.measures(r.subjects(*hashes, *builds), *hashes), aims(*hashes))
}

// A runner has what all measurements share.
type runner struct {
	dir, self, root string // root is the source's
	key             string // the file
	bytes           int64  // of a bulk measurement
	time            time.Duration
	clients, idlers int
}

// prepare makes a folder with what the measurements need; clean takes it away.
func (r *runner) prepare(ctx context.Context) (clean func(), err error) {
	if r.dir, r.self, r.root, clean, err = rig.Prepare("bench-hmacsocket-"); err != nil {
		return clean, err
	}
	r.key = filepath.Join(r.dir, "key")
	secret := make([]byte, 32)
	rand.Read(secret)
	if err := os.WriteFile(r.key, secret, 0o600); err != nil {
		return clean, err
	}
	for _, name := range []string{"hmacsocketserver", "hmacsocketclient"} {
		if err := rig.Build(ctx, name, filepath.Join(r.dir, name)); err != nil {
			return clean, err
		}
	}
	rig.RaiseFiles()
	return clean, nil
}
