package engine

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Told is what an [Explorer] draws, without being played: for tests of explorers.
type Told struct {
	Moves   []string // all that there are
	States  []string // of the catalogue
	Lines   []Line
	Reached map[string]bool
}

// Tell draws n sequences of a role's explorer, or of what fuzzes the role, without one of the moves.
func (u *Suite) Tell(role string, fuzz bool, n int, without string) (all Told) {
	begin := u.role(role).Explorer
	if fuzz {
		begin = u.role(role).Fuzzer
	}
	e := begin()
	all.States, all.Reached = e.States, make(map[string]bool)
	for _, m := range e.Moves {
		if !slices.Contains(all.Moves, m.Name) {
			all.Moves = append(all.Moves, m.Name)
		}
	}
	barred := func(move string, _ []Line) bool { return move == without }
	for i := range n {
		length := lengths[i%len(lengths)]
		t := e.tell(e.draw(rand.New(rand.NewPCG(1, uint64(i))), length), length, barred)
		for state := range maps.Keys(t.reached) {
			all.Reached[state] = true
		}
		if t.measure = true; without == "" {
			all.Lines = append(all.Lines, e.all(t)...)
		}
	}
	return all
}
