package conformance_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance"
)

// leaning matches a title that says nothing without the rule or the title before it.
var leaning = regexp.MustCompile(`(?i)^(it|its|they|their|that|this|these|those|he|his|one|the same)\b`)

// TestTitles: a scenario's title stands alone, since reports print it alone. It begins with no pronoun.
func TestTitles(t *testing.T) {
	bad := make(map[string]bool) // a scenario of both roles counts once
	for _, s := range conformance.Scenarios() {
		if leaning.MatchString(s.Title) {
			bad[s.Rule.Protocol+" "+s.Name+": "+s.Title] = true
		}
	}
	if len(bad) > 0 {
		t.Errorf("%d titles do not stand alone:\n\t%s", len(bad), strings.Join(slices.Sorted(maps.Keys(bad)), "\n\t"))
	}
}
