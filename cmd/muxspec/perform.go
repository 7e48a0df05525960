package main

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

// perform judges one target until a signal comes. If nothing could be judged, it says why; there is no report then.
func perform(fs *pflag.FlagSet, o conformance.Options, quiet bool) (*report.Report, int) {
	ctx, stop := untilSignal()
	rep, err := judge(ctx, o, quiet)
	stop() // nothing is left to be ended, and whoever should read the report may not
	if unable := (*conformance.Unable)(nil); errors.As(err, &unable) {
		cmdline.Complain(fs, "%v", err)
		return nil, report.ExitInconclusive
	}
	if err != nil {
		return nil, cmdline.Usage(fs, "%v", err)
	}
	return rep, rep.Summary.Exit
}
