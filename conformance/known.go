package conformance

import (
	"fmt"
	"strings"
)

// KnownTOML gives the report's violations as entries of a target file, each with an empty reason: somebody has to find it before
// the file is accepted.
func KnownTOML(r *Report) string {
	var b strings.Builder
	for _, rule := range r.Rules {
		for _, s := range rule.Scenarios {
			if s.Outcome == Violation && !s.Known {
				fmt.Fprintf(&b, "\n[[known]]\nrule = %q\nscenario = %q\nreason = \"\" # %s\n", rule.ID, s.Name, oneLine(s.Reason))
			}
		}
	}
	return b.String()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
