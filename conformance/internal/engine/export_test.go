package engine

import (
	"math/rand/v2"
	"slices"

	"github.com/muxspec/muxspec/docs"
)

// Explorers are the roles that can be explored.
func (u *Suite) Explorers() (names []string) {
	for _, r := range u.roles {
		if r.Explorer != nil {
			names = append(names, r.Name)
		}
	}
	return names
}

// MoveNames are the names of a role's moves.
func (u *Suite) MoveNames(role string) (names []string) {
	for _, m := range u.role(role).Explorer.Moves {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// Tell tells n sequences of a role, without one of its moves, and gives the scripts and the states reached. The last of
// the lines of all of them are those that come before and after.
func (u *Suite) Tell(role string, n int, without string) (scripts []string, reached map[string]bool, lines []Line) {
	kind := u.role(role)
	e, reached := kind.Explorer, make(map[string]bool)
	barred := func(move string, _ []Line) bool { return move == without }
	for i := range n {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		length := lengths[i%len(lengths)]
		t := e.tell(e.draw(random, length), length, barred)
		t.measure = true
		for state := range t.reached {
			reached[state] = true
		}
		lines = append(lines, e.all(t)...)
		scripts = append(scripts, script("", role, "told", e.all(t)))
	}
	return scripts, reached, lines
}

// Bound says which rule a line shows that does not bind the role, or which verb it begins with that the role has not.
func (u *Suite) Bound(role string, rules []docs.Rule, l Line) bool {
	return slices.ContainsFunc(rules, func(r docs.Rule) bool { return r.ID == l.Rule && slices.Contains(r.Roles, role) })
}

// ExploredStates is the catalogue of a role.
func (u *Suite) ExploredStates(role string) []string { return u.role(role).Explorer.States }
