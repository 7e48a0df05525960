package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/conformance/mutants"
	"github.com/muxspec/muxspec/conformance/report"
)

// tree is the repository.
const tree = "../../.."

// TestTree: every file that Linux builds has mutants of its own ids and roles that there are, and each explanation is
// of one of them.
func TestTree(t *testing.T) {
	found, err := all(tree)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, m := range found {
		if known[m.ID] {
			t.Errorf("two mutants have the id %s", m.ID)
		}
		known[m.ID] = true
		if strings.HasSuffix(m.File, "other.go") || strings.HasSuffix(m.File, "_test.go") {
			t.Errorf("%s: the reference is not built of that", m.ID)
		}
	}
	if _, err := explained(tree, found); err != nil {
		t.Error(err)
	}
	for folder, judging := range roles {
		if _, err := os.Stat(filepath.Join(tree, folder)); err != nil {
			t.Error(err)
		}
		for _, role := range judging {
			if !slices.Contains(mutants.Roles(), role) {
				t.Errorf("%s: no role has the name %q", folder, role)
			}
		}
	}
	for _, m := range found {
		if len(rolesOf(m.File)) == 0 {
			t.Fatalf("no role judges %s", m.File)
		}
	}
}

func TestRolesOf(t *testing.T) {
	for file, want := range map[string]string{
		"ref/tcpmux/wire.go":                 "tcpmux-server tcpmux-client",
		"ref/tcpmux/client.go":               "tcpmux-client",
		"ref/udpmux/mux/mux.go":              "udpmux-daemon",
		"ref/udpmux/agent/relay.go":          "udpmux-server-agent udpmux-client-agent",
		"ref/udpmux/internal/peer/peer.go":   "udpmux-daemon udpmux-server-agent udpmux-client-agent",
		"ref/accept/crowd.go":                "tcpmux-server hmacsocket-server hmacsocket-client udpmux-daemon",
		"ref/other/other.go":                 "",
		"/ref/tcpmux/of/another/tree/one.go": "",
	} {
		if got := strings.Join(rolesOf(file), " "); got != want {
			t.Errorf("%s is judged by %q, not %q", file, got, want)
		}
	}
}

