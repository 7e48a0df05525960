package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// An Explorer is what a role offers to [Suite.Explore]: what a peer can do next, and what has to hold all the same. A
// sequence of moves becomes the script of a scenario, so a move can do whatever a scenario can.
type Explorer struct {
	// Begin gives what the moves keep of a sequence that has done nothing yet.
	Begin func() any
	Moves []Move
	// End gives the lines that end what a sequence has left open.
	End func(w *World) []Line
	// Holds is what holds after every sequence. Before comes at the beginning of one that is measured, Settles after
	// it.
	Holds, Before, Settles []Line
	// States are those that an exploration has to reach, or it has not explored.
	States []string
}

// A Move is something that a peer can do next.
type Move struct {
	Name string
	// Do gives the move's lines, and changes the world to what is then true. There are none if it makes no sense now.
	Do func(w *World) []Line
}

// A Line is a line of a script, and the rule that is broken if it fails.
type Line struct{ Rule, Text string }

// Lines makes lines of one rule.
func Lines(rule string, texts ...string) (all []Line) {
	for _, text := range texts {
		all = append(all, Line{rule, text})
	}
	return all
}

// A World is what a sequence of moves knows of the target and of the suite's own ends.
type World struct {
	*rand.Rand     // of the move that is drawn
	State      any // the role's own
	reached    map[string]int
	step       int
}

// Reach records that the sequence is in one of the states of the catalogue after the move that is being drawn.
func (w *World) Reach(state string) {
	if _, ok := w.reached[state]; !ok {
		w.reached[state] = w.step
	}
}

// words splits a line as scripts are: at blanks, but not within single quotes. A quote in quotes is doubled.
func words(line string) (all []string) {
	var word strings.Builder
	quoted, begun := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\'' && quoted && strings.HasPrefix(line[i+1:], "'"):
			word.WriteByte(c)
			i++
		case c == '\'':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		all = append(all, word.String())
	}
	return all
}

// One gives one of the texts.
func (w *World) One(of ...string) string { return of[w.IntN(len(of))] }

// A step is a move of a sequence: the same numbers give the same move in the same world, and a similar one in another.
type step struct {
	move int
	seed uint64
}

// A story is a sequence in words.
type story struct {
	steps   []step // those that made sense
	lines   [][]Line
	reached map[string]int // by the number of the step
	measure bool
}

// tell puts a sequence into words: the first n of its steps that make sense where they stand, and that are not barred.
func (e *Explorer) tell(steps []step, n int, barred func(move string, lines []Line) bool) story {
	var t story
	for begun := true; begun; {
		w := &World{State: e.Begin(), reached: make(map[string]int)}
		t, begun = story{reached: w.reached}, false
		for i, s := range steps {
			if len(t.steps) == n {
				break
			}
			w.Rand = rand.New(rand.NewPCG(s.seed, 0))
			lines := e.Moves[s.move].Do(w)
			if barred != nil && barred(e.Moves[s.move].Name, lines) {
				// The world has changed already.
				steps, begun = slices.Delete(slices.Clone(steps), i, i+1), true
				break
			}
			if len(lines) > 0 {
				t.steps, t.lines = append(t.steps, s), append(t.lines, lines)
				w.step++
			}
		}
		if w.Rand = rand.New(rand.NewPCG(0, 0)); e.End != nil {
			t.lines = append(t.lines, e.End(w))
		}
	}
	return t
}

// again tells a sequence that was told before, or a part of it.
func (e *Explorer) again(steps []step, measure bool) story {
	t := e.tell(steps, len(steps), nil)
	t.measure = measure
	return t
}

// candidates is how many steps are drawn for one that may make sense.
const candidates = 20

// draw gives the steps of a sequence of n moves, and many more, since some make no sense.
func (e *Explorer) draw(random *rand.Rand, n int) (steps []step) {
	for range candidates * n {
		steps = append(steps, step{random.IntN(len(e.Moves)), random.Uint64()})
	}
	return steps
}

// names are the moves of a story.
func (e *Explorer) names(t story) string {
	var all []string
	for _, s := range t.steps {
		all = append(all, e.Moves[s.move].Name)
	}
	return strings.Join(all, ", ")
}

// all gives the story's lines with what comes before and after them.
func (e *Explorer) all(t story) (all []Line) {
	if t.measure {
		all = append(all, e.Before...)
	}
	all = append(all, slices.Concat(t.lines...)...)
	all = append(all, e.Holds...)
	if t.measure {
		all = append(all, e.Settles...)
	}
	return all
}

// savedFormat is the version of the form of saved scenarios.
const savedFormat = "1"

// script gives the text of a scenario that shows a rule, by lines of which some may show others.
func script(rule, role, title string, lines []Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n# explored: %s %s\n", rule, title, savedFormat, role)
	b.WriteString("# instance: own\n\n")
	for _, l := range lines {
		if l.Rule != rule {
			fmt.Fprintf(&b, "given %s ", l.Rule)
		}
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}
