package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/rogpeppe/go-internal/testscript"
)

// A verdict ends a scenario early. It is an error, so that it can be handed on as usual.
type verdict struct {
	outcome report.Outcome
	reason  string
	by      string // of a block: the rule that it rests on
}

func (v *verdict) Error() string { return fmt.Sprintf("%s: %s", v.outcome, v.reason) }

// Violation: the target broke the rule, or a condition without which the rule cannot be judged.
func Violation(format string, args ...any) error {
	return &verdict{outcome: report.Violation, reason: fmt.Sprintf(format, args...)}
}

// Blocked: what the rule builds on does not work.
func Blocked(format string, args ...any) error {
	return &verdict{outcome: report.Blocked, reason: fmt.Sprintf(format, args...)}
}

// Unsupported: the target, or this machine, lacks something.
func Unsupported(format string, args ...any) error {
	return &verdict{outcome: report.Unsupported, reason: fmt.Sprintf(format, args...)}
}

// Inconclusive: the suite has trouble.
func Inconclusive(format string, args ...any) error {
	return &verdict{outcome: report.Inconclusive, reason: fmt.Sprintf(format, args...)}
}

// Mistake: the scenario is wrong, and so is the suite.
func Mistake(usage string) error { return Inconclusive("mistake in the scenario: usage: %s", usage) }

// OutcomeOf says what an error means for a scenario. An error that is no verdict is the suite's own trouble.
func OutcomeOf(err error) (report.Outcome, string) {
	var v *verdict
	switch {
	case err == nil:
		return report.Pass, ""
	case errors.As(err, &v):
		return v.outcome, v.reason
	}
	return report.Inconclusive, err.Error()
}

// IsViolation says whether the error is that verdict.
func IsViolation(err error) bool {
	o, _ := OutcomeOf(err)
	return o == report.Violation
}

// Must ends the scenario if err is not nil, and [attempt] gives it back. It is for code deep within a verb.
func Must(err error) {
	if err != nil {
		panic(ending{err})
	}
}

// An ending is what must panics with.
type ending struct{ err error }

// attempt calls f, and gives the error that f returns or that Must ended it with.
func attempt(f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case ending:
			err = p.err
		default:
			panic(p)
		}
	}()
	return f()
}

// A Verb is a command of scenarios.
type Verb struct {
	Name  string // a word, or two if the second tells verbs of a kind apart
	Usage string // its arguments
	Help  string
	// How many arguments there are, at least and at most; below 0: any number.
	Min, Max int
	// Run returns a [Violation] if the target is wrong, [Inconclusive] if the suite has trouble, [ErrUsage] for bad
	// arguments, and otherwise nil.
	Run func(s *Session, args []string) error
}

// ErrUsage: the arguments are not those of the verb's usage.
var ErrUsage = errors.New("usage")

// A VerbGroup is a group of verbs that belong together.
type VerbGroup struct {
	Title string
	Roles []string // whose scenarios have them
	verbs []Verb
}

// Group makes a group of a role's verbs.
func Group(title string, verbs ...[]Verb) VerbGroup {
	return VerbGroup{Title: title, verbs: slices.Concat(verbs...)}
}

// A VerbText is a verb in words.
type VerbText struct{ Name, Usage, Help string }

// Verbs gives the group's verbs, in words.
func (g VerbGroup) Verbs() (all []VerbText) {
	for _, v := range g.verbs {
		all = append(all, VerbText{v.Name, v.Usage, v.Help})
	}
	return all
}

// everyVerb are the verbs of all roles.
func everyVerb() VerbGroup { return Group("Every role", generalVerbs(), processVerbs()) }

// VerbGroups gives all commands that scenarios have besides testscript's own.
func (u *Suite) VerbGroups() []VerbGroup {
	all := []VerbGroup{everyVerb()}
	all[0].Roles = u.Roles()
	for _, r := range u.roles {
		for _, g := range r.Verbs {
			i := slices.IndexFunc(all, func(other VerbGroup) bool { return other.Title == g.Title })
			if i < 0 {
				i, all = len(all), append(all, g)
			}
			all[i].Roles = append(all[i].Roles, r.Name)
		}
	}
	return all
}

// verbs are verbs by name.
type verbs map[string]Verb

// allVerbs gives the verbs that the role's scenarios have.
func (r Role) allVerbs() verbs {
	all := make(verbs)
	for _, g := range append([]VerbGroup{everyVerb()}, r.Verbs...) {
		for _, v := range g.verbs {
			all[v.Name] = v
		}
	}
	return all
}

// find gives the verb that the words begin with, and its arguments.
func (all verbs) find(words []string) (v Verb, args []string, ok bool) {
	if len(words) > 1 {
		if v, ok := all[words[0]+" "+words[1]]; ok {
			return v, words[2:], true
		}
	}
	if len(words) > 0 {
		if v, ok := all[words[0]]; ok {
			return v, words[1:], true
		}
	}
	return Verb{}, nil, false
}

// commands makes the verbs commands of testscript, by their first words.
func (all verbs) commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	commands := make(map[string]func(ts *testscript.TestScript, neg bool, args []string))
	for name := range all {
		first, _, _ := strings.Cut(name, " ")
		commands[first] = func(ts *testscript.TestScript, neg bool, args []string) {
			s := ts.Value(sessionKey{}).(*Session)
			err := attempt(func() error { return s.Do(append([]string{first}, args...)...) })
			if neg {
				err = Mistake(first + ", without !")
			}
			if o, reason := OutcomeOf(err); o != report.Pass {
				s.Rec.end(err)
				ts.Fatalf("%s: %s", o, reason)
			}
		}
	}
	return commands
}

// Do does what the words say: a verb and its arguments.
func (s *Session) Do(words ...string) error {
	v, args, ok := s.run.verbs.find(words)
	if !ok {
		return Mistake("VERB ..., not " + strings.Join(words, " "))
	}
	err := ErrUsage
	if len(args) >= v.Min && (v.Max < 0 || len(args) <= v.Max) {
		err = attempt(func() error { return v.Run(s, args) })
	}
	if err == ErrUsage {
		return Mistake(v.Name + " " + v.Usage)
	}
	return err
}

// Texts turns a script's arguments into bytes.
func (s *Session) Texts(args []string) (all []byte) {
	for _, arg := range args {
		b, err := s.Text(arg)
		Must(err)
		all = append(all, b...)
	}
	return all
}

// Integer reads a number of a script.
func Integer(text string) int64 {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		Must(Mistake("a number, not " + text))
	}
	return n
}
