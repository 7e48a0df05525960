// Command makedocs puts into the pages what is made from the programs: the table of moshd's options, and the tables of
// the verbs that scenarios are made of. "make docs" runs it in the repository's root.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/conformance"
)

// A table stands in a page between two lines that say what it is.
type table struct {
	page string
	name string // after "made by make docs: "
	text string
}

// tables gives all of them.
func tables() []table {
	all := []table{
		{"docs/operating.md", "moshd's options", moshd.Table()},
		{"docs/conformance.md", "what scenarios are played over", axisTable()},
	}
	for _, g := range conformance.VerbGroups() {
		all = append(all, table{"docs/conformance.md", "verbs: " + g.Title, verbTable(g)})
	}
	return all
}

// axisTable writes what scenarios are played over.
func axisTable() string {
	var b strings.Builder
	b.WriteString("| name | values | | roles, and the rule that says it makes no difference |\n|---|---|---|---|\n")
	for _, a := range conformance.Axes() {
		var roles []string
		for _, role := range conformance.Roles() {
			if rule := a.Rules[role]; rule != "" {
				roles = append(roles, role+": "+rule)
			}
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", a.Name, strings.Join(a.Values, "` `"), a.Help,
			strings.Join(roles, ", "))
	}
	return b.String()
}

// verbTable writes a group of verbs as a Markdown table.
func verbTable(g conformance.VerbGroup) string {
	var b strings.Builder
	b.WriteString("| verb | |\n|---|---|\n")
	pipes := strings.NewReplacer("|", `\|`)
	for _, v := range g.Verbs() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", pipes.Replace(strings.TrimSpace(v.Name+" "+v.Usage)), pipes.Replace(v.Help))
	}
	return b.String()
}

func main() {
	for _, t := range tables() {
		text, err := os.ReadFile(t.page)
		if err == nil {
			var made string
			if made, err = t.in(string(text)); err == nil {
				err = os.WriteFile(t.page, []byte(made), 0o644)
			}
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "makedocs: %v\n", err)
			os.Exit(1)
		}
	}
}

// in returns the page's text with the table in place of what stands there.
func (t table) in(text string) (string, error) {
	begin, end := fmt.Sprintf("<!-- made by \"make docs\": %s -->\n", t.name),
		fmt.Sprintf("<!-- end of %s -->\n", t.name)
	before, rest, hasBegin := strings.Cut(text, begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return "", fmt.Errorf("%s lacks the lines %q and %q", t.page, begin, end)
	}
	return before + begin + "\n" + t.text + "\n" + end + after, nil
}
