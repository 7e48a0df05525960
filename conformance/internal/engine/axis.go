package engine

import (
	"fmt"
	"slices"
)

// An Axis is something that scenarios of a role are played over without saying so: how what is sent is cut into pieces,
// which of the target's addresses is used. A line "# fixed: NAME..." of a scenario's head keeps it to the plain value.
//
// The baseline is played first with each other value: if the target fails it, that breaks the axis's rule, once, and
// nothing else is played with that value.
type Axis struct {
	Name   string
	Help   string
	Values []string // the first is the plain one
	Rule   string   // broken if the baseline works with the plain value but not with another
	// Needs gives what the target or this machine needs for a value, as scenarios need it.
	Needs map[string][]string
	// Fits, if not nil, says whether a scenario can be played with other values than the plain one.
	Fits func(s Scenario) bool
	// Head, if not nil, changes what the target is started with; Apply what a scenario does.
	Head  func(s *Scenario, value string)
	Apply func(s *Session, value string) error
}

func (a Axis) axis() axis { return axis{names: []string{a.Name}, values: a.Values, ambient: true} }

// knowsAxes reports an axis that a scenario keeps fixed and no role has.
func (u *Suite) knowsAxes(s Scenario) error {
	for _, name := range s.fixed {
		if !slices.ContainsFunc(u.Axes(), func(a AxisText) bool { return a.Name == name }) {
			return fmt.Errorf("fixed: there is no axis %q", name)
		}
	}
	return nil
}

// An AxisText is an axis of some roles, in words.
type AxisText struct {
	Name, Help string
	Values     []string
	Rules      map[string]string // of each role that has it
}

// Axes gives what the scenarios of the roles are played over without saying so.
func (u *Suite) Axes() (all []AxisText) {
	for _, r := range u.roles {
		for _, a := range r.Axes {
			i := slices.IndexFunc(all, func(t AxisText) bool { return t.Name == a.Name })
			if i < 0 {
				i, all = len(all), append(all, AxisText{a.Name, a.Help, a.Values, make(map[string]string)})
			}
			all[i].Rules[r.Name] = a.Rule
		}
	}
	return all
}
