package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/conformance/report/matrix"
)

// out is standard output; muxspec flushes it at the end and reports an error.
var out = bufio.NewWriter(os.Stdout)

// toStdout says whether a report goes to standard output instead of the console's.
func (f runFlags) toStdout() bool {
	return slices.Contains(f.files(), "-")
}

// files are the names of the files that reports go to.
func (f runFlags) files() []string {
	return []string{*f.json, *f.junit, *f.markdown, *f.html, *f.github, *f.known, *f.badge, *f.inToto, *f.pcap}
}

// writable returns an error if a report could not be written after the run: better to fail before it.
func writable(files ...string) error {
	for _, file := range files {
		if err := takes(file); file != "" && file != "-" && err != nil {
			return fmt.Errorf("%s cannot be written: %w", file, err)
		}
	}
	return nil
}

// takes says why a file cannot be written.
func takes(file string) error {
	if _, err := os.Stat(file); err == nil {
		w, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return w.Close()
	}
	switch info, err := os.Stat(filepath.Dir(file)); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s", filepath.Dir(file))
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", filepath.Dir(file))
	}
	return nil
}

// packets lets the run write packets to the file of --pcap. The function that it returns ends that, and tells of an
// error.
func (f runFlags) packets(o *conformance.Options) (end func() error, err error) {
	switch *f.pcap {
	case "":
		return func() error { return nil }, nil
	case "-":
		o.Packets = out
		return func() error { return nil }, nil
	}
	file, err := os.Create(*f.pcap)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(file)
	o.Packets = w
	return func() error { return cmp.Or(w.Flush(), file.Close()) }, nil
}

// write writes the selected reports. If one fails, the others are written all the same.
func write(f runFlags, rep *report.Report) (failed []error) {
	var b bytes.Buffer
	for _, r := range []struct {
		file  string
		write func() error
	}{
		{*f.known, func() error { b.WriteString(conformance.KnownTOML(rep)); return nil }},
		{*f.junit, func() error { return report.JUnit(&b, rep) }},
		{*f.markdown, func() error { report.Markdown(&b, rep); return nil }},
		{*f.badge, func() error { return report.Badge(&b, rep) }},
		{*f.inToto, func() error { return report.InToto(&b, rep) }},
		{*f.html, func() error { return matrix.Write(&b, thisSuite(), rep) }},
		{*f.github, func() error { return report.GitHub(&b, rep) }},
		{*f.json, func() error {
			enc := json.NewEncoder(&b)
			enc.SetIndent("", "  ")
			return enc.Encode(rep)
		}},
	} {
		if r.file == "" {
			continue
		}
		b.Reset()
		err := r.write()
		if err == nil {
			err = writeFile(r.file, b.Bytes())
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// writeFile writes a report to the file; - is standard output.
func writeFile(file string, text []byte) error {
	if file == "-" {
		out.Write(text) // an error is reported when it is flushed
		return nil
	}
	return os.WriteFile(file, text, 0o644)
}

// thisSuite identifies what this program judges by.
func thisSuite() report.Suite {
	return report.Suite{Version: cmdline.Version(), Digest: conformance.Digest()}
}

// again returns this run's arguments that choose the target and how it is judged, so that a run can be repeated.
func again(set *pflag.FlagSet) string {
	var args []string
	set.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "target", "address", "has", "patience", "start-timeout", "timer", "slow", "hostile":
			args = append(args, "--"+f.Name+"="+strings.Trim(f.Value.String(), "[]"))
		}
	})
	rest := set.Args()
	if n := set.ArgsLenAtDash(); n >= 0 {
		rest = append(append(append([]string{}, rest[:n]...), "--"), rest[n:]...)
	}
	return quoteArgs(append(args, rest...))
}

// quoteArgs shows arguments so that a shell reads them back.
func quoteArgs(args []string) string {
	var out []string
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$`*?[]{}()<>|&;#~!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}
