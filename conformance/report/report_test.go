package report

import (
	"bytes"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/muxspec/muxspec/docs"
)

// sample is a report with every outcome, and with text that a format could trip over.
func sample() *Report {
	rule := func(id string, o Outcome, s ScenarioResult) RuleResult {
		s.Name, s.Seconds = "scenario-of-"+strings.ToLower(id), 0.0125
		return RuleResult{ID: id, Protocol: "tcpmux", Role: "tcpmux-server", Level: "MUST", Class: "rfc", Outcome: o,
			Scenarios: []ScenarioResult{s},
			Rule:      docs.Rule{ID: id, Text: "A <rule> | with & all.", Section: "2.1 Some"}}
	}
	r := &Report{Target: "mine", Roles: []string{"tcpmux-server"}, Profile: map[string]string{"fact": "a & b"},
		Rules: []RuleResult{
			rule("TCPMUX-1", Pass, ScenarioResult{Outcome: Pass}),
			rule("TCPMUX-2", Fail, ScenarioResult{Outcome: Violation, Reason: `expected "<", not "\x00"`,
				Proof: []string{"> 3c  <", "]]> & \x1b"}}),
			rule("TCPMUX-3", Known, ScenarioResult{Outcome: Violation, Known: true, Reason: "as ever"}),
			rule("TCPMUX-4", Unsupported, ScenarioResult{Outcome: Unsupported, Reason: "it cannot"}),
			rule("TCPMUX-5", Blocked, ScenarioResult{Outcome: Blocked, Reason: "it stands on nothing"}),
			rule("TCPMUX-6", Inconclusive, ScenarioResult{Outcome: Inconclusive, Reason: "busy"}),
		}}
	r.Summary = Summary{Rules: 6, Judged: 3, Listed: 1, Exit: 1, Seconds: 1234.5678, Missing: []string{"TCPMUX-7 gone"},
		Count: map[Outcome]int{Pass: 1, Fail: 1, Known: 1, Unsupported: 1, Blocked: 1, Inconclusive: 1}}
	return r
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := JUnit(&b, sample()); err != nil {
		t.Fatal(err)
	}
	var read testsuites
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	s := read.Suite
	if s.Tests != 7 || s.Failures != 2 || s.Errors != 1 || s.Skipped != 3 || len(s.Cases) != 7 {
		t.Errorf("tests %d, failures %d, errors %d, skipped %d, cases %d", s.Tests, s.Failures, s.Errors, s.Skipped,
			len(s.Cases))
	}
	for i, c := range s.Cases {
		kind := map[bool]string{c.Failure != nil: "failure", c.Error != nil: "error", c.Skipped != nil: "skipped"}[true]
		if want := []string{"", "failure", "skipped", "skipped", "skipped", "error", "failure"}[i]; kind != want {
			t.Errorf("%s: %q, want %q", c.Name, kind, want)
		}
		if c.Classname == "" || c.Name == "" {
			t.Errorf("case %d has no name", i)
		}
	}
	if f := s.Cases[1].Failure; !strings.Contains(f.Message, `"<"`) || !strings.Contains(f.Text, "]]> &") {
		t.Errorf("the failure's text was changed: %+v", f)
	}
}

// TestJUnitSchema has another program read it.
func TestJUnitSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if peer, peerErr := filepath.Abs("../../.peers/bin/xmllint"); err != nil && peerErr == nil {
		xmllint, err = exec.LookPath(peer)
	}
	if err != nil {
		t.Skip("xmllint: not found; make peers fetches it")
	}
	file := filepath.Join(t.TempDir(), "report.xml")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := JUnit(f, sample()); err != nil {
		t.Fatal(err)
	}
	f.Close()
	cmd := exec.Command(xmllint, "--noout", "--schema", "testdata/junit.xsd", file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestConsole(t *testing.T) {
	var plain, verbose, coloured bytes.Buffer
	Console(&plain, sample(), Style{Args: "--target mine.toml"})
	Console(&verbose, sample(), Style{Verbose: true})
	Console(&coloured, sample(), Style{Colour: true})
	for _, want := range []string{
		"FAIL         TCPMUX-2", "pass         TCPMUX-1", "known        TCPMUX-3", "INCONCLUSIVE TCPMUX-6",
		`expected "<", not`, "repeat: muxspec run --scenario scenario-of-tcpmux-2 --target mine.toml",
		"judged 3 of 6 rules, listed 1: 1 pass, 1 fail, 1 known, 1 unsupported, 1 blocked, 1 inconclusive",
		"a listed deviation did not occur: TCPMUX-7 gone", "it stands on nothing", "it cannot", "fact: a & b",
	} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("%q is missing in\n%s", want, plain.String())
		}
	}
	if strings.Contains(plain.String(), "as ever") || !strings.Contains(verbose.String(), "as ever") {
		t.Error("known deviations are shown only when asked for")
	}
	if strings.Contains(plain.String(), "\x1b[") || !strings.Contains(coloured.String(), "\x1b[1;31mFAIL") {
		t.Error("colours are shown only when asked for")
	}
	if strings.Contains(plain.String(), "conforms") {
		t.Error("what fails does not conform")
	}
}

