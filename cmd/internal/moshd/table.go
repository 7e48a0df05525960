package moshd

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A Setting is an option of moshd as the pages describe it.
type Setting struct {
	Name    string
	Value   string // what stands for its value, such as PATH; empty if it is on or off
	Type    string // the type of its value in the configuration file
	Default string // empty if there is none
	Limits  string // "LEAST, MOST"; empty if there are none
	Help    string
	// InFile and OnLine say where it can be set: in the configuration file, on the command line.
	InFile, OnLine bool
}

// inTicks finds what a help text calls the value.
var inTicks = regexp.MustCompile("`([A-Z:]+)`")

// Settings are moshd's options, in the order of --help.
func Settings() (all []Setting) {
	for _, o := range newConfig().options() {
		s := Setting{Name: o.name, Type: "string", InFile: o.only != commandLine, OnLine: o.only != file}
		switch v := o.value.(type) {
		case *[]string:
			s.Type = "list of strings"
		case *bool:
			s.Type, s.Default = "boolean", "off"
		case *int:
			s.Type, s.Default, s.Limits = "integer", fmt.Sprint(*v), fmt.Sprintf("%d, %d", o.min, o.max)
		case *time.Duration:
			s.Type, s.Default = "time", shortTime(*v)
			s.Limits = fmt.Sprintf("%s, %s", shortTime(time.Duration(o.min)), shortTime(time.Duration(o.max)))
		}
		if o.otherwise != "" {
			s.Default = o.otherwise
		}
		if m := inTicks.FindStringSubmatch(o.help); m != nil {
			s.Value = m[1]
		}
		s.Help = strings.ReplaceAll(o.help, "`", "")
		all = append(all, s)
	}
	return all
}

// Table is the options' table in docs/operating.md.
func Table() string {
	var b strings.Builder
	b.WriteString("| option | default | from, to | |\n|---|---|---|---|\n")
	for _, s := range Settings() {
		name := strings.TrimSpace("--" + s.Name + " " + s.Value)
		if !s.OnLine {
			name = "key " + s.Name
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, s.Default, s.Limits, s.Help)
	}
	b.WriteString("| `--help`, `--version` | | | |\n")
	return b.String()
}
