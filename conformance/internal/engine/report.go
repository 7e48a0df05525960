package engine

import (
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/report"
)

// report puts the results together, rule by rule.
func (r *run) report(rep *report.Report, selected []Scenario, took time.Duration) {
	rep.Suite, rep.Profile = report.Suite{Version: r.Version, Digest: r.suite.Digest()}, r.facts
	if r.Keep {
		rep.Kept = r.root
	}
	selected = slices.DeleteFunc(selected, func(s Scenario) bool { return s.aside })
	slices.SortStableFunc(selected, r.suite.byRule)
	for plays := range together(selected) {
		s := plays[0]
		result := r.worst(plays)
		result.File = s.file
		if result.Outcome == "" { // nothing was to be played like this
			continue
		}
		for _, k := range r.Target.Known {
			if !k.covers(s) {
				continue
			}
			result.Known = result.Outcome == report.Violation
			if result.Outcome == report.Pass && !k.Intermittent && r.wholly(plays) {
				rep.Summary.Missing = append(rep.Summary.Missing, k.id(s))
			}
		}
		result = r.canary.doubts(r.suite.role(s.Role), result)
		if n := len(rep.Rules); n == 0 || rep.Rules[n-1].ID != s.Rule.ID || rep.Rules[n-1].Role != s.Role {
			rep.Rules = append(rep.Rules, report.RuleResult{ID: s.Rule.ID, Protocol: s.Rule.Protocol, Role: s.Role,
				Level: s.Rule.Level, Class: s.Rule.Class, Rule: s.Rule})
		}
		rule := &rep.Rules[len(rep.Rules)-1]
		rule.Scenarios = append(rule.Scenarios, result)
	}
	for i := range rep.Rules {
		rep.Rules[i].Judge()
	}
	rep.Summary.Seed = r.Seed
	rep.Began = time.Now().Add(-took).UTC().Format(time.RFC3339)
	rep.Summarise(r.Strict, took)
	rep.VerdictDigest = rep.Verdict()
}