func TestExplained(t *testing.T) {
	found := []mutant{{ID: "one #1: a"}, {ID: "two #1: b"}, {ID: "f, 5+1 #1: c"},
		{ID: "g, 5+1 #1: d"}, {ID: "g, 5-1 #1: d"}}
	for text, want := range map[string]string{
		"# For readers.\n\none #1: a # A reason.\n": "",
		"three #1: c # A reason.\n":                 `no mutant has the id "three #1: c"`,
		"one #1: a\n":                               "no reason",
		"one #1: a # \n":                            "no reason",
		"one #1: a # A.\none #1: a # B.\n":          "twice",
		"f, 5±1 #1: c # A.\none #1: a # B.\n":       `no mutant has the id "f, 5-1 #1: c"`,
	} {
		reasons, err := parseExplained(text, found)
		switch {
		case want == "" && (err != nil || len(reasons) != 1 || reasons["one #1: a"] != "A reason."):
			t.Errorf("%q: %v, %v", text, reasons, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, not an error with %q", text, err, want)
		}
	}
	reasons, err := parseExplained("g, 5±1 #1: d # Both.\n", found)
	if err != nil || len(reasons) != 2 || reasons["g, 5+1 #1: d"] != "Both." || reasons["g, 5-1 #1: d"] != "Both." {
		t.Errorf("one line for both neighbours: %v, %v", reasons, err)
	}
}

// TestSort: a violation that is not listed kills, whatever else there is; a target with which nothing works is told
// from one with some scenarios that did not come to an end.
func TestSort(t *testing.T) {
	for _, c := range []struct {
		name     string
		outcomes string // of scenarios by their first letter
		want     verdict
	}{
		{"all pass", "pp", survived},
		{"listed", "pk", survived},
		{"what is lacking", "pu", survived},
		{"seen", "pibv", killed},
		{"unsure", "pi", failed},
		{"one blocked", "pb", failed},
		{"nothing works", "bnnu", blocked},
		{"nothing works but what needs no exchange", "pnn", blocked},
		{"nothing works on a busy machine", "inn", failed},
		{"nothing works, and one sees why", "nnv", killed},
	} {
		var s []report.ScenarioResult
		for _, letter := range c.outcomes {
			s = append(s, map[rune]report.ScenarioResult{
				'p': {Outcome: report.Pass}, 'k': {Outcome: report.Violation, Known: true},
				'v': {Outcome: report.Violation},
				'n': {Outcome: report.Blocked, Reason: report.NoExchange + ": it ended"},
				'i': {Outcome: report.Inconclusive}, 'b': {Outcome: report.Blocked}, 'u': {Outcome: report.Unsupported},
			}[letter])
		}
		v, _, _ := sort(&report.Report{Rules: []report.RuleResult{{Scenarios: s}}})
		if v != c.want {
			t.Errorf("%s: %s, not %s", c.name, v, c.want)
		}
	}
}

// TestOutcome: only what survived, and errors, are a fault of the suite; the score does not count what is explained.
func TestOutcome(t *testing.T) {
	of := func(file string, v verdict) result { return result{mutant: mutant{ID: file, File: file}, Verdict: v} }
	seen := []result{of("ref/tcpmux/a.go", killed), of("ref/tcpmux/b.go", hung), of("ref/udpmux/mux/c.go", blocked),
		of("ref/udpmux/d.go", equivalent)}
	for _, c := range []struct {
		more result
		good bool
		want string
	}{
		{of("ref/udpmux/e.go", killed), true, "all, of seed 7: killed 4 of 4, hung 1, blocked 1, equivalent 1; 1 s"},
		{of("ref/udpmux/e.go", survived), false, "udpmux: killed 1 of 2, blocked 1, survived 1, equivalent 1\n"},
		{of("ref/udpmux/e.go", failed), false,
			"all, of seed 7: killed 3 of 4, hung 1, blocked 1, error 1, equivalent 1; 1 s"},
	} {
		o := sum(7, append(slices.Clone(seen), c.more), time.Second)
		var out strings.Builder
		o.print(&out)
		if o.good() != c.good || !strings.Contains(out.String(), c.want) {
			t.Errorf("good is %v, not %v, or there is no %q in:\n%s", o.good(), c.good, c.want, &out)
		}
	}
}

// TestTake: as many mutants are taken as compile, and those before them that are explained.
func TestTake(t *testing.T) {
	r := newRound(tree, flags{count: 2}, []mutant{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}, {ID: "e"}},
		map[string]string{"b": "It cannot be seen.", "e": "Nor that."}, nil)
	take := func(want int, wantOK bool) {
		t.Helper()
		if i, ok := r.take(t.Context()); i != want || ok != wantOK {
			t.Fatalf("took %d, %v, not %d, %v", i, ok, want, wantOK)
		}
	}
	take(0, true)
	take(2, true)
	r.built(errNoProgram)
	take(3, true)
	r.built(nil)
	r.built(nil)
	take(0, false)
	if len(r.results) != 1 || r.results[1].Verdict != equivalent {
		t.Errorf("explained: %v", r.results)
	}
	r = newRound(tree, flags{count: 2}, r.found, nil, nil)
	take(0, true)
	r.built(errors.New("the disk is full"))
	take(0, false)
	if r.err == nil {
		t.Error("an error of the build is none of the round")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r = newRound(tree, flags{count: 2}, r.found, nil, nil)
	if _, ok := r.take(ctx); ok {
		t.Error("takes one more after an interruption")
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"--only", "no such text"}, {"argument"}, {"--option"},
		{"--count", "0"}, {"--limit", "0"}} {
		if code := mechanical(args); code != exitUsage {
			t.Errorf("mechanical %q: exit code %d, not %d", args, code, exitUsage)
		}
	}
}
