package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/manual"
	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/docs"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// manuals writes the man pages and completions of the programs into a folder that is like /usr/share.
func (r *release) manuals(dir string, names []string) error {
	all, err := r.help()
	if err != nil {
		return err
	}
	commands, own, err := r.commands(all)
	if err != nil {
		return err
	}
	for _, p := range programs {
		if !slices.Contains(names, p.name) {
			continue
		}
		c := &manual.Completion{Words: words}
		var subcommands []*manual.Help
		if p.name == "muxspec" {
			c.Help, c.Commands, c.Functions, subcommands = all, commands, functions, commands[:own]
		} else if i := slices.IndexFunc(commands, func(h *manual.Help) bool { return h.Name == p.name }); i >= 0 {
			c.Help = commands[i]
		}
		if err := r.page(dir, p.name, p.section, c.Help, subcommands); err != nil {
			return err
		}
		if c.Help == nil { // it has no options
			continue
		}
		if err := completions(dir, p.name, c); err != nil {
			return err
		}
	}
	if !slices.Contains(names, "moshd") {
		return nil
	}
	return r.page(dir, "moshd.toml", "5", nil, nil)
}

// commands reads the help of each command of muxspec: own of them are muxspec's own, the others are programs. Their
// names become words to complete.
func (r *release) commands(all *manual.Help) (commands []*manual.Help, own int, err error) {
	words["muxspec"] = nil
	for _, block := range all.Body {
		for _, row := range block.Rows {
			words["muxspec"] = append(words["muxspec"], row.Term)
		}
	}
	for _, name := range words["muxspec"] {
		if name == "mosh-client-mux" {
			continue // it has no --help: all arguments are mosh-client's
		}
		help, err := r.help(name)
		if err != nil {
			return nil, 0, err
		}
		if commands = append(commands, help); help.Name == "muxspec "+name {
			own++
		}
	}
	return commands, own, nil
}

// completions writes those of a program for bash and zsh.
func completions(dir, name string, c *manual.Completion) error {
	if err := write(filepath.Join(dir, "bash-completion/completions", name), []byte(c.Bash()), 0o644); err != nil {
		return err
	}
	return write(filepath.Join(dir, "zsh/site-functions/_"+name), []byte(c.Zsh()), 0o644)
}

// page writes a man page.
func (r *release) page(dir, name, section string, help *manual.Help, commands []*manual.Help) error {
	p := manual.Page{Name: name, Section: section, Version: r.version, Date: r.time.Format("2006-01-02")}
	p.Own = manual.Own(name, section)
	if name == "moshd.toml" {
		p.Own += manual.Definitions("KEYS", keys()) + manual.Own(name, section+".end")
	}
	file := fmt.Sprintf("man/man%s/%s.%s", section, name, section)
	return write(filepath.Join(dir, file), []byte(p.Manual(help, commands)), 0o644)
}

// keys are those of moshd's configuration file.
func keys() (rows []manual.Row) {
	for _, s := range moshd.Settings() {
		if !s.InFile {
			continue
		}
		text := s.Help + " (" + s.Type
		if s.Limits != "" {
			text += " from " + strings.Replace(s.Limits, ", ", " to ", 1)
		}
		if s.Default != "" {
			text += "; default: " + s.Default
		}
		rows = append(rows, manual.Row{Term: s.Name, Text: text + ")"})
	}
	return rows
}

// words are the values that shells complete, besides the commands of muxspec.
var words = map[string][]string{
	"muxspec run":               conformance.Roles(),
	"muxspec list":              conformance.Roles(),
	"muxspec verbs":             conformance.Roles(),
	"muxspec init":              conformance.Roles(),
	"muxspec service":           {"echo", "late", "much", "own"},
	"muxspec explain":           {"_muxspec_rules_and_scenarios"},
	"muxspec matrix":            conformance.TargetNames(),
	"muxspec run --rule":        {"_muxspec_rules"},
	"muxspec matrix --rule":     {"_muxspec_rules"},
	"muxspec run --scenario":    {"_muxspec_scenarios"},
	"muxspec matrix --scenario": {"_muxspec_scenarios"},
	"muxspec matrix --class":    docs.Classes,
	"muxspec matrix --level":    {"MUST", "SHOULD"},
	"muxspec run --target":      conformance.TargetNames(),
	"muxspec run --class":       docs.Classes,
	"muxspec run --level":       {"MUST", "SHOULD"},
	"hmacsocketserver --hash":   hmacsocket.HashNames(),
	"hmacsocketclient --hash":   hmacsocket.HashNames(),
	"moshd --modes":             {"learn", "token", "port"},
}

// functions ask muxspec itself for rules and scenarios; there are hundreds.
var functions = map[string]string{
	"bash": `_muxspec_rules() { muxspec list 2>/dev/null | sed -n 's/^\([A-Z]*-[0-9]*\) .*/\1/p'; }
_muxspec_scenarios() { muxspec list 2>/dev/null | sed -n 's/^   *//p' | tr -d ,; }
_muxspec_rules_and_scenarios() { _muxspec_rules; _muxspec_scenarios; }
`,
	"zsh": `_muxspec_rules() { compadd "$@" -- $(muxspec list 2>/dev/null | sed -n 's/^\([A-Z]*-[0-9]*\) .*/\1/p') }
_muxspec_scenarios() { compadd "$@" -- $(muxspec list 2>/dev/null | sed -n 's/^   *//p' | tr -d ,) }
_muxspec_rules_and_scenarios() { _muxspec_rules "$@"; _muxspec_scenarios "$@" }
`,
}
