package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/conformance/report/matrix"
)

const matrixUsage = `Usage: muxspec matrix [OPTION]... --html FILE TARGET...

Write one page that shows which target follows which rule, and the evidence of each violation. The page needs no other
file and no network. Targets are judged one after another. A TARGET is one of these:

  NAME        a target that the suite has:
              %s
  FILE.toml   a target file
  FILE.json   a report that 'muxspec run --json' wrote, which is taken as it is

Exit codes: 0 the page was written, whatever it says of the targets; 2 wrong usage; 3 the machine lacks something, a
signal ended the run, or the page could not be written.
`

// A contestant is a column of the page: a report, or a target to be judged.
type contestant struct {
	target *conformance.Target
	report *report.Report
	again  string // the arguments of run that judge it
}

func matrixMain(args []string) int {
	fs := cmdline.New(fmt.Sprintf(matrixUsage, strings.Join(conformance.TargetNames(), ", ")))
	var o conformance.Options
	file := fs.String("html", "", "the `FILE` to write; - means standard output, "+
		"and then nothing else is printed there")
	quiet := fs.BoolP("quiet", "q", false, "print nothing")
	defineJudging(fs, &o)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	all, err := contestants(fs, &o, *file)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	ctx, stop := context.Background(), func() {}
	if judges(all) {
		if code, done := supervise(*quiet); done {
			return code
		}
		ctx, stop = untilSignal()
	}
	code := judgeAll(ctx, fs, o, all, *quiet || *file == "-")
	interrupted := ctx.Err() != nil
	stop()
	if code != cmdline.ExitOK {
		return code
	}
	reports := reportsOf(all)
	if len(reports) == 0 {
		cmdline.Complain(fs, "a signal ended the run before anything was judged")
		return report.ExitInconclusive
	}
	if err := writePage(*file, reports); err != nil {
		cmdline.Complain(fs, "%v", err)
		return report.ExitInconclusive
	}
	if interrupted {
		cmdline.Complain(fs, "a signal ended the run: the page shows only what was judged before it")
		return report.ExitInconclusive
	}
	return cmdline.ExitOK
}

func writePage(file string, reports []*report.Report) error {
	var page bytes.Buffer
	if err := matrix.Write(&page, thisSuite(), reports...); err != nil {
		return err
	}
	return writeFile(file, page.Bytes())
}

// contestants reads what the command line names. Whatever can be found wrong without a run is an error here.
func contestants(fs *pflag.FlagSet, o *conformance.Options, file string) (all []*contestant, err error) {
	if err := checkJudging(fs, o); err != nil {
		return nil, err
	}
	switch {
	case file == "":
		return nil, errors.New("--html FILE is missing")
	case fs.NArg() == 0:
		return nil, errors.New("a TARGET is missing")
	}
	for _, name := range fs.Args() {
		c := new(contestant)
		if strings.HasSuffix(name, ".json") {
			c.report, err = loadReport(name)
		} else if c.target, err = conformance.LoadTarget(name); err == nil {
			err = conformance.Found(c.target)
			c.again = quoteArgs([]string{"--target=" + name})
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, writable(file)
}

// loadReport reads a report from a file. Its errors begin with the file's name.
func loadReport(name string) (*report.Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil && !errors.As(err, new(*fs.PathError)) { // which names the file itself
		err = fmt.Errorf("%s: %w", name, err)
	}
	return r, err
}

// judges says whether any of them has to be judged.
func judges(all []*contestant) bool {
	for _, c := range all {
		if c.target != nil {
			return true
		}
	}
	return false
}

// judgeAll judges the targets one after another, so that none disturbs another, until a signal comes. If one cannot be
// judged, it returns the exit code.
func judgeAll(ctx context.Context, fs *pflag.FlagSet, o conformance.Options, all []*contestant, quiet bool) int {
	for _, c := range all {
		if c.target == nil || ctx.Err() != nil {
			continue
		}
		o.Target = c.target
		rep, err := judge(ctx, o, quiet)
		if err != nil && ctx.Err() != nil { // the signal came before anything was judged
			break
		}
		if unable := (*conformance.Unable)(nil); errors.As(err, &unable) {
			cmdline.Complain(fs, "%v", err)
			return report.ExitInconclusive
		}
		if err != nil {
			return cmdline.Usage(fs, "%s: %v", c.target.Name, err)
		}
		rep.Again = c.again
		c.report = rep
		if !quiet {
			fmt.Fprintf(out, "%s: %s\n", rep.Target, counts(rep))
			out.Flush() // the next target may take a while
		}
	}
	return cmdline.ExitOK
}

// counts says in one line how often each outcome occurs.
func counts(r *report.Report) string {
	var parts []string
	for _, o := range report.Outcomes {
		if n := r.Summary.Count[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}

// reportsOf gives the reports of those that were judged.
func reportsOf(all []*contestant) (reports []*report.Report) {
	for _, c := range all {
		if c.report != nil {
			reports = append(reports, c.report)
		}
	}
	return reports
}
