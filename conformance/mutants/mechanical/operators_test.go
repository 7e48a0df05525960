package main

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// findIn gives the mutants of source texts, by their path.
func findIn(t *testing.T, texts map[string]string) []mutant {
	t.Helper()
	var files []file
	for name, text := range texts {
		f, err := parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return find(files)
}

// inFunction gives the operators and the changed lines of a function's body.
func inFunction(t *testing.T, body string) (changes []string) {
	t.Helper()
	text := "package p\n\nconst limit = 64\n\nfunc f() {\n" + body + "\n}\n"
	for _, m := range findIn(t, map[string]string{"ref/p/p.go": text}) {
		if m.Function != "f" {
			continue
		}
		changed := m.apply(text)
		if _, err := parser.ParseFile(token.NewFileSet(), "p.go", changed, 0); err != nil {
			t.Errorf("%s: %v in:\n%s", m.ID, err, changed)
		}
		changed = changed[strings.Index(changed, "func f() {\n")+len("func f() {\n") : len(changed)-3]
		changes = append(changes, m.Operator+": "+changed)
	}
	return changes
}

func TestOperators(t *testing.T) {
	for body, want := range map[string][]string{
		"_ = a < b":        {"< to <=: _ = a <= b"},
		"_ = a <= b":       {"<= to <: _ = a < b"},
		"_ = a > b":        {"> to >=: _ = a >= b"},
		"_ = a >= b":       {">= to >: _ = a > b"},
		"_ = a == b":       {"== to !=: _ = a != b"},
		"_ = a != b":       {"!= to ==: _ = a == b"},
		"_ = a && b":       {"&& to ||: _ = a || b"},
		"_ = a || b":       {"|| to &&: _ = a && b"},
		"_ = a + b":        {"+ to -: _ = a - b"},
		"_ = a - b":        {"- to +: _ = a + b"},
		"_ = a * b":        nil,
		"_ = 7":            {"7+1: _ = (7+1)", "7-1: _ = (7-1)"},
		"_ = 7.5":          nil,
		"_ = '7'":          nil,
		"_ = limit":        {"limit+1: _ = (limit+1)", "limit-1: _ = (limit-1)"},
		"_ = x.limit":      nil, // a field
		"_ = T{limit: a}":  nil,
		"_ = true":         {"true to false: _ = false"},
		"_ = false":        {"false to true: _ = true"},
		"if ok { return }": {"if not: if !(ok) { return }"},
		"if a == b { g(1) }": {"== to !=: if a != b { g(1) }", "dropped: if a == b {  }", "1+1: if a == b { g((1+1)) }",
			"1-1: if a == b { g((1-1)) }"},
		"g()":           {"dropped: "},
		"defer g()":     {"dropped: "},
		"panic(a)":      nil,
		"x.y = a":       {"dropped: "},
		"x.y, z = a, b": nil,
		"x = a":         nil,
		"return":        nil,
		"x <- a":        nil,
	} {
		if diff := cmp.Diff(want, inFunction(t, body)); diff != "" {
			t.Errorf("%s, -want +got:\n%s", body, diff)
		}
	}
	// In the bodies of cases, too.
	for _, body := range []string{"switch {\ncase a:\ng()\n}", "select {\ncase <-c:\ng()\n}", "for {\ng()\n}"} {
		if got := inFunction(t, body); len(got) != 1 || got[0] != "dropped: "+strings.Replace(body, "g()", "", 1) {
			t.Errorf("%s: %q", body, got)
		}
	}
}

// TestBesideError: a 0 beside an error that is not nil has no mutants, if the function is none that counts bytes.
func TestBesideError(t *testing.T) {
	for body, want := range map[string]bool{
		"return 0, ErrTooLong":                                     true,
		"return 0, p.ErrTooLong":                                   true,
		"return a, 0, errTooMany":                                  true,
		"return 0, errors.New(a)":                                  true,
		"return 0, fmt.Errorf(a, b)":                               true,
		"return 0, &p.Refusal{Code: a}":                            true,
		"if err != nil { return 0, err }":                          true,
		"if a, err = g(); err != nil { return 0, err }":            true,
		"switch {\ncase err != nil: return 0, err\n}":              true,
		"_ = func() (int, error) { return 0, errA }":               true,
		"return 7, ErrTooLong":                                     false, // how many bytes are needed, perhaps
		"return 0, nil":                                            false,
		"return 0, err":                                            false,
		"return 0, g()":                                            false,
		"return 0, errand":                                         false,
		"return g(0), ErrTooLong":                                  false,
		"return 0":                                                 false,
		"if err == nil { return 0, err }":                          false,
		"if a != nil { return 0, err }":                            false,
		"if err != nil { g() } else { return 0, err }":             false,
		"if err != nil || a { return 0, err }":                     false,
		"switch {\ncase err != nil, a: return 0, err\n}":           false,
		"_ = func(b []byte) (n int, err error) { return 0, ErrA }": false,
	} {
		left := slices.ContainsFunc(inFunction(t, body), func(change string) bool {
			return strings.Contains(change, "+1: ")
		})
		if left == want {
			t.Errorf("%s: a mutant of 0 is %v", body, left)
		}
	}
}

// TestConstants: a name of another package counts where that declares it, and nothing that stands for a time, a text or
// a truth value.
func TestConstants(t *testing.T) {
	found := findIn(t, map[string]string{
		"ref/p/p.go": "package p\n\nconst (\n\tA = iota + B\n\tC\n\tD = \"text\"\n\tE = 5 * time.Second\n" +
			"\tF = true\n)\n\nconst B = 1 << 4\n",
		"ref/q/q.go": "package q\n\nimport \"github.com/muxspec/muxspec/ref/p\"\n\n" +
			"func f() { g(p.A, p.B, p.C, p.D, p.E, p.F, A, other.A) }\n",
	})
	var got []string
	for _, m := range found {
		if m.Function == "f" && strings.HasSuffix(m.Operator, "+1") {
			got = append(got, m.Operator)
		}
	}
	if diff := cmp.Diff([]string{"p.A+1", "p.B+1", "p.C+1"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func ids(found []mutant) (ids []string) {
	for _, m := range found {
		ids = append(ids, m.ID)
	}
	return ids
}

const method = "func (c *T) M(n int) {\n\tif n < 3 {\n\t\tg(\n\t\t\tn)\n\t}\n\tif n < 3 {\n\t\tc.x = n\n\t}\n}\n"

// TestIDs: an id says what and where, without a line's number, and lives through changes elsewhere.
func TestIDs(t *testing.T) {
	want := []string{
		"ref/p/p.go T.M, if not #1: n < 3",
		"ref/p/p.go T.M, < to <= #1: n < 3",
		"ref/p/p.go T.M, 3+1 #1: n < 3",
		"ref/p/p.go T.M, 3-1 #1: n < 3",
		"ref/p/p.go T.M, dropped #1: g( n)",
		"ref/p/p.go T.M, if not #2: n < 3",
		"ref/p/p.go T.M, < to <= #2: n < 3",
		"ref/p/p.go T.M, 3+1 #2: n < 3",
		"ref/p/p.go T.M, 3-1 #2: n < 3",
		"ref/p/p.go T.M, dropped #1: c.x = n",
	}
	got := ids(findIn(t, map[string]string{"ref/p/p.go": "package p\n\n" + method}))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	const before = "package p\n\n// f is new.\nfunc f(n int) bool { return n < 3 }\n\n"
	later := ids(findIn(t, map[string]string{"ref/p/p.go": before + method}))
	for _, id := range want {
		if !slices.Contains(later, id) {
			t.Errorf("%s is gone after another function", id)
		}
	}
	text := "package p\n\nvar x = \"" + strings.Repeat("é", 200) + "\" + y\n"
	long := ids(findIn(t, map[string]string{"ref/p/p.go": text}))
	if len(long) != 1 || len([]rune(long[0])) > 100 || !strings.HasSuffix(long[0], "é…") {
		t.Errorf("a long text is %q", long)
	}
}

// TestRank: the seed decides, and what is added leaves the order of the others.
func TestRank(t *testing.T) {
	found := findIn(t, map[string]string{"ref/p/p.go": "package p\n\n" + method})
	order := func(seed uint64, found []mutant) []string {
		found = slices.Clone(found)
		rank(seed, found)
		return ids(found)
	}
	if diff := cmp.Diff(order(1, found), order(1, slices.Concat(found[5:], found[:5]))); diff != "" {
		t.Errorf("one seed, two orders:\n%s", diff)
	}
	if cmp.Equal(order(1, found), order(2, found)) {
		t.Error("two seeds, one order")
	}
	more := append([]mutant{{ID: "ref/p/a.go f, dropped #1: g()"}}, found...)
	left := slices.DeleteFunc(order(1, more), func(id string) bool { return id == more[0].ID })
	if diff := cmp.Diff(order(1, found), left); diff != "" {
		t.Errorf("another mutant changes the order:\n%s", diff)
	}
}
