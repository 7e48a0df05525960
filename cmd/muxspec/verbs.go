package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/conformance"
)

const verbsUsage = `Usage: muxspec verbs [ROLE]

List the verbs that scenarios are written in: all of them, or those of ROLE. docs/conformance.md has the same list.
`

// verbsMain prints each verb with its arguments, and what it does.
func verbsMain(args []string) int {
	fs := cmdline.New(verbsUsage)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	role := fs.Arg(0)
	switch {
	case fs.NArg() > 1:
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(1))
	case role != "" && !slices.Contains(conformance.Roles(), role):
		return cmdline.Usage(fs, "unknown role %q; the roles are %s", role, strings.Join(conformance.Roles(), ", "))
	}
	for i, g := range conformance.VerbGroups() {
		if role != "" && !slices.Contains(g.Roles, role) {
			continue
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintln(out, g.Title)
		for _, v := range g.Verbs() {
			fmt.Fprintf(out, "\n  %s\n", strings.TrimSpace(v.Name+" "+v.Usage))
			for _, line := range wrap(v.Help, 100) {
				fmt.Fprintf(out, "      %s\n", line)
			}
		}
	}
	return cmdline.ExitOK
}

// wrap breaks a text into lines of at most so many characters, where words allow it.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
