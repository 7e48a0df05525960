package engine

import (
	"bytes"
	"strings"
	"time"
)

func generalVerbs() []Verb {
	return []Verb{
		{"given", "[RULE] VERB ...",
			"Run VERB as a condition. If the target fails it, the scenario is blocked by RULE or, without RULE, by " +
				"the rule that the role names for VERB.", 1, -1, givenVerb},
		{"baseline", "[N|soon]",
			"A good exchange works, N times in a row if N is given. With soon, it works within the usual limit, " +
				"since the places of departed clients may not be free at once.", 0, 1, baselineVerb},
		{"exchange", "",
			"Fresh tokens pass both ways over what the scenario has opened.", 0, 0, exchangeVerb},
		{"served always", "",
			"A good exchange worked after every other scenario.", 0, 0, servedAlwaysVerb},
		{"passes", "TIME",
			"Wait for TIME and do nothing, in scenarios whose rule speaks of a period.", 1, 1, passesVerb},
		{"says", "[-not] TEXT...",
			"The target's standard output and error contain these bytes or, with -not, do not contain them. A " +
				"server is given a moment to print; a program started for each scenario must have ended.",
			1, -1, saysVerb},
	}
}

func baselineVerb(s *Session, args []string) error {
	n := int64(1)
	switch {
	case len(args) == 1 && args[0] == "soon":
		return soon(s)
	case len(args) == 1:
		n = Integer(args[0])
	}
	for seen := s.Rec.Mark(); n > 0; n-- {
		s.Rec.Back(seen) // each is like the one before
		if err := s.goodExchange(); err != nil {
			return err
		}
	}
	return nil
}

// soon waits until a good exchange works.
func soon(s *Session) error {
	seen := s.Rec.Mark()
	for w := s.Wait(); ; time.Sleep(2 * Moment) {
		s.Rec.Back(seen)
		if err := s.goodExchange(); err == nil || w.Over() {
			return err
		}
	}
}

func servedAlwaysVerb(s *Session, args []string) error {
	failed, unclear := s.run.between(s.Role)
	switch {
	case len(failed) > 0:
		return Violation("%s", strings.Join(failed, "; "))
	case len(unclear) > 0:
		return Inconclusive("%s", strings.Join(unclear, "; "))
	}
	return nil
}

func saysVerb(s *Session, args []string) error {
	not := len(args) > 0 && args[0] == "-not"
	if not {
		args = args[1:]
	}
	for _, arg := range args {
		b := s.Texts([]string{arg})
		all := s.In.Process.Printed()
		for w := s.Wait(); !s.run.kind.Fresh && !not && !bytes.Contains(all, b) && !w.Over(); {
			time.Sleep(time.Millisecond)
			all = s.In.Process.Printed()
		}
		switch has := bytes.Contains(all, b); {
		case has && not:
			return Violation("the target prints %s as it came", Shown(b))
		case !has && !not:
			return Violation("the target does not print %s; it prints %s", Shown(b), Shown(all))
		}
	}
	return nil
}

func passesVerb(s *Session, args []string) error {
	d, err := time.ParseDuration(args[0])
	if err != nil || d <= 0 {
		return ErrUsage
	}
	s.Pause(d)
	s.Rec.Note(". %v have passed", d)
	return nil
}

func exchangeVerb(s *Session, args []string) error {
	if s.run.kind.Through == nil {
		return Mistake("exchange, in a role that has one")
	}
	return s.run.kind.Through(s)
}
