package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
//	# was: an-earlier-name
//
// A role may have lines of its own. A scenario with an instance of its own disturbs the target or measures its
// processes; all others share one. A scenario without a baseline can be judged even if a good exchange does not work.
type Scenario struct {
	Name string // of the file
	// Was are its earlier names, which target files and "--scenario" may still have.
	Was []string
	// Role is whose rule it shows. A script of a rule for both roles makes one for each that can have what it needs.
	Role  string
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

	file     string            // of one that is not the suite's own
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

// full is the scenario's name, with its variant.
func (s Scenario) full() string {
	if s.Variant == "" {
		return s.Name
	}
	return s.Name + "@" + s.Variant
}

// called says whether that is the scenario's name, or was.
func (s Scenario) called(name string) bool { return s.Name == name || slices.Contains(s.Was, name) }

// waits says whether the scenario waits for time to pass, which costs nothing.
func (s Scenario) waits() bool { return slices.Contains(s.Needs, passing) || s.shortest > 0 }

// errHead: a line of a scenario's head belongs to another role.
var errHead = errors.New("no scenario of this role has that line")

// parse reads a script's head.
func (u *Suite) parse(name, source string, rules []docs.Rule) (Scenario, error) {
	axes, err := axesOf(source)
	if err != nil {
		return Scenario{}, err
	}
	all := variants(axes, name, 0, 0, false)
	if len(all) > mostPlays {
		return Scenario{}, fmt.Errorf("it has %d variants; more than %d are another scenario", len(all), mostPlays)
	}
	first := Scenario{Name: name, axes: axes, source: source}
	for _, v := range all[1:] {
		if _, err := u.parseVariant(first, v, rules); err != nil {
			return Scenario{}, fmt.Errorf("%s: %w", v.text(axes), err)
		}
	}
	return u.parseVariant(first, all[0], rules)
}

// parseVariant gives a scenario in one of its variants.
func (u *Suite) parseVariant(of Scenario, v variant, rules []docs.Rule) (Scenario, error) {
	s := Scenario{Name: of.Name, axes: of.axes, source: of.source, Variant: v.text(of.axes), values: v.values()}
	text, err := unroll(fill(of.source, v.values()))
	if err != nil {
		return s, err
	}
	s.Text = text
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			break
		}
		key, value, _ := strings.Cut(comment, ": ")
		i := slices.IndexFunc(rules, func(r docs.Rule) bool { return r.ID == key })
		switch {
		case s.Rule.ID == "" && i >= 0:
			s.Rule, s.Title = rules[i], value
		case s.Rule.ID == "":
			return s, fmt.Errorf("the first line names no rule: %q", comment)
		default:
			if err := u.headLine(&s, key, value, comment); err != nil {
				return s, err
			}
		}
	}
	if s.Rule.ID == "" {
		return s, fmt.Errorf("the first line names no rule")
	}
	return s, u.checkNeeds(&s)
}

// headLine reads a line of a head after the first: what it sets, or more of the title.
func (u *Suite) headLine(s *Scenario, key, value, comment string) (err error) {
	switch {
	case key == "needs":
		s.Needs = append(s.Needs, strings.Fields(value)...)
		s.Own = s.Own || u.role(s.Rule.Roles[0]).Apart && value != visible // the shared one may have something else
	case key == "was":
		s.Was = append(s.Was, strings.Fields(value)...)
	case key == "vary":
	case key == "explored":
		s.Role, err = savedRole(value)
	case key == "fixed":
		s.fixed = strings.Fields(value)
		return u.knowsAxes(*s)
	case key == "instance" && value == "own":
		s.Own = true
	case key == "baseline" && value == "none":
		s.Alone = true
	case slices.ContainsFunc(u.roles, func(r Role) bool { return slices.Contains(r.Heads, key) }):
		if err := u.role(s.Rule.Roles[0]).Head(s, key, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	default:
		s.Title += " " + comment
	}
	return err
}

// checkNeeds reports a need that nobody can have, and records the time limits among the needs.
func (u *Suite) checkNeeds(s *Scenario) error {
	for _, need := range s.Needs {
		timer := slices.Contains(u.Timers(), need)
		offered := func(name string) bool { return slices.Contains(u.role(name).Offers, need) }
		if !slices.ContainsFunc(s.Rule.Roles, offered) && !slices.Contains(anyRole, need) && !timer {
			return fmt.Errorf("needs %q, which is unknown", need)
		}
		if timer {
			s.Limit(shortTimer)
		}
	}
	return nil
}

// canHave says whether a role's target can have what a scenario needs: of a rule for both ends, one end may not.
func (u *Suite) canHave(r Role, needs []string) bool {
	return !slices.ContainsFunc(needs, func(need string) bool {
		return !slices.Contains(r.Offers, need) && !slices.Contains(anyRole, need) && !slices.Contains(u.Timers(), need)
	})
}