// Rules that were not judged for one reason share a line, also where others stand between them.
func TestConsoleAlike(t *testing.T) {
	for _, o := range []Outcome{Blocked, Unsupported, Inconclusive} {
		r := &Report{Target: "mine", Roles: []string{"tcpmux-server"}}
		for _, id := range []string{"1", "2", "3", "5", "6", "7", "9", "10", "12"} {
			s := ScenarioResult{Name: "a", Outcome: o, Reason: "one reason"}
			switch id {
			case "3":
				s = ScenarioResult{Name: "a", Outcome: Pass}
			case "7":
				s.Reason = "another reason"
			case "12":
				s.Proof = []string{"what came"}
			}
			r.Rules = append(r.Rules, RuleResult{ID: "TCPMUX-" + id, Role: "tcpmux-server", Outcome: s.Outcome,
				Scenarios: []ScenarioResult{s}})
		}
		var plain, verbose bytes.Buffer
		Console(&plain, r, Style{})
		Console(&verbose, r, Style{Verbose: true})
		want := " 6 rules: TCPMUX-1, 2, 5, 6, 9, 10\n    one reason\n"
		if got := plain.String(); !strings.Contains(got, want) || strings.Count(got, "TCPMUX-") != 4 {
			t.Errorf("%s: %q is missing in\n%s", o, want, got)
		}
		if got := verbose.String(); strings.Count(got, "TCPMUX-") != len(r.Rules) {
			t.Errorf("%s: not all rules have a line in\n%s", o, got)
		}
	}
	rules := []RuleResult{{ID: "A-1"}, {ID: "A-2"}, {ID: "A-3"}, {ID: "B-1"}, {ID: "B-2"}}
	if got := (&alike{at: []int{0, 1, 2, 4}}).ids(rules); got != "A-1 to 3, B-2" {
		t.Error(got)
	}
}

// A line with a rule's text is as wide as there is room.
func TestConsoleWidth(t *testing.T) {
	r := &Report{Target: "mine", Rules: []RuleResult{{ID: "TCPMUX-1", Level: "MUST", Outcome: Pass,
		Rule: docs.Rule{Text: strings.Repeat("word ", 60)}}}}
	for width, want := range map[int]int{80: 80, 200: 200, 0: 31 + 90, 1: 31 + 20} {
		var b bytes.Buffer
		Console(&b, r, Style{Width: width})
		line := strings.Split(b.String(), "\n")[2]
		if n := utf8.RuneCountInString(line); n > want || n < want-5 {
			t.Errorf("width %d: %d columns: %q", width, n, line)
		}
	}
}

// TestConsoleOnce: what is the same for several scenarios of a rule is said once.
func TestConsoleOnce(t *testing.T) {
	r := sample()
	for _, i := range []int{1, 3} {
		again := r.Rules[i].Scenarios[0]
		again.Name += "-again"
		r.Rules[i].Scenarios = append(r.Rules[i].Scenarios, again)
	}
	var b bytes.Buffer
	Console(&b, r, Style{})
	for text, want := range map[string]int{"it cannot": 1, "rule:   A <rule>": 2,
		"scenario-of-tcpmux-2-again: expected": 1} {
		if n := strings.Count(b.String(), text); n != want { // the rules of a violation and of what is inconclusive
			t.Errorf("%q comes %d times, want %d, in\n%s", text, n, want, b.String())
		}
	}
}

// TestNoConclusion: a run that ends with exit code 3 says so in words.
func TestNoConclusion(t *testing.T) {
	r := sample()
	r.Rules = r.Rules[3:4]
	r.Summary = Summary{}
	r.Summarise(false, 0)
	var console, markdown bytes.Buffer
	Console(&console, r, Style{})
	Markdown(&markdown, r)
	if !strings.HasSuffix(console.String(), "no conclusion about mine: no rule was judged\n") {
		t.Errorf("nothing was judged:\n%s", console.String())
	}
	for _, want := range []string{"; exit code 3.", "\nNo conclusion: no rule was judged.\n"} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("%q is missing in\n%s", want, markdown.String())
		}
	}
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	Markdown(&b, sample())
	for _, want := range []string{"| TCPMUX-2 | MUST | rfc | **FAIL** | A &lt;rule&gt; \\| with & all. |",
		"## TCPMUX-3, scenario-of-tcpmux-3 (listed)", "```\n> 3c  <\n", "- fact: a &amp; b", "; exit code 1.",
		"## TCPMUX-5, scenario-of-tcpmux-5 (blocked)", `expected "&lt;", not "\\x00"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
