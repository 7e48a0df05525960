package report

import (
	"fmt"
	"strings"
)

// fewAlike is how many rules that were not judged for one reason have a line each.
const fewAlike = 3

// An alike is many rules of a role that were not judged for the same reason.
type alike struct {
	outcome      Outcome
	reason, role string
	first, count int
	at           []int // their places among the report's rules
}

// alikes gives each rule, by its place, the group that it belongs to; nil for one that has a line of its own.
func alikes(rules []RuleResult) []*alike {
	type key struct{ role, reason string }
	groups := make(map[key]*alike)
	of := make([]*alike, len(rules))
	for i, rule := range rules {
		reason := rule.only()
		if reason == "" {
			continue
		}
		k := key{rule.Role, string(rule.Outcome) + reason}
		if groups[k] == nil {
			groups[k] = &alike{outcome: rule.Outcome, reason: reason, role: rule.Role, first: i}
		}
		of[i] = groups[k]
		of[i].count++
		of[i].at = append(of[i].at, i)
	}
	for i, group := range of {
		if group != nil && group.count <= fewAlike {
			of[i] = nil
		}
	}
	return of
}

// only gives the reason why a rule was not judged, if there is one alone, without evidence.
func (r *RuleResult) only() (reason string) {
	for _, s := range r.Scenarios {
		switch {
		case s.Outcome == Pass, s.Outcome == Unsupported && r.Outcome != Unsupported:
			continue
		case s.Outcome != Blocked && s.Outcome != Unsupported && s.Outcome != Inconclusive, len(s.Proof) > 0,
			reason != "" && s.Reason != reason, s.Outcome != r.Outcome:
			return ""
		}
		reason = s.Reason
	}
	return reason
}

// ids names the group's rules: "TCPMUX-2, 5 to 9, 12". Rules that follow one another in the report are a range.
func (a *alike) ids(rules []RuleResult) string {
	var parts []string
	protocol := ""
	short := func(id string) string {
		name, number, _ := strings.Cut(id, "-")
		if name == protocol {
			return number
		}
		protocol = name
		return id
	}
	for i := 0; i < len(a.at); {
		j := i
		for j+1 < len(a.at) && a.at[j+1] == a.at[j]+1 {
			j++
		}
		part := short(rules[a.at[i]].ID)
		switch {
		case j == i+1:
			part += ", " + short(rules[a.at[j]].ID)
		case j > i:
			part = fmt.Sprintf("%s to %s", part, short(rules[a.at[j]].ID))
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
