package engine

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// ambient gives the role's axes that the scenario is played over. The last one looks back on the others.
func (r Role) ambient(s Scenario) (all []axis) {
	if s.Name == r.Bracket {
		return nil
	}
	for _, a := range r.Axes {
		if !slices.Contains(s.fixed, a.Name) && (a.Fits == nil || a.Fits(s)) {
			all = append(all, a.axis())
		}
	}
	return all
}

// A setting is an axis of the role in a value other than the plain one.
type setting struct {
	Axis
	value string
}

// settings are those that a variant of a scenario is played in.
func (r Role) settings(s Scenario) (all []setting) {
	for _, a := range r.Axes {
		if value := s.values[a.Name]; value != "" && value != a.Values[0] {
			all = append(all, setting{a, value})
		}
	}
	return all
}

// apply changes what a session does to what its variant says.
func (s *Session) apply() error {
	for _, set := range s.run.kind.settings(s.scenario) {
		if set.Apply == nil {
			continue
		}
		if err := set.Apply(s, set.value); err != nil {
			return err
		}
	}
	return nil
}

// left says which of the variant's values cannot be played: the target lacks something for it, or fails the baseline
// with it.
func (r *roleRun) left(s Scenario) bool {
	return slices.ContainsFunc(r.kind.settings(s), func(set setting) bool {
		return r.gone[set.Name+"="+set.value] || r.lacks(Scenario{Role: s.Role, Needs: set.Needs[set.value]}) != ""
	})
}

// guards gives the baseline in each axis value that one of the plays has, and in all values of an axis whose rule was
// asked for.
func (u *Suite) guards(r Role, plays []Scenario, rules []docs.Rule) (all []Scenario, err error) {
	base, _ := u.find(r.Baseline, r.Name)
	for _, a := range r.Axes {
		i := slices.IndexFunc(rules, func(rule docs.Rule) bool { return rule.ID == a.Rule })
		asked := slices.ContainsFunc(plays, func(s Scenario) bool { return s.Role == r.Name && s.Rule.ID == a.Rule })
		for _, value := range a.Values[1:] {
			played := slices.ContainsFunc(plays, func(s Scenario) bool {
				return s.Role == r.Name && s.values[a.Name] == value
			})
			if i < 0 || !played && !asked {
				continue
			}
			v := plain(base.axes)
			v[a.Name] = value
			guard, err := u.variantOf(base, v, rules)
			if err != nil {
				return nil, err
			}
			guard.Rule, guard.guard, guard.aside = rules[i], true, !asked
			guard.Title = fmt.Sprintf("What works with %s=%s works with %s=%s.", a.Name, a.Values[0], a.Name, value)
			all = append(all, guard)
		}
	}
	return all, nil
}

// isGuard says whether a scenario is the baseline, which is also played for that rule in the values of its axis.
func (u *Suite) isGuard(s Scenario, rule string) bool {
	r := u.role(s.Role)
	return s.Name == r.Baseline && slices.ContainsFunc(r.Axes, func(a Axis) bool { return a.Rule == rule })
}

// guard plays the baseline in the values that other scenarios are to be played in, and gives those. If the baseline
// itself was asked for in such a value, that is the same play.
func (r *roleRun) guard(selected []Scenario, first report.ScenarioResult) (others []Scenario) {
	guards := make(map[string]bool)
	for _, s := range selected {
		guards[s.Variant] = guards[s.Variant] || s.guard
	}
	for _, s := range selected {
		if !s.guard && !(guards[s.Variant] && s.Name == r.kind.Baseline) {
			others = append(others, s)
		}
	}
	for _, s := range selected {
		if !s.guard {
			continue
		}
		r.mu.Lock()
		useless := first.Outcome != report.Pass || r.spinner || r.stopped || r.ctx.Err() != nil
		r.mu.Unlock()
		if r.gone[s.Variant] = useless; r.left(s) {
			r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant})
			continue
		}
		var result report.ScenarioResult
		switch {
		case r.kind.Fresh:
			result = r.play(s, nil)
		case s.Own:
			result = r.playAlone(s)
		case !r.serves(s):
			r.gone[s.Variant] = true
			continue
		default:
			result = r.play(s, r.shared)
			r.shared = r.bracket(s, r.shared)
		}
		r.gone[s.Variant] = result.Outcome != report.Pass
		r.finish(result)
	}
	return others
}

// accompany keeps good exchanges going beside a scenario until it is over.
func (s *Session) accompany() {
	r := s.run
	stop, over := make(chan struct{}), make(chan struct{})
	var other atomic.Pointer[Session]
	s.Keep(closer(sync.OnceFunc(func() {
		close(stop)
		if now := other.Load(); now != nil {
			now.interrupt()
		}
	})))
	s.company = over
	go func() {
		defer close(over)
		for {
			now := r.newSession(s.scenario, s.In, NewRecord())
			now.aside = true
			other.Store(now)
			select {
			case <-stop:
				return
			case <-r.ctx.Done():
				return
			default:
			}
			now.goodExchange()
			now.close()
			s.Pause(Moment)
		}
	}()
}

// A closer is a function that closes something.
type closer func()

func (c closer) Close() error { c(); return nil }

// Company is the axis of servers that have others to serve meanwhile. A scenario that measures the target's processes,
// or starts it in a special way, has it to itself.
func Company(rule string) Axis {
	return Axis{Name: "company", Values: []string{"none", "busy"}, Rule: rule,
		Help:  "The scenario has the target to itself, or good exchanges run beside it, one after another.",
		Fits:  func(s Scenario) bool { return !s.Own && !slices.Contains(s.Needs, visible) },
		Apply: func(s *Session, _ string) error { s.accompany(); return nil }}
}

// write writes a scenario's script unless it exists: somebody may be reading it.
func (r *run) write(s Scenario) error {
	f, err := os.CreateTemp(r.scratch, "script")
	if err != nil {
		return err
	}
	_, err = f.WriteString(s.Text)
	err = errors.Join(err, f.Close())
	if _, missing := os.Stat(r.script(s)); missing != nil && err == nil {
		return os.Rename(f.Name(), r.script(s))
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// reduced gives the play with fewer of its values that fails as well: what the fault needs describes it.
func (r *roleRun) reduced(s Scenario, result report.ScenarioResult,
	play func(Scenario) report.ScenarioResult) report.ScenarioResult {
	rules, err := docs.All()
	if err != nil || result.Outcome != report.Violation || strings.Count(s.Variant, "=") < 2 {
		return result
	}
	for _, a := range s.axes {
		v, err := variantNamed(s.axes, s.Variant)
		if err != nil || v[a.name()] == a.values[0] {
			continue
		}
		v[a.name()] = a.values[0]
		less, err := r.suite.variantOf(s, v, rules)
		if err != nil || r.write(less) != nil {
			continue
		}
		if again := play(less); again.Outcome == report.Violation {
			s, result = less, again
		}
	}
	return result
}
