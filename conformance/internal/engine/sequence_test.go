package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance/hmacsocket"
	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/tcpmux"
	"github.com/muxspec/muxspec/conformance/udpmux/agent"
	"github.com/muxspec/muxspec/conformance/udpmux/daemon"
	"github.com/muxspec/muxspec/docs"
)

// told is how many sequences show what can be drawn.
const told = 400

func everyRole() *engine.Suite {
	return engine.NewSuite(nil, slices.Concat(tcpmux.Roles(), hmacsocket.Roles(), daemon.Roles(), agent.Roles())...)
}

// TestSequences: each line of a sequence begins with a verb of its role and names a rule that binds it, and all states
// of the catalogue can be drawn.
func TestSequences(t *testing.T) {
	u := everyRole()
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range u.Explorers() {
		t.Run(role, func(t *testing.T) {
			_, reached, lines := u.Tell(role, told, "")
			for _, l := range lines {
				if !u.HasVerb(role, strings.Fields(l.Text)) {
					t.Fatalf("%q begins with no verb of the role", l.Text)
				}
				if !u.Bound(role, rules, l) {
					t.Fatalf("%q shows %s, which is no rule of the role", l.Text, l.Rule)
				}
			}
			for _, state := range u.ExploredStates(role) {
				if !reached[state] {
					t.Errorf("%q is not reached", state)
				}
			}
			for state := range reached {
				if !slices.Contains(u.ExploredStates(role), state) {
					t.Errorf("%q is reached, and not in the catalogue", state)
				}
			}
		})
	}
}

// TestBlindExplorer: an explorer that never makes one of its moves, whichever it is, misses a state of the catalogue.
func TestBlindExplorer(t *testing.T) {
	u := everyRole()
	blind := 0
	for _, role := range u.Explorers() {
		for _, move := range u.MoveNames(role) {
			blind++
			_, reached, _ := u.Tell(role, told, move)
			if !slices.ContainsFunc(u.ExploredStates(role), func(state string) bool { return !reached[state] }) {
				t.Errorf("%s: nobody notices that %q is never drawn", role, move)
			}
		}
	}
	t.Logf("%d explorers, each without one move", blind)
}
