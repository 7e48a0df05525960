package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// An Exploration is what random sequences of moves have shown of a target.
type Exploration struct {
	Target, Role string
	Suite        Suite
	Seed         uint64
	Sequences    int    // that were played
	Steps        int    // the moves of all sequences
	Unclear      int    // sequences that this machine, or the suite, did not play to the end
	Doubt        string // why the last of those was not
	// States are the states that an exploration has to reach, and Reached says when it did so first.
	States   []string
	Reached  map[string]time.Duration
	Findings []Finding
	Took     time.Duration
}

// A Finding is a rule that was broken by a sequence.
type Finding struct {
	Rule, Level string
	Reason      string
	Last        string // the move that showed it
	Count       int    // how many sequences ended like this
	Seen, Of    int    // how often the first of them did so again, with a fresh target
	Steps       int    // how many moves the smallest one found has
	Moves       string // their names
	File        string // the scenario that repeats it
	Unsaved     string // why there is none
	Known       bool   // the target is known to break the rule
	After       time.Duration
}

// Missed are the states that were not reached.
func (x *Exploration) Missed() (all []string) {
	for _, state := range x.States {
		if _, ok := x.Reached[state]; !ok {
			all = append(all, state)
		}
	}
	return all
}

// Violation says whether it is a MUST rule that is not known to be broken, and broken by a fresh target, too.
func (f Finding) Violation() bool { return !f.Known && f.Level != "SHOULD" && f.Seen > 0 }

// Exit is the exit code: a violation comes before an exploration that saw too little.
func (x *Exploration) Exit() int {
	exit := ExitOK
	if len(x.Missed()) > 0 || x.Unclear*10 > x.Sequences {
		exit = ExitInconclusive
	}
	for _, f := range x.Findings {
		switch {
		case f.Violation():
			return ExitViolation
		case !f.Known && f.Level != "SHOULD":
			exit = ExitInconclusive
		}
	}
	return exit
}

// Explored prints what an exploration has shown.
func Explored(w io.Writer, x *Exploration) {
	fmt.Fprintf(w, "%s as %s, seed %d\n", x.Target, x.Role, x.Seed)
	for _, f := range x.Findings {
		word := "FAIL "
		switch {
		case f.Known:
			word = "known"
		case f.Level == "SHOULD":
			word = "WARN "
		}
		fmt.Fprintf(w, "\n%s %s after %v, in %s: %s\n", word, f.Rule, Rounded(f.After), f.Last, f.Reason)
		fmt.Fprintf(w, "  %s: %s\n", counted(f.Steps, "move"), cmp.Or(f.Moves, "none, a fresh target does it"))
		fmt.Fprintf(w, "  with a fresh target %d of %d times; %s ended like this\n",
			f.Seen, f.Of, counted(f.Count, "sequence"))
		if f.File != "" {
			fmt.Fprintf(w, "  again: muxspec run --scenario %s %s …\n", f.File, x.Role)
		} else {
			fmt.Fprintf(w, "  not saved: %s\n", f.Unsaved)
		}
	}
	fmt.Fprintf(w, "\nstates, and when each was first reached:\n")
	states := slices.Clone(x.States)
	slices.SortStableFunc(states, func(a, b string) int { return cmp.Compare(x.Reached[a], x.Reached[b]) })
	for _, state := range states {
		if at, ok := x.Reached[state]; ok {
			fmt.Fprintf(w, "  %8v  %s\n", Rounded(at), state)
		}
	}
	for _, state := range x.Missed() {
		fmt.Fprintf(w, "     never  %s\n", state)
	}
	fmt.Fprintf(w, "\n%s in %s, %.0f a second; %d of %d states reached; %d unclear\n", counted(x.Steps, "move"),
		counted(x.Sequences, "sequence"), float64(x.Steps)/max(x.Took.Seconds(), 0.001), len(x.States)-len(x.Missed()),
		len(x.States), x.Unclear)
	if x.Doubt != "" {
		fmt.Fprintf(w, "unclear: %s\n", x.Doubt)
	}
}

// counted gives a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Rounded gives a time as people read it.
func Rounded(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(time.Second)
}
