//go:build linux

package rig

import (
	"context"
	"os"
	"os/signal"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
)

// ExitFailed is the exit code when a measurement has failed or was interrupted.
const ExitFailed = 1

// Options are what every benchmark can be told.
type Options struct {
	Repeat int
	only   []string
	file   string
}

// Define adds them to a program's options.
func (o *Options) Define(fs *pflag.FlagSet) {
	fs.IntVar(&o.Repeat, "repeat", 3, "how often everything is measured; the median counts")
	fs.StringSliceVar(&o.only, "only", nil,
		"only the subjects and measures with these `WORDS` in their names, comma-separated, and what their ratios need")
	fs.StringVar(&o.file, "json", "", "write all values to `FILE`, too")
}

// Interruptible gives a context that ends with the first signal; a second one finds the default again, and the processes' death signal
// does the rest.
func Interruptible() (ctx context.Context, restore func()) {
	ctx, restore = signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	context.AfterFunc(ctx, restore)
	return ctx, restore
}

// Conduct measures and prints the tables. It gives the program's exit code.
func (o *Options) Conduct(ctx context.Context, fs *pflag.FlagSet, what string, measures []Measure, aims []Aim) int {
	measures, err := Choose(measures, aims, o.only)
	if err != nil {
		return cmdline.Usage(fs, "--only: %v", err)
	}
	r := NewReport(what)
	r.Run(ctx, measures, o.Repeat)
	r.finish(measures)
	r.print(os.Stdout, aims)
	if o.file != "" {
		if err := r.save(o.file); err != nil {
			cmdline.Complain(fs, "--json: %v", err)
			return ExitFailed
		}
	}
	if ctx.Err() != nil || r.failed() {
		return ExitFailed
	}
	return cmdline.ExitOK
}
