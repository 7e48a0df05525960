package mutants

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/muxspec/muxspec/docs"
)

// tree is the repository.
const tree = "../.."

func TestEveryRuleHasMutant(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := Without(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		t.Errorf("no mutant breaks %s: %s", r.ID, r.Text)
	}
}

const head = "# TCPMUX-5: a NUL\n# after it.\n# Why: sizeof\n# counts it.\n"

func TestParse(t *testing.T) {
	text := head + "-- file --\nref/a.go\n-- old --\n\tx\n\n-- new --\n" +
		"-- file 2 --\nref/b.go\n-- old 2 --\ny\n-- new 2 --\nz\n"
	all, err := load(fstest.MapFS{"tcpmux/after.txtar": {Data: []byte(text)}})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d mutants, %v", len(all), err)
	}
	m := all[0]
	if m.Name != "after" || m.Rule.ID != "TCPMUX-5" || m.What != "a NUL after it." || m.Why != "sizeof counts it." {
		t.Errorf("head read as %q, %s, %q, %q", m.Name, m.Rule.ID, m.What, m.Why)
	}
	// One newline at a part's end is the format's, not the text's.
	want := []Edit{{"ref/a.go", "\tx\n", ""}, {"ref/b.go", "y", "z"}}
	if diff := cmp.Diff(want, m.Edits); diff != "" {
		t.Errorf("edits, -want +got:\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	const edit = "-- file --\nref/a.go\n-- old --\nx\n-- new --\ny\n"
	for name, c := range map[string]struct{ text, want string }{
		"no rule":      {"# What: x\n" + edit, "names no rule"},
		"unknown rule": {"# TCPMUX-999: x\n# Why: y\n" + edit, "names no rule"},
		"no why":       {"# TCPMUX-5: x\n" + edit, "lacks"},
		"no what":      {"# TCPMUX-5:\n# Why: y\n" + edit, "names no rule"},
		"no mark":      {"# TCPMUX-5: x\nWhy: y\n" + edit, "does not begin"},
		"no edit":      {head, "0 parts"},
		"half an edit": {head + "-- file --\nref/a.go\n-- old --\nx\n", "2 parts"},
		"wrong order":  {head + "-- file --\nref/a.go\n-- new --\nx\n-- old --\ny\n", `"new" where "old" belongs`},
		"no number":    {head + edit + edit, `"file" where "file 2" belongs`},
		"outside": {head + strings.Replace(edit, "ref/a.go", "ref/../conformance/conformance.go", 1),
			"not in one of"},
		"the judge": {head + strings.Replace(edit, "ref/a.go", "conformance/conformance.go", 1),
			"not in one of"},
		"old text is void": {head + strings.Replace(edit, "\nx\n", "\n", 1), "empty"},
		"nothing changes":  {head + strings.Replace(edit, "\ny\n", "\nx\n", 1), "the same"},
	} {
		_, err := load(fstest.MapFS{"tcpmux/m.txtar": {Data: []byte(c.text)}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "m.txtar") {
			t.Errorf("%s: error is %v, not one about %q", name, err, c.want)
		}
	}
	_, err := load(fstest.MapFS{"udpmux/m.txtar": {Data: []byte(head + edit)}})
	if err == nil || !strings.Contains(err.Error(), "is a rule of tcpmux") {
		t.Errorf("in another protocol's folder: error is %v", err)
	}
}

// TestCheckRole: a rule that the reference does not have cannot be broken in it.
func TestCheckRole(t *testing.T) {
	for _, rule := range []docs.Rule{{ID: "OTHER-1", Roles: []string{"other-server"}},
		{ID: "OTHER-2", Withdrawn: true}} {
		err := Mutant{Rule: rule, Edits: []Edit{{"ref/a.go", "x", "y"}}}.check()
		if err == nil || !strings.Contains(err.Error(), rule.ID) {
			t.Errorf("%s: error is %v, not one about the rule", rule.ID, err)
		}
	}
}

func TestApply(t *testing.T) {
	tree := fstest.MapFS{"a.go": {Data: []byte("one two two three")}}
	for _, c := range []struct {
		name  string
		edits []Edit
		want  string // text, or a part of the error
	}{
		{"one", []Edit{{"a.go", "one", "1"}}, "1 two two three"},
		{"in any order", []Edit{{"a.go", "three", "one"}, {"a.go", "one", "three"}}, "three two two one"},
		{"none", []Edit{{"a.go", "four", ""}}, "matches 0 times"},
		{"twice", []Edit{{"a.go", "two", ""}}, "matches 2 times"},
		{"overlap", []Edit{{"a.go", "one two", ""}, {"a.go", "e two", ""}}, "overlap"},
		{"no file", []Edit{{"b.go", "x", ""}}, "b.go"},
	} {
		changed, err := Mutant{Name: "m", Edits: c.edits}.Apply(tree)
		switch {
		case err != nil && !(strings.Contains(err.Error(), c.want) && strings.Contains(err.Error(), "mutant m: ")):
			t.Errorf("%s: %v, not one about %q", c.name, err, c.want)
		case err == nil && changed["a.go"] != c.want:
			t.Errorf("%s: %q, not %q", c.name, changed["a.go"], c.want)
		}
	}
}
