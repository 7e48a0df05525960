package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance"
)

// most is how many words the page has.
const most = 1200

// The page has what the target files say: each cause that some scenario saw, with the rules, the consequence and the
// work-around. What was seen depends on the run, and may be missing.
func TestPageFollowsTargets(t *testing.T) {
	b, err := os.ReadFile("../../../" + page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	shown := regexp.MustCompile(`<!--.*-->| \| `).ReplaceAllString(text, " ")
	if n := len(strings.Fields(shown)); n > most {
		t.Errorf("%d words are more than %d", n, most)
	}
	for _, name := range names() {
		target, err := conformance.LoadTarget("../../../conformance/targets/" + name + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{}
		for _, k := range target.Known {
			all[k.Rule+" "+k.Scenario] = "this and that"
		}
		findings, err := findingsOf(target, all)
		if err != nil {
			t.Error(err)
		}
		_, section, ok := strings.Cut(text, "<!-- made by \"make findings\": "+name+" -->\n")
		section, _, closed := strings.Cut(section, "<!-- end of "+name+" -->\n")
		if !ok || !closed {
			t.Errorf("%s has no section", name)
		}
		for line := range strings.Lines(section) {
			if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| TCPMUX") ||
				strings.HasPrefix(line, "| HMAC") {
				f := among(findings, cells[1])
				if f == nil || cells[0] != "| "+short(f.rules) || cells[3] != cell(f.consequence) ||
					strings.TrimSuffix(cells[4], " |\n") != cell(f.workaround) {
					t.Errorf("%s: this row is not what the target file says: make findings\n%s", name, line)
				}
			}
		}
	}
}

// among gives the finding with that cause.
func among(all []*finding, cause string) *finding {
	for _, f := range all {
		if cell(f.reason) == cause {
			return f
		}
	}
	return nil
}

func TestFindings(t *testing.T) {
	known := func(rule, scenario, reason, consequence string) conformance.Deviation {
		return conformance.Deviation{Rule: rule, Scenario: scenario, Reason: reason,
			Consequence: consequence, Workaround: consequence}
	}
	target := &conformance.Target{Known: []conformance.Deviation{known("A-1", "a", "one", "x|y"),
		known("A-2", "b", "one", ""),
		known("A-2", "c", "one", ""), known("A-3", "d", "two", "z")}}
	all, err := findingsOf(target, map[string]string{"A-2 c": `it said "\x00"`})
	if err != nil {
		t.Fatal(err)
	}
	if got := table(all); !strings.HasSuffix(got,
		"|---|\n| A-1, 2 | one | `c`: it said \"\\\\x00\" | x\\|y | x\\|y |\n") {
		t.Error(got)
	}
	for _, bad := range [][]conformance.Deviation{{known("A-1", "a", "one", "")},
		{known("A-1", "a", "one", "x"), known("A-1", "b", "one", "x")}} {
		if _, err := findingsOf(&conformance.Target{Known: bad}, nil); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	if made, err := put("a<!-- made by \"make findings\": n -->\nold<!-- end of n -->\nb", "n", "new\n"); err != nil ||
		made != "a<!-- made by \"make findings\": n -->\n\nnew\n\n<!-- end of n -->\nb" {
		t.Errorf("%q, %v", made, err)
	}
	if _, err := put("nothing", "n", "new\n"); err == nil {
		t.Error("a page without a section is accepted")
	}
}
