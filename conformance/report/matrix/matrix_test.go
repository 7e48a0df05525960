package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance/report"
)

// made gives the page of reports, written by their own suite.
func made(t *testing.T, reports ...*report.Report) string {
	t.Helper()
	var b bytes.Buffer
	must(t, Write(&b, reports[0].Suite, reports...))
	return b.String()
}

// TestSize: a page of ten targets is at most 1 MiB, with the evidence that real runs give. Little stands
// twice in this one: there are seven real targets, and three that break every rule in seven roles, each with long
// evidence of its own.
func TestSize(t *testing.T) {
	reports := real(t, everybody...)
	small := made(t, reports...)
	for n := range 3 {
		bad := real(t, "reference")[0]
		for i := range bad.Rules {
			rule := &bad.Rules[i]
			for j := range rule.Scenarios {
				s := &rule.Scenarios[j]
				s.Outcome, s.Reason = report.Violation, fmt.Sprintf("reason %d of %s", n, s.Name)
				for line := range 100 {
					s.Proof = append(s.Proof, fmt.Sprintf("> %d %s %d %s", n, s.Name, line, strings.Repeat("41 ", 16)))
				}
			}
			rule.Judge()
		}
		reports = append(reports, bad)
	}
	large := made(t, reports...)
	t.Logf("%d real targets: %d KiB; with three that break everything: %d KiB", len(everybody), len(small)>>10,
		len(large)>>10)
	if len(reports) != 10 || len(large) > pageMost {
		t.Errorf("the page of %d targets has %d bytes, more than %d", len(reports), len(large), pageMost)
	}
	if !strings.Contains(large, "lines left out") {
		t.Error("evidence was left out, and the page does not say so")
	}
	if strings.Contains(small, "lines left out") {
		t.Error("evidence of real targets was left out")
	}
}

// hostile is a report in which every text that comes from a target, or from a file that somebody else may have written,
// tries to get out of its place.
func hostile(t *testing.T) *report.Report {
	t.Helper()
	const text = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\"'`${alert(3)}" +
		"\u2028\u2029\u202e{{.}}<!--\x00\x1b[31m\xff&amp;"
	r := real(t, "xinetd")[0]
	r.Target, r.Again, r.Suite.Version = text, text, text
	r.Roles = []string{text}
	r.Profile = map[string]string{text: text}
	r.Summary.Missing = []string{text}
	for i := range r.Rules[:5] {
		rule := &r.Rules[i]
		rule.Role, rule.Protocol, rule.Class, rule.Outcome = text, text, text, report.Fail
		rule.Scenarios[0] = report.ScenarioResult{Name: text, Variant: text, Outcome: report.Violation, Reason: text,
			Proof: []string{text, "> 41  " + text}}
	}
	return r
}

