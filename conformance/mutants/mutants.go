// Package mutants holds variants of the reference implementation with one fault each, which the scenarios of the
// fault's own rule have to see: the suite is tested like any program. "make power" judges all of them.
//
// A mutant is a txtar file named after its fault, in the folder of its protocol:
//
//	# TCPMUX-5: what is wrong.
//	# Why: why a person would make this mistake.
//	-- file --
//	ref/tcpmux/conn.go
//	-- old --
//	text that stands exactly once in that file
//	-- new --
//	what stands there instead
//
// More edits are "file 2", "old 2", "new 2" and so on.
package mutants

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/muxspec/muxspec/docs"
)

//go:embed */*.txtar
var files embed.FS

// Roles are whose rules need a mutant: all that the pages have rules for, since the reference has all of them.
var Roles = sync.OnceValue(func() (roles []string) {
	rules, err := docs.All()
	if err != nil {
		panic(err) // the pages are part of the program
	}
	for _, r := range rules {
		roles = append(roles, r.Roles...)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
})

// A Mutant is one fault.
type Mutant struct {
	Name  string    // of its file
	Rule  docs.Rule // that it breaks
	What  string    // is wrong
	Why   string    // a person would make the mistake
	Edits []Edit
}

// An Edit replaces a text by another.
type Edit struct {
	File     string // path in the tree
	Old, New string
}

// All gives the mutants by the number of their rule and their name.
func All() ([]Mutant, error) { return load(files) }

// Load gives the mutants of another folder than this package's, which has the same form.
func Load(dir string) ([]Mutant, error) { return load(os.DirFS(dir)) }

func load(fsys fs.FS) ([]Mutant, error) {
	rules, err := docs.All()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(fsys, "*/*.txtar")
	if err != nil {
		return nil, err
	}
	var all []Mutant
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		m, err := parse(strings.TrimSuffix(path.Base(name), ".txtar"), text, rules)
		if err == nil && m.Rule.Protocol != path.Dir(name) {
			err = fmt.Errorf("%s is a rule of %s", m.Rule.ID, m.Rule.Protocol)
		}
		if err != nil {
			return nil, fmt.Errorf("mutant %s: %w", name, err)
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b Mutant) int { return a.Rule.Number - b.Rule.Number })
	return all, nil
}

// parse reads a mutant's file.
func parse(name string, text []byte, rules []docs.Rule) (m Mutant, err error) {
	archive := txtar.Parse(text)
	if m, err = parseHead(name, string(archive.Comment), rules); err != nil {
		return m, err
	}
	if len(archive.Files) == 0 || len(archive.Files)%3 != 0 {
		return m, fmt.Errorf("%d parts: an edit is made of three, file, old and new", len(archive.Files))
	}
	for group := range slices.Chunk(archive.Files, 3) {
		number := ""
		if n := len(m.Edits); n > 0 {
			number = fmt.Sprintf(" %d", n+1)
		}
		for i, part := range []string{"file", "old", "new"} {
			if group[i].Name != part+number {
				return m, fmt.Errorf("part %q where %q belongs", group[i].Name, part+number)
			}
		}
		// The format ends every part with a newline, which is not of the text.
		data := func(i int) string { return strings.TrimSuffix(string(group[i].Data), "\n") }
		m.Edits = append(m.Edits, Edit{strings.TrimSpace(data(0)), data(1), data(2)})
	}
	return m, m.check()
}

// parseHead reads the comment: the rule with what is wrong, and why. Both may go on in further lines.
func parseHead(name, comment string, rules []docs.Rule) (Mutant, error) {
	m := Mutant{Name: name}
	var last *string
	for line := range strings.Lines(comment) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			return m, fmt.Errorf("a line of the comment does not begin with \"# \": %q", line)
		}
		key, value, _ := strings.Cut(text, ": ")
		i := slices.IndexFunc(rules, func(r docs.Rule) bool { return r.ID == key })
		switch {
		case last == nil && i < 0:
			return m, fmt.Errorf("the first line names no rule: %q", text)
		case last == nil:
			m.Rule, m.What, last = rules[i], value, &m.What
		case key == "Why" && m.Why == "":
			m.Why, last = value, &m.Why
		default:
			*last += " " + text
		}
	}
	if m.What == "" || m.Why == "" {
		return m, fmt.Errorf("the comment lacks \"# RULE: what is wrong\" or \"# Why: …\"")
	}
	return m, nil
}

// mutable are the folders that a mutant may change. What judges is in the same program, and a fault there would prove
// nothing.
var mutable = []string{"ref/", "cmd/internal/"}

func (m Mutant) check() error {
	if !judged(m.Rule) {
		return fmt.Errorf("%s is a rule for %s, not for one of %s", m.Rule.ID, strings.Join(m.Rule.Roles, " and "),
			strings.Join(Roles(), ", "))
	}
	for _, e := range m.Edits {
		holds := func(dir string) bool { return strings.HasPrefix(e.File, dir) }
		switch {
		case path.Clean(e.File) != e.File || !slices.ContainsFunc(mutable, holds):
			return fmt.Errorf("file %q: not in one of %s", e.File, strings.Join(mutable, ", "))
		case e.Old == "":
			return fmt.Errorf("an old text is empty")
		case e.Old == e.New:
			return fmt.Errorf("old and new text are the same: %.60q", e.Old)
		}
	}
	return nil
}

// Apply gives the files that the mutant changes, by their path in tree, with their new text.
func (m Mutant) Apply(tree fs.FS) (map[string]string, error) {
	byFile := make(map[string][]Edit)
	for _, e := range m.Edits {
		byFile[e.File] = append(byFile[e.File], e)
	}
	changed := make(map[string]string)
	for file, edits := range byFile {
		text, err := fs.ReadFile(tree, file)
		if err == nil {
			changed[file], err = apply(string(text), edits)
		}
		if err != nil {
			return nil, fmt.Errorf("mutant %s: %s: %w", m.Name, file, err)
		}
	}
	return changed, nil
}

// apply makes all edits of one file. Each old text is looked for in the file as it is in the tree, so that no edit
// can meet what another one wrote.
func apply(text string, edits []Edit) (string, error) {
	for _, e := range edits {
		if n := strings.Count(text, e.Old); n != 1 {
			return "", fmt.Errorf("the old text matches %d times, not once: %.60q", n, e.Old)
		}
	}
	slices.SortFunc(edits, func(a, b Edit) int { return strings.Index(text, a.Old) - strings.Index(text, b.Old) })
	var out strings.Builder
	done := 0
	for _, e := range edits {
		at := strings.Index(text, e.Old)
		if at < done {
			return "", fmt.Errorf("two old texts overlap: %.60q", e.Old)
		}
		out.WriteString(text[done:at])
		out.WriteString(e.New)
		done = at + len(e.Old)
	}
	out.WriteString(text[done:])
	return out.String(), nil
}

// Without gives the rules of [Roles] that no mutant of all breaks, but for those that cannot be tested from outside.
func Without(all []Mutant) ([]docs.Rule, error) {
	rules, err := docs.All()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rules, func(r docs.Rule) bool {
		has := slices.ContainsFunc(all, func(m Mutant) bool { return m.Rule.ID == r.ID })
		return has || !judged(r) || r.Untested != ""
	}), nil
}

// judged says whether the reference has a role that has to keep the rule.
func judged(r docs.Rule) bool {
	return slices.ContainsFunc(r.Roles, func(role string) bool { return slices.Contains(Roles(), role) })
}
