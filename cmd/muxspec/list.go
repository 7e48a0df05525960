package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

const listUsage = `Usage: muxspec list [OPTION]... [ROLE]

List the rules, of all roles or of ROLE, with the scenarios that test them.
`

// A listed rule is a line of list.
type listed struct {
	ID        string   `json:"id"`
	Roles     []string `json:"roles"`
	Level     string   `json:"level"`
	Class     string   `json:"class"`
	Text      string   `json:"text"`
	Scenarios []string `json:"scenarios"`
}

func listMain(args []string) int {
	fs := cmdline.New(listUsage)
	asJSON := fs.Bool("json", false, "print JSON")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 1 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(1))
	}
	rules, err := docs.All()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return report.ExitInconclusive
	}
	all := []listed{}
	for _, r := range rules {
		if fs.NArg() == 1 && !slices.Contains(r.Roles, fs.Arg(0)) {
			continue
		}
		all = append(all, listed{r.ID, r.Roles, r.Level, r.Class, r.Text, scenariosOf(r.ID)})
	}
	if len(all) == 0 {
		return cmdline.Usage(fs, "unknown role %q; the roles are %s",
			fs.Arg(0), strings.Join(conformance.Roles(), ", "))
	}
	if *asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		enc.Encode(all)
		return cmdline.ExitOK
	}
	for _, r := range all {
		fmt.Fprintf(out, "%-13s %-6s %-10s %s\n", r.ID, r.Level, r.Class, r.Text)
		if len(r.Scenarios) > 0 {
			fmt.Fprintf(out, "%31s %s\n", "", strings.Join(r.Scenarios, ", "))
		}
	}
	return cmdline.ExitOK
}

// scenariosOf gives the names of a rule's scenarios.
func scenariosOf(id string) []string {
	names := []string{}
	for _, s := range conformance.Scenarios() {
		if s.Rule.ID == id && !slices.Contains(names, s.Name) { // once for both roles
			names = append(names, s.Name)
		}
	}
	return names
}

const initUsage = `Usage: muxspec init ROLE

Print a commented target file for ROLE. It works unchanged, and judges the reference implementation.
`

func initMain(args []string) int {
	fs := cmdline.New(initUsage)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() != 1 || !slices.Contains(conformance.Roles(), fs.Arg(0)) {
		return cmdline.Usage(fs, "name one role: %s", strings.Join(conformance.Roles(), ", "))
	}
	fmt.Fprint(out, conformance.InitTOML(fs.Arg(0)))
	return cmdline.ExitOK
}

const explainUsage = `Usage: muxspec explain RULE|SCENARIO

Show one rule in full: its text, its roles, the reason for it, and the scripts of its scenarios. The name of a
scenario stands for its rule.
`

func explainMain(args []string) int {
	fs := cmdline.New(explainUsage)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() != 1 {
		return cmdline.Usage(fs, "name one rule or one scenario")
	}
	rules, err := docs.All()
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return report.ExitInconclusive
	}
	id := strings.ToUpper(fs.Arg(0))
	for _, s := range conformance.Scenarios() {
		if s.Name == fs.Arg(0) || slices.Contains(s.Was, fs.Arg(0)) {
			id = s.Rule.ID
		}
	}
	for _, r := range rules {
		if r.ID != id {
			continue
		}
		fmt.Fprintf(out, "%s %s (%s, %s)\n\n%s\n\n", r.ID, r.Level, strings.Join(r.Roles, " and "), r.Class, r.Text)
		for _, part := range [][2]string{{"Source", r.Source}, {"Why", r.Why},
			{"Page", "docs/" + r.Page + ", " + r.Section}, {"Not tested from outside", r.Untested}} {
			if part[1] != "" {
				fmt.Fprintf(out, "%s: %s\n", part[0], part[1])
			}
		}
		for _, s := range conformance.Scenarios() {
			if s.Rule.ID == r.ID && s.Role == r.Roles[0] {
				fmt.Fprintf(out, "\n--- scenario %s\n%s", s.Name, s.Text)
			}
		}
		return cmdline.ExitOK
	}
	return cmdline.Usage(fs, "no rule or scenario is called %q; 'muxspec list' shows them all", fs.Arg(0))
}
