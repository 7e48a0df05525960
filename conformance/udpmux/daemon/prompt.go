package daemon

import (
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// How often a delay is measured, and how long it may be: the machine may cause it once, the daemon would each time.
const (
	promptTries = 3
	promptTime  = 250 * time.Millisecond
)

func promptlyVerb(s *engine.Session, args []string) error {
	at, rest := options(args, "-at")
	if len(rest) != 3 {
		return engine.ErrUsage
	}
	b := backendNamed(s, rest[2])
	var late error
	for try := range promptTries {
		c := clientNamed(s, rest[0]+strings.Repeat("+", try), at["-at"])
		prompt := s.WaitSince(time.Now(), promptTime)
		c.up(rest[1], b)
		if _, late = arrives(s, b, c, prompt); late != nil {
			if _, err := arrives(s, b, c, s.Wait()); err != nil {
				return err
			}
		}
		b.down(c)
		_, slow := answered(s, c, b, prompt)
		if late == nil && slow == nil {
			return nil
		}
		if slow != nil {
			if _, err := answered(s, c, b, s.Wait()); err != nil {
				return err
			}
			late = slow
		}
	}
	return late
}
