// Package engine judges programs by scenarios, of any protocol.
//
// A [Suite] has [Role] tables, which protocols fill, and the scenarios of all roles: scripts whose commands are verbs.
// [Suite.Run] starts a [Target], plays each scenario in a [Session], and combines what the verbs say. A verdict is an
// error: see [Violation] and its neighbours. This package names no protocol.
//
// The way from a run to a verdict: run.go selects, judge.go orders and brackets, instance.go starts the target,
// script.go plays a scenario, verb.go does what its lines say, session.go is what verbs work with, evidence.go keeps
// what they saw.
package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/muxspec/muxspec/docs"
)

// A Suite is all that a program can be judged by: the roles that it can have, and the known targets.
type Suite struct {
	roles     []Role
	targets   fs.FS // NAME.toml each
	scenarios func() []Scenario
}

// NewSuite makes a suite of roles, in the order in which they are reported. The scripts are part of the program: a bad
// one is a mistake in it, and panics when the scripts are first read.
func NewSuite(targets fs.FS, roles ...Role) *Suite {
	u := &Suite{targets: targets}
	for _, r := range roles {
		u.roles = append(u.roles, r.withDefaults())
	}
	u.scenarios = sync.OnceValue(u.read)
	return u
}

// role gives the role of that name; if there is none, a role without a name.
func (u *Suite) role(name string) Role {
	i := slices.IndexFunc(u.roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}
	}
	return u.roles[i]
}

// Roles are the names of all roles, in the order in which they are reported.
func (u *Suite) Roles() (names []string) {
	for _, r := range u.roles {
		names = append(names, r.Name)
	}
	return names
}

// Scenarios gives all scenarios, by their role, the number of their rule and their name.
func (u *Suite) Scenarios() []Scenario { return u.scenarios() }

// read reads all scripts.
func (u *Suite) read() (all []Scenario) {
	rules, err := docs.All()
	if err != nil {
		panic(err)
	}
	for _, r := range u.roles {
		names, _ := fs.Glob(r.Scripts, "scenarios/*.txtar")
		for _, name := range names {
			text, _ := fs.ReadFile(r.Scripts, name)
			s, err := u.parse(strings.TrimSuffix(path.Base(name), ".txtar"), string(text), rules)
			if err != nil {
				panic(fmt.Sprintf("%s: %v", name, err))
			}
			s.Role = r.Name
			s.axes = append(s.axes, r.ambient(s)...)
			if slices.Contains(s.Rule.Roles, r.Name) && u.canHave(r, s.Needs) {
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, u.byRule)
	u.needed(all)
	u.checkRests(all, rules)
	return all
}

// needed panics if anything is missing that every run needs.
func (u *Suite) needed(all []Scenario) {
	for _, r := range u.roles {
		if r.Good == nil && !r.Fresh {
			panic("no good exchange is defined: " + r.Name)
		}
		for _, name := range []string{r.Baseline, r.Bracket} {
			is := func(s Scenario) bool { return s.Role == r.Name && s.Name == name }
			if (name != "" || name == r.Baseline) && !slices.ContainsFunc(all, is) {
				panic(fmt.Sprintf("the scenario %q, which every run of %s needs, is missing", name, r.Name))
			}
		}
	}
}

// HasVerb says whether the words begin with a verb of the role's scenarios.
func (u *Suite) HasVerb(role string, words []string) bool {
	_, _, ok := u.role(role).allVerbs().find(words)
	return ok
}

// byRule sorts scenarios role by role, and within a role by the number of their rule and their name.
func (u *Suite) byRule(a, b Scenario) int {
	roles := u.Roles()
	return cmp.Or(slices.Index(roles, a.Role)-slices.Index(roles, b.Role), a.Rule.Number-b.Rule.Number,
		strings.Compare(a.Name, b.Name))
}

// find gives the scenario that is or was called so, for a role, or for any role if that is empty.
func (u *Suite) find(name, role string) (Scenario, bool) {
	all := u.Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.called(name) && (role == "" || s.Role == role) })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}

// Timers are the time limits that scenarios wait for: placeholders of some roles.
func (u *Suite) Timers() []string { return u.united(func(r Role) []string { return r.Timers }) }

// Placeholders are those that have a meaning for some role.
func (u *Suite) Placeholders() []string {
	return append(slices.Clone(everyPlaceholder),
		u.united(func(r Role) []string { return slices.Concat(r.Placeholders, r.Timers) })...)
}

// keys are those of target files that say what a target has.
func (u *Suite) keys() (all []Key) {
	for _, r := range u.roles {
		for _, k := range r.Keys {
			if !slices.Contains(all, k) {
				all = append(all, k)
			}
		}
	}
	return all
}

// united gives what the roles have of a kind, without duplicates.
func (u *Suite) united(of func(Role) []string) (all []string) {
	for _, r := range u.roles {
		for _, name := range of(r) {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// Offer says what a target without a file has for the scenarios of a role; if nothing is named, it has what the role
// needs.
func (u *Suite) Offer(t *Target, role string, has []string) { u.role(role).Offer(t, has) }

// Digest identifies pages and scenarios: two runs with the same digest asked for the same.
func (u *Suite) Digest() string {
	h := sha256.New()
	add := func(name string, b []byte) { fmt.Fprintf(h, "%s %d\n%s", name, len(b), b) }
	fs.WalkDir(docs.Pages, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && name != docs.Findings {
			b, _ := fs.ReadFile(docs.Pages, name)
			add(name, b)
		}
		return err
	})
	for _, s := range u.Scenarios() {
		add(s.Role+" "+s.Name, []byte(s.source))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Programs are those that muxspec can run as besides, for scenarios and targets. Each gives its exit code.
func (u *Suite) Programs() map[string]func(args []string) int {
	all := make(map[string]func([]string) int)
	for _, r := range u.roles {
		maps.Copy(all, r.Programs)
	}
	return all
}
