package engine

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// plays gives the variants that the selected scenarios are played in, scenario by scenario. One that was selected as
// NAME@VARIANT is played in that alone.
func (u *Suite) plays(selected []Scenario, o Options) (all []Scenario, err error) {
	rules, err := docs.All()
	if err != nil {
		return nil, err
	}
	for _, s := range selected {
		them := []variant{plain(s.axes)}
		if !o.Quick {
			draws, all := o.Draws, o.AllVariants
			if s.Name == u.role(s.Role).Baseline { // it is played so for the axes' own rules
				draws, all = 0, false
			}
			them = variants(s.axes, s.Role+" "+s.Name, draws, o.Seed, all)
		}
		if own := ownVariants(s, o.Scenarios); len(own) > 0 {
			them = nil
			for _, text := range own {
				v, err := variantNamed(s.axes, text)
				if err != nil {
					return nil, fmt.Errorf("scenario %s@%s: %w", s.Name, text, err)
				}
				them = append(them, v)
			}
		}
		for _, v := range them {
			play, err := u.variantOf(s, v, rules)
			if err != nil {
				return nil, fmt.Errorf("scenario %s@%s: %w", s.Name, v.text(s.axes), err)
			}
			all = append(all, play)
		}
	}
	if o.Quick {
		return all, nil
	}
	for _, r := range u.roles {
		guards, err := u.guards(r, all, rules)
		if err != nil {
			return nil, err
		}
		all = append(all, guards...)
	}
	return all, nil
}

// variantOf gives a role's scenario in one of its variants.
func (u *Suite) variantOf(s Scenario, v variant, rules []docs.Rule) (Scenario, error) {
	play, err := u.parseVariant(s, v, rules)
	play.Role, play.file = s.Role, s.file
	for _, set := range u.role(s.Role).settings(play) {
		if set.Head != nil {
			set.Head(&play, set.value)
		}
	}
	return play, err
}

// ownVariants gives the variants of the scenario that were asked for by name.
func ownVariants(s Scenario, names []string) (all []string) {
	for _, name := range names {
		if name, text, ok := strings.Cut(name, "@"); ok && s.called(name) {
			all = append(all, text)
		}
	}
	return all
}

// together gives the plays of each scenario, which follow one another.
func together(all []Scenario) iter.Seq[[]Scenario] {
	return func(yield func([]Scenario) bool) {
		for len(all) > 0 {
			n := slices.IndexFunc(all, func(s Scenario) bool {
				return s.Name != all[0].Name || s.Role != all[0].Role || s.Rule.ID != all[0].Rule.ID
			})
			if n < 0 {
				n = len(all)
			}
			if !yield(all[:n]) {
				return
			}
			all = all[n:]
		}
	}
}

// wholly says whether all variants but the drawn ones were played: one left out may show what the others do not.
func (r *run) wholly(plays []Scenario) bool {
	played := slices.DeleteFunc(slices.Clone(plays), func(s Scenario) bool {
		return r.results[scenarioID{s.Role, s.Name, s.Variant}].Outcome == ""
	})
	return len(played) >= len(variants(plays[0].axes, "", 0, 0, false))
}

// worst puts a scenario's plays together: the scenario has the first of these outcomes that a play has, with its
// reason. So it is unsupported if the target can have no variant of it. A play that was left out has no outcome, nor
// has a guard all of whose plays were left out.
func (r *run) worst(plays []Scenario) (worst report.ScenarioResult) {
	order := []report.Outcome{report.Violation, report.Inconclusive, report.Blocked, report.Pass, report.Unsupported}
	seconds, played, filed := 0.0, 0, 0
	for _, s := range plays {
		result := r.results[scenarioID{s.Role, s.Name, s.Variant}]
		if result.Outcome == "" {
			continue
		}
		if result.Outcome != report.Unsupported {
			played++
		}
		filed++
		seconds += result.Seconds
		if worst.Outcome == "" || slices.Index(order, result.Outcome) < slices.Index(order, worst.Outcome) {
			worst = result
		}
	}
	if s := plays[0]; filed == 0 && !s.guard {
		return report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Unsupported,
			Reason: "the target lacks something for this variant, or the good exchange does not work in it"}
	}
	worst.Seconds = seconds
	if played > 1 {
		worst.Plays = played
	}
	return worst
}
