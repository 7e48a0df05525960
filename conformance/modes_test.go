package conformance_test

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// tokenRules are the rules that the page's checklist names for a daemon with token mode alone.
func tokenRules(t *testing.T) map[int]bool {
	page, err := docs.Pages.ReadFile("udpmux.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(page), "Token mode alone needs")
	list, _, found := strings.Cut(list, "Learn mode adds")
	if !found {
		t.Fatal("the page has no checklist for token mode")
	}
	_, list, _ = strings.Cut(list, ": ")
	rules := make(map[int]bool)
	for _, m := range regexp.MustCompile(`(\d+)(?:\s+to\s+(\d+))?`).FindAllStringSubmatch(list, -1) {
		from, _ := strconv.Atoi(m[1])
		to, err := strconv.Atoi(m[2])
		if err != nil {
			to = from
		}
		for ; from <= to; from++ {
			rules[from] = true
		}
	}
	return rules
}

// TestTokenOnly: a daemon that says that it has token mode alone is not blamed for what it lacks, and all rules that
// the page names for it are judged.
func TestTokenOnly(t *testing.T) {
	muxspec, err := program()
	if err != nil {
		t.Fatal(err)
	}
	target := &conformance.Target{Name: "token-only", Roles: []string{"udpmux-daemon"},
		Command: []string{"{muxspec}", "moshd", "--config={config}", "--address-file={address_file}"}}
	conformance.Offer(target, "udpmux-daemon", []string{"activation", "token"})
	rep, err := conformance.Run(context.Background(),
		conformance.Options{Target: target, Program: muxspec, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	wanted := tokenRules(t)
	if len(wanted) < 80 {
		t.Errorf("the page names %d rules", len(wanted))
	}
	for _, rule := range rep.Rules {
		listed := wanted[rule.Rule.Number]
		switch {
		case rule.Outcome == report.Pass, rule.Outcome == report.Unsupported && !listed:
		case rule.Outcome == report.Unsupported && excused(rule):
		case rule.Outcome == report.Inconclusive: // TestTarget judges the same program
			t.Logf("%s: %+v", rule.ID, rule.Scenarios)
		default:
			t.Errorf("%s: %s: %+v", rule.ID, rule.Outcome, rule.Scenarios)
		}
	}
}

// excused: the rule cannot be shown with tokens alone, or not on this machine.
func excused(rule report.RuleResult) bool {
	if rule.ID == "UDPMUX-89" { // a session lacks a mode that the daemon has
		return true
	}
	for _, s := range rule.Scenarios {
		if s.Outcome == report.Unsupported &&
			(s.Reason == "only root can see it" || s.Reason == "this machine has no ::1" ||
				s.Reason == "this system does not show ECN bits") {
			return true
		}
	}
	return false
}
