//go:build linux

// This program compares moshd with other programs that forward UDP, with the kernel's redirection, and with nothing between the ends.
// Start reading at measures.go, which has what is measured; subjects.go has who is, and part.go what the other ends are.
//
// Each turn has a forwarder of its own, freshly started, and clients and backends that are processes of their own. What was lost is
// counted; what was changed ends the measure.
package main

import (
	"context"
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

Compare moshd with nginx, socat, and a redirection in the kernel. All traffic stays on the loopback interface, and within network
namespaces made for it. The table goes to standard output, what is being done to standard error.

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
	seconds := fs.Float64("seconds", 1, "how long a measurement takes")
	fs.IntVar(&r.window, "window", 4, "how many datagrams a flow keeps on its way where as many as can be are sent")
	fs.BoolVar(&r.plain, "plain", false, "the ends make a system call for each datagram, as mosh's programs do; else they send and receive many at once")
	builds := fs.StringArray("moshd", nil, "another build of moshd to compare, `NAME=PATH`; repeatable")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	wrong := slices.ContainsFunc(*builds, func(b string) bool { return !strings.Contains(b, "=") })
	if fs.NArg() > 0 || o.Repeat < 1 || *seconds <= 0 || r.window < 1 || r.window > batchSize || wrong {
		return cmdline.Usage(fs, "no arguments; --repeat and --seconds more than 0; --window from 1 to %d; --moshd NAME=PATH", batchSize)
	}
	r.time = time.Duration(*seconds * float64(time.Second))
	ctx, restore := rig.Interruptible()
	defer restore()
	clean, err := r.prepare(ctx)
	defer clean()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return rig.ExitFailed
	}
	ends := "send and receive many datagrams by a system call"
	if r.plain {
		ends = "make a system call for each datagram"
	}
	what := fmt.Sprintf("A measurement takes %v s. mosh's datagrams have %d bytes; a flow keeps %d of them on their way. Latency is of %d flows\n"+
		"with %d round trips per second in all, as is that of the %d live sessions in a flood, which comes from %d sources.\n"+
		"Behind × are the sessions, with 1000 flows. A datagram counts in each direction. Memory is all of the forwarder's.\n"+
		"The ends %s.",
		*seconds, payload, r.window, latent, paced, learners, floodSources, ends)
	return o.Conduct(ctx, fs, what, r.measures(*builds), aims())
}

// A runner has what all measurements share.
type runner struct {
	dir, self, root string // root is the source's
	moshd, socket   string // paths
	parts           int    // that were started
	plain           bool   // ends
	time            time.Duration
	window          int
}

// prepare makes a folder with what the measurements need; clean takes it away.
func (r *runner) prepare(ctx context.Context) (clean func(), err error) {
	if r.dir, r.self, r.root, clean, err = rig.Prepare("bench-udpmux-"); err != nil {
		return clean, err
	}
	r.moshd, r.socket = filepath.Join(r.dir, "moshd"), filepath.Join(r.dir, "moshd.sock")
	if err := rig.Build(ctx, "moshd", r.moshd); err != nil {
		return clean, err
	}
	rig.RaiseFiles()
	return clean, nil
}
