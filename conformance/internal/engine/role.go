package engine

import (
	"context"
	"fmt"
	"io/fs"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// A Role is what a target can be. All that the suite does differently for a role stands in its table: nothing else asks
// which role it is.
type Role struct {
	Name string
	// The scenarios that take part in every run: Baseline decides whether anything can be judged; Bracket, if not
	// empty, tells whether a good exchange worked after each of the others.
	Baseline, Bracket string
	// Fresh: the target is started for each scenario, and connects to the suite. The suite connects to all others.
	Fresh bool
	// Started says why a target that already runs cannot be judged; empty if it can.
	Started string
	// Scripts has the scenarios, NAME.txtar, in the folder scenarios. Roles of one protocol may have the same ones.
	Scripts fs.FS
	// Verbs are what the scenarios are made of, besides the engine's own.
	Verbs []VerbGroup
	// Offers are what a target can have for the scenarios; Init explains them.
	Offers []string
	// Placeholders are those that have a meaning in a target's command and files, besides those of every role.
	Placeholders []string
	// Timers are the placeholders that are time limits.
	Timers []string
	// Keys are those of target files that say what a target has.
	Keys []Key
	// Datagrams: the target is judged by datagrams, which anybody on this machine can send it, too.
	Datagrams bool
	// Apart: a scenario that needs something has an instance of its own, since the shared one may have something
	// different.
	Apart bool
	// Heads are the lines of a scenario's head that are the role's own, and Head reads one.
	Heads []string
	Head  func(s *Scenario, key, value string) error
	// Offer takes what "--has" names.
	Offer func(t *Target, has []string)
	// Check says what is wrong with a target.
	Check func(t *Target) error
	// Has says whether the target has what a scenario needs, and Lacks what else it lacks for it.
	Has   func(t *Target, need string) bool
	Lacks func(t *Target, s Scenario) string
	// Values gives placeholders their values, and Prepare those that depend on an instance's folder.
	Values  func(t *Target, s Scenario, values map[string]string)
	Prepare func(in *Instance, s Scenario, values map[string]string)
	// Meet makes what the target needs besides itself.
	Meet func(in *Instance, s Scenario, values map[string]string) error
	// Start starts the target, and returns when it listens; Listens looks for that in the kernel's tables.
	Start   func(ctx context.Context, in *Instance, s Scenario, values map[string]string) error
	Listens func(in *Instance) bool
	// Unstarted says what it means that a target ended before it listened; nil: it is the suite's trouble.
	Unstarted func(s Scenario, err error) error
	// Restore brings back what a failed scenario may have taken away.
	Restore func(ctx context.Context, in *Instance)
	// Open gives what a session has of the role's protocol.
	Open func() Part
	// Good is the good exchange with a target that the suite connects to; such a role needs it. Through carries tokens
	// both ways through what is at work.
	Good, Through func(s *Session) error
	// First gives the time limit for what a peer sends first, and that.
	First func(s *Session) (timer string, text []byte)
	// Profile finds out what the target chose where the pages leave a choice.
	Profile func(s *Session) map[string]string
	// Rests names the rule that a given verb rests on, by the verb and the first of its arguments; without an entry it
	// is the baseline's.
	Rests map[string]string
	// Axes are what all the role's scenarios are played over.
	Axes []Axis
	// Programs are those that muxspec can run as besides: services that targets offer, stand-ins for others' programs.
	// Each gives its exit code.
	Programs map[string]func(args []string) int
	// Explorer makes, when it is needed, what a peer can do next in an exploration; nil: the role cannot be explored.
	Explorer func() *Explorer
	// Fuzzer is the same for what hostile peers send: many short sessions, each a move.
	Fuzzer func() *Explorer
	// Init is the middle of a target file to begin with: the command and what the target has.
	Init string
}

// A Part is what a scenario has of a protocol: its connections, what it knows of them.
type Part interface {
	// Close ends what the session does not know about.
	Close(s *Session)
}

// nothing is the part of a role whose scenarios have none.
type nothing struct{}

func (nothing) Close(*Session) {}

// A Key is one of a target file's keys that only some roles know: a list of texts, or a truth value.
type Key struct {
	Name  string
	Truth bool // else a list
	// Closed: the list has names of its own, and none of what scenarios need.
	Closed bool
	// Placeholders: its texts are arguments of the command and may hold placeholders.
	Placeholders bool
}

// everyPlaceholder are the placeholders of all roles.
var everyPlaceholder = []string{"dir", "muxspec", "user"}

// withDefaults fills in what the table leaves open with what most roles do.
func (r Role) withDefaults() Role {
	if r.Head == nil {
		r.Head = func(*Scenario, string, string) error { return errHead }
	}
	if r.Offer == nil {
		r.Offer = func(*Target, []string) {}
	}
	if r.Check == nil {
		r.Check = func(*Target) error { return nil }
	}
	if r.Has == nil {
		r.Has = func(*Target, string) bool { return false }
	}
	if r.Lacks == nil {
		r.Lacks = func(*Target, Scenario) string { return "" }
	}
	if r.Values == nil {
		r.Values = func(*Target, Scenario, map[string]string) {}
	}
	if r.Prepare == nil {
		r.Prepare = func(*Instance, Scenario, map[string]string) {}
	}
	if r.Meet == nil {
		r.Meet = func(*Instance, Scenario, map[string]string) error { return nil }
	}
	if r.Start == nil {
		r.Start = startListening
	}
	if r.Listens == nil {
		r.Listens = func(in *Instance) bool { return proc.Listening(in.Address) }
	}
	if r.Unstarted == nil {
		r.Unstarted = func(Scenario, error) error { return nil }
	}
	if r.Restore == nil {
		r.Restore = func(context.Context, *Instance) {}
	}
	if r.Open == nil {
		r.Open = func() Part { return nothing{} }
	}
	if r.Profile == nil {
		r.Profile = func(*Session) map[string]string { return nil }
	}
	return r
}

// toAdd says what the target file needs if the target has what a scenario needs.
func (r Role) toAdd(need string) string {
	for _, k := range r.Keys {
		if k.Name == need {
			return fmt.Sprintf("; if that is wrong, add the key %s to its target file", k.Name)
		}
	}
	for _, k := range r.Keys {
		if !k.Truth && !k.Placeholders && !k.Closed {
			return fmt.Sprintf("; if that is wrong, add %q to %s in its target file, or to --has", need, k.Name)
		}
	}
	return ""
}

// knows says whether a placeholder has a meaning in the role's command.
func (r Role) knows(placeholder string) bool {
	return slices.Contains(everyPlaceholder, placeholder) || slices.Contains(r.Placeholders, placeholder) ||
		slices.Contains(r.Timers, placeholder)
}
