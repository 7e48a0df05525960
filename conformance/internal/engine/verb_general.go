package engine

import (
	"bytes"
	"strings"
	"time"
)

func generalVerbs() []Verb {
	return []Verb{
		{"given", "[RULE] VERB ...",
			"Do the verb; where the target fails in it, the rule cannot be judged, since it builds on this: on that rule, or " +
				"on the one that the role has for the verb.", 1, -1, givenVerb},
		{"baseline", "[N|soon]",
			"A good exchange works, or so many, one after the other; soon: within the usual limit, since places of those " +
				"who have gone may not be free at once.", 0, 1, baselineVerb},
		{"exchange", "",
			"Tokens go both ways, through what is at work.", 0, 0, exchangeVerb},
		{"served always", "",
			"A good exchange worked after each of the other scenarios.", 0, 0, servedAlwaysVerb},
		{"passes", "TIME",
			"So much time passes, in which nothing is done: for rules that speak of a while.", 1, 1, passesVerb},
		{"says", "[-not] TEXT...",
			"The target's output and errors hold, or do not hold, these bytes. What is started for each scenario has " +
				"ended; a server may take a moment until it has printed.", 1, -1, saysVerb},
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
		for w := s.Wait(); !s.run.kind.Fresh && !not && !bytes.Contains(all, b) && !w.Over(); all = s.In.Process.Printed() {
			time.Sleep(time.Millisecond)
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
