package engine

import (
	"slices"
	"time"

	"github.com/muxspec/muxspec/docs"
)

// What a scenario of any role can need: a look into the kernel's tables, seconds, a good part of a second that others
// can use, ::1, and a suite that is root.
const visible, slow, passing, ipv6, root = "processes", "slow", "time", "ipv6", "root"

var anyRole = []string{visible, slow, passing, ipv6, root}

// A Scenario is a script that shows one rule. Its head says which and what it needs:
//
//	# RULE: what is tried, in a sentence or two.
//	# needs: echo late
//	# instance: own
//	# baseline: none
//
// A role may have lines of its own. A scenario with an instance of its own disturbs the target or measures its
// processes; all others share one. A scenario without a baseline can be judged even if a good exchange does not work.
type Scenario struct {
	Name  string // of the file
	Role  string // whose rule it shows; a script of a rule for both roles makes one for each that can have what it needs
	Rule  docs.Rule
	Title string
	Needs []string // what the role's target can offer, a timer, or one of anyRole
	Own   bool     // has an instance of its own
	Alone bool     // can be judged even if a good exchange does not work
	// Set is what the role's own lines of the head say: a value for each name.
	Set  map[string]string
	Text string
	// Variant names the variant of the scenario by what differs from the plain one; empty for that.
	Variant string

	axes     []axis            // that it varies over: its own, and the role's
	fixed    []string          // those of the role that it is not played over
	values   map[string]string // of the axes, by their names
	guard    bool              // the baseline, in a value of one of the role's axes
	aside    bool              // a guard whose rule was not asked for
	source   string            // the text before values were put into it
	shortest time.Duration     // of the time limits that the suite sets for the target; 0: none
}

// Limit records a value that the scenario sets, if it is a time limit.
func (s *Scenario) Limit(value string) {
	if d, err := time.ParseDuration(value); err == nil && d > 0 && (s.shortest == 0 || d < s.shortest) {
		s.shortest = d
	}
}

// waits says whether the scenario waits for time to pass, which costs nothing.
func (s Scenario) waits() bool { return slices.Contains(s.Needs, passing) || s.shortest > 0 }
