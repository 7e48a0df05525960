package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

// out is standard output; dispatch writes it out at the end and tells whether that worked.
var out = bufio.NewWriter(os.Stdout)

// toStdout says whether a report goes to standard output instead of the console's.
func (f runFlags) toStdout() bool {
	return *f.json == "-" || *f.junit == "-" || *f.markdown == "-" || *f.known == "-"
}

// write writes the reports that were asked for.
func write(f runFlags, rep *conformance.Report) error {
	var b bytes.Buffer
	for _, r := range []struct {
		file  string
		write func() error
	}{
		{*f.known, func() error { b.WriteString(conformance.KnownTOML(rep)); return nil }},
		{*f.junit, func() error { return report.JUnit(&b, rep) }},
		{*f.markdown, func() error { report.Markdown(&b, rep); return nil }},
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
		if err := r.write(); err != nil {
			return err
		}
		if r.file == "-" {
			out.Write(b.Bytes())
		} else if err := os.WriteFile(r.file, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// again gives the arguments of this run for the next one: those that choose the target and how it is judged.
func again(fs *pflag.FlagSet) string {
	var args []string
	fs.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "target", "address", "has", "patience", "slow", "hostile":
			args = append(args, "--"+f.Name+"="+strings.Trim(f.Value.String(), "[]"))
		}
	})
	rest := fs.Args()
	if n := fs.ArgsLenAtDash(); n >= 0 {
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
