package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance/mutants"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
	"github.com/muxspec/muxspec/vectors"
)

const traceUsage = `Usage: muxspec trace [OPTION]...

Show what covers each rule: its scenarios, the golden vectors that name it, and the mutants that break it. A mutant is a
variant of the reference with one fault, which the scenarios detect.
`

// A traced rule is a line of trace.
type traced struct {
	ID        string   `json:"id"`
	Level     string   `json:"level"`
	Roles     []string `json:"roles"`
	Scenarios []string `json:"scenarios"`
	Vectors   []string `json:"vectors"`
	Mutants   []string `json:"mutants"`
	Untested  string   `json:"untested,omitempty"`
}

func traceMain(args []string) int {
	fs := cmdline.New(traceUsage)
	asJSON := fs.Bool("json", false, "as JSON, with the names")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	all, err := traceAll()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return report.ExitInconclusive
	}
	if *asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.Encode(all)
		return cmdline.ExitOK
	}
	fmt.Fprintf(out, "%-13s %-6s %-17s %9s %7s %7s\n", "rule", "level", "role", "scenarios", "vectors", "mutants")
	for _, t := range all {
		fmt.Fprintf(out, "%-13s %-6s %-17s %9d %7d %7d  %s\n", t.ID, t.Level, roleNames(t.Roles), len(t.Scenarios),
			len(t.Vectors), len(t.Mutants), t.Untested)
	}
	return cmdline.ExitOK
}

// roleNames is short for a table: a protocol's two roles are "both".
func roleNames(roles []string) string {
	if len(roles) > 1 {
		return "both"
	}
	return roles[0]
}

// traceAll brings together what the pages, the scenarios, the vectors and the mutants say.
func traceAll() ([]traced, error) {
	rules, err := docs.All()
	if err != nil {
		return nil, err
	}
	wrong, err := mutants.All()
	if err != nil {
		return nil, err
	}
	var all []traced
	for _, r := range rules {
		t := traced{ID: r.ID, Level: r.Level, Roles: r.Roles, Scenarios: scenariosOf(r.ID),
			Vectors: []string{}, Mutants: []string{}, Untested: r.Untested}
		files, err := vectors.Load(r.Protocol)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			for _, v := range f.Vectors {
				if slices.Contains(v.Common().Rules, r.ID) {
					t.Vectors = append(t.Vectors, v.Common().ID)
				}
			}
		}
		for _, m := range wrong {
			if m.Rule.ID == r.ID {
				t.Mutants = append(t.Mutants, m.Name)
			}
		}
		all = append(all, t)
	}
	return all, nil
}
