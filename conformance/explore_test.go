package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/docs"
)

// told is how many sequences show what can be drawn.
const told = 300

// eachExplorer calls f for each role, as it is explored and as it is fuzzed.
func eachExplorer(t *testing.T, f func(t *testing.T, role string, fuzz bool)) {
	for _, role := range Roles() {
		t.Run(role, func(t *testing.T) { f(t, role, false) })
		t.Run(role+", fuzzed", func(t *testing.T) { f(t, role, true) })
	}
}

// TestSequences: each line of a sequence begins with a verb of its role and names a rule that binds it, and all states
// of the catalogue can be drawn.
func TestSequences(t *testing.T) {
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	eachExplorer(t, func(t *testing.T, role string, fuzz bool) {
		all := suite.Tell(role, fuzz, told, "")
		for _, l := range all.Lines {
			if !suite.HasVerb(role, strings.Fields(l.Text)) {
				t.Fatalf("%q begins with no verb of the role", l.Text)
			}
			binds := func(r docs.Rule) bool { return r.ID == l.Rule && slices.Contains(r.Roles, role) }
			if !slices.ContainsFunc(rules, binds) {
				t.Fatalf("%q shows %s, which is no rule of the role", l.Text, l.Rule)
			}
		}
		for _, state := range all.States {
			if !all.Reached[state] {
				t.Errorf("%q is not reached", state)
			}
		}
		for state := range all.Reached {
			if !slices.Contains(all.States, state) {
				t.Errorf("%q is reached, and not in the catalogue", state)
			}
		}
	})
}

// TestBlindExplorer: an explorer that never makes one of its moves, whichever it is, misses a state of the catalogue.
func TestBlindExplorer(t *testing.T) {
	blind, states := 0, 0
	eachExplorer(t, func(t *testing.T, role string, fuzz bool) {
		all := suite.Tell(role, fuzz, 1, "")
		states += len(all.States)
		for _, move := range all.Moves {
			blind++
			left := suite.Tell(role, fuzz, told, move)
			if !slices.ContainsFunc(left.States, func(state string) bool { return !left.Reached[state] }) {
				t.Errorf("nobody notices that %q is never drawn", move)
			}
		}
	})
	t.Logf("%d states; %d explorers that each lack a move", states, blind)
}
