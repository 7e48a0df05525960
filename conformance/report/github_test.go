package report

import (
	"bytes"
	"strings"
	"testing"
)

// A target's output cannot end an annotation, and so cannot begin another workflow command.
func TestGitHub(t *testing.T) {
	r := sample()
	hostile := "100%\r\n::set-output name=x::y"
	r.Rules[1].Scenarios[0].Reason, r.Rules[1].Scenarios[0].Variant = hostile, "n=1,m=2:3"
	r.Rules = append(r.Rules, RuleResult{ID: "TCPMUX-8", Level: "SHOULD", Outcome: Warn,
		Scenarios: []ScenarioResult{{Name: "should", Outcome: Violation, Reason: "not so good"}}})
	var b bytes.Buffer
	if err := GitHub(&b, r); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	want := []string{
		"::error title=TCPMUX-2 scenario-of-tcpmux-2@n=1%2Cm=2%3A3::" +
			"100%25%0D%0A::set-output name=x::y%0A> 3c  <%0A]]> & \x1b%0AA <rule>",
		"::error title=TCPMUX-6 scenario-of-tcpmux-6::busy",
		"::error title=TCPMUX-7 gone::a listed deviation did not occur",
		"::warning title=TCPMUX-8 should::not so good",
	}
	if len(lines) != len(want) {
		t.Fatalf("%d annotations, want %d:\n%s", len(lines), len(want), b.String())
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("%q does not begin with %q", lines[i], want[i])
		}
	}
}