// TestEscapes: none of that is markup, a script or a character that cannot be seen.
func TestEscapes(t *testing.T) {
	text := made(t, hostile(t))
	for _, bad := range []string{"<img", "\u2028", "\u2029", "\u202e", "\x00", "\x1b", "\xff", "<!--"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	if n := strings.Count(text, "<script"); n != 2 {
		t.Errorf("the page has %d scripts", n)
	}
	for _, want := range []string{`&lt;img src=x onerror=alert(1)&gt;`, `\\u2028`, `\xff`, `\x1b[31m`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// TestEscapesInBrowser has the browser judge: no script of the target runs, and the page works.
func TestEscapesInBrowser(t *testing.T) {
	b := startBrowser(t)
	b.visit(written(t, hostile(t)))
	b.becomes(`document.querySelectorAll(".rule").length > 40`, "true")
	b.click("td.fail")
	b.becomes(`document.getElementById("panel").hidden`, "false")
	b.becomes(`document.getElementById("panel").textContent.includes("<img src=x onerror=alert(1)>")`, "true")
	b.becomes(`document.images.length + " " + document.scripts.length`, "0 2")
	b.quiet()
}

// TestWhole: the page refers to nothing outside itself.
func TestWhole(t *testing.T) {
	text := made(t, real(t, everybody...)...)
	markup := regexp.MustCompile(`(?s)<script.*?</script>`).ReplaceAllString(text, "")
	if m := regexp.MustCompile(`(?i)\b(src|href|action)\s*=|url\(|@import|https?:`).FindString(markup); m != "" {
		t.Errorf("the page has %q", m)
	}
	for _, want := range []string{"default-src &#39;none&#39;", "suite", "2026-", "seed 0", "TCPMUX",
		"2.4 Server: how bytes arrive"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestSuites: reports of several suites are not mixed silently, and neither are those of one that is not the program's.
func TestSuites(t *testing.T) {
	reports := real(t, "nc", "xinetd")
	same := made(t, reports...)
	var other bytes.Buffer
	must(t, Write(&other, report.Suite{Version: "v2", Digest: strings.Repeat("2", 64)}, reports...))
	reports[1].Suite = report.Suite{Version: "v1", Digest: strings.Repeat("1", 64)}
	mixed := made(t, reports...)
	for _, c := range []struct{ page, want string }{
		{mixed, "These reports come from different suites."}, {mixed, "B is v1, digest 111111111111"},
		{mixed, "suite B</span>"}, {other.String(), "These reports come from another suite than the program"},
	} {
		if !strings.Contains(c.page, c.want) {
			t.Errorf("%q is missing", c.want)
		}
	}
	if strings.Contains(same, "These reports come from") {
		t.Error("a page of the program's own suite has a warning")
	}
}

// TestRows: each result of each report is in its cell, once.
func TestRows(t *testing.T) {
	reports := real(t, everybody...)
	results := 0
	seen := make(map[*report.RuleResult]bool)
	for _, r := range rowsOf(reports) {
		for n, c := range r.Cells {
			if c.Result == nil {
				continue
			}
			results++
			seen[c.Result] = true
			if c.Result.ID != r.ID || c.Result.Role != r.Role || c.Outcome != c.Result.Outcome || c.Symbol() == "" {
				t.Errorf("%s of %s is in the row of %s", c.Result.ID, everybody[n], r.ID)
			}
		}
	}
	want := 0
	for _, r := range reports {
		want += len(r.Rules)
	}
	if results != want || len(seen) != want {
		t.Errorf("%d results in cells, %d different ones, want %d", results, len(seen), want)
	}
	if twice := columnsOf(real(t, "nc", "nc")); twice[0].Name == twice[1].Name {
		t.Error("two columns have the same name")
	}
}

// TestData: what the script shows of a cell is all of the report's.
func TestData(t *testing.T) {
	reports := real(t, "xinetd")
	v := newView(reports[0].Suite, reports)
	text, err := json.Marshal(newData(v, reports, 60))
	must(t, err)
	var d data
	must(t, json.Unmarshal(text, &d))
	scenarios := 0
	for _, rule := range reports[0].Rules {
		scenarios += len(rule.Scenarios)
		for _, s := range rule.Scenarios {
			if s.Outcome != report.Pass && !bytes.Contains(text, []byte(s.Name)) {
				t.Errorf("%s is missing", s.Name)
			}
		}
	}
	shown := 0
	for _, results := range d.Targets[0].Cells {
		shown += len(results)
	}
	if shown != scenarios {
		t.Errorf("%d scenarios, want %d", shown, scenarios)
	}
}

// TestScript: the page's script and style sheet stay small enough to be read, and the script makes no markup of texts.
func TestScript(t *testing.T) {
	if n := strings.Count(pageJS, "\n"); n > 400 {
		t.Errorf("page.js has %d lines, more than 400", n)
	}
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "</"} {
		if strings.Contains(pageJS, bad) {
			t.Errorf("page.js has %s", bad)
		}
	}
	for _, file := range []string{"page.js", "page.css"} {
		text, err := os.ReadFile(filepath.Join(".", file))
		must(t, err)
		for n, line := range strings.Split(string(text), "\n") {
			if len([]rune(line)) > 120 {
				t.Errorf("%s:%d: longer than 120 columns", file, n+1)
			}
		}
	}
}

func TestWriteNothing(t *testing.T) {
	if err := Write(&bytes.Buffer{}, report.Suite{}); err == nil {
		t.Error("a page without a report was written")
	}
}
