package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/docs"
)

// selection gives the scenarios that were asked for, in the order in which to run them.
func (u *Suite) selection(o Options) ([]Scenario, error) {
	roles := o.Target.Roles
	if o.Role != "" {
		if !slices.Contains(roles, o.Role) {
			return nil, fmt.Errorf("target %s has no role %q; its roles are %s",
				o.Target.Name, o.Role, strings.Join(roles, ", "))
		}
		roles = []string{o.Role}
	}
	selected, names, err := u.fromFiles(o.Scenarios, roles)
	if err != nil {
		return nil, err
	}
	if err := u.known(o.Rules, names); err != nil {
		return nil, err
	}
	released, err := docs.Through(o.Until)
	if err != nil {
		return nil, err
	}
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	all := u.Scenarios()
	if len(selected) > 0 && len(names) == 0 && len(o.Rules) == 0 {
		all = nil
	}
	for _, s := range all {
		if slices.Contains(roles, s.Role) && in(o.Rules, s.Rule.ID) && s.among(names) &&
			released(s.Rule) && in(o.Classes, s.Rule.Class) && (o.Level == "" || o.Level == s.Rule.Level) {
			selected = append(selected, s)
		}
	}
	if len(selected) == 0 {
		return nil, errors.New("nothing is selected: no scenario matches all the given options")
	}
	if o.Shuffle {
		rand.New(rand.NewPCG(uint64(o.Seed), 0)).Shuffle(len(selected), func(i, j int) {
			selected[i], selected[j] = selected[j], selected[i]
		})
	}
	return selected, nil
}

// known says which rule no scenario tests, or which name no scenario has.
func (u *Suite) known(rules, names []string) error {
	all := u.Scenarios()
	for _, id := range rules {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Rule.ID == id }) {
			return fmt.Errorf("no scenario tests a rule %q; 'muxspec list' shows them all", id)
		}
	}
	for _, name := range names {
		name, _, _ := strings.Cut(name, "@")
		if _, ok := u.find(name, ""); !ok {
			return fmt.Errorf("unknown scenario %q; 'muxspec list' shows them all", name)
		}
	}
	return nil
}

// among says whether the scenario is one of those, NAME or NAME@VARIANT, or none are named.
func (s Scenario) among(names []string) bool {
	return len(names) == 0 || slices.ContainsFunc(names, s.called) || len(ownVariants(s, names)) > 0
}
