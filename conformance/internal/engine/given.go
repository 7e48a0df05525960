package engine

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// given turns a violation of another rule, which this one builds on, into a block: the rule cannot be judged.
func given(by string, err error) error {
	if v := (*verdict)(nil); errors.As(err, &v) && v.outcome == report.Violation {
		return &verdict{report.Blocked, builtOn(by) + v.reason, by}
	}
	return err
}

// builtOn begins the reason of a block.
func builtOn(rule string) string {
	return fmt.Sprintf("what the rule builds on, %s, does not work: ", rule)
}

func givenVerb(s *Session, args []string) error {
	s.Given = true
	defer func() { s.Given = false }()
	by := s.run.base
	if ruleID.MatchString(args[0]) && len(args) > 1 {
		by, args = args[0], args[1:]
	} else {
		by = cmp.Or(s.run.kind.restsOn(args), by)
	}
	return given(by, attempt(func() error { return s.Do(args...) }))
}

var ruleID = regexp.MustCompile(`^[A-Z]+-[0-9]+$`)

// restsOn gives the rule that is broken if a given verb fails: that of the longest words of the role's table that it
// begins with.
func (r Role) restsOn(words []string) (rule string) {
	for n := range words {
		if id, ok := r.Rests[strings.Join(words[:n+1], " ")]; ok {
			rule = id
		}
	}
	return rule
}

// checkRests panics if a block would name a rule that does not bind the role.
func (u *Suite) checkRests(all []Scenario, rules []docs.Rule) {
	check := func(id, role, where string) {
		if !slices.ContainsFunc(rules, func(r docs.Rule) bool { return r.ID == id && slices.Contains(r.Roles, role) }) {
			panic(fmt.Sprintf("%s: %s is no rule of %s", where, id, role))
		}
	}
	for _, r := range u.roles {
		for words, id := range r.Rests {
			check(id, r.Name, words)
		}
	}
	for _, s := range all {
		for line := range strings.Lines(s.Text) {
			if words := strings.Fields(line); len(words) > 1 && words[0] == "given" && ruleID.MatchString(words[1]) {
				check(words[1], s.Role, s.Name)
			}
		}
	}
}
