package engine

import (
	"fmt"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
)

// covers says whether the deviation is that scenario's.
func (k Deviation) covers(s Scenario) bool {
	return k.Rule == s.Rule.ID && s.called(k.Scenario) && (k.Role == "" || k.Role == s.Role)
}

// id names the deviation as one of the scenario's, with the role if the rule has several.
func (k Deviation) id(s Scenario) string {
	if len(s.Rule.Roles) > 1 {
		return s.Rule.ID + " " + s.Name + " " + s.Role
	}
	return s.Rule.ID + " " + s.Name
}

// KnownTOML gives the report's violations as entries of a target file, each with an empty reason, which somebody has to
// fill in before the file is accepted.
func KnownTOML(r *report.Report) string {
	var b strings.Builder
	for _, rule := range r.Rules {
		for _, s := range rule.Scenarios {
			if s.Outcome == report.Violation && !s.Known {
				fmt.Fprintf(&b, "\n[[known]]\nrule = %q\nscenario = %q\n", rule.ID, s.Name)
				if len(rule.Rule.Roles) > 1 {
					fmt.Fprintf(&b, "role = %q\n", rule.Role)
				}
				fmt.Fprintf(&b, "reason = \"\" # %s\n", oneLine(s.Reason))
			}
		}
	}
	return b.String()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
