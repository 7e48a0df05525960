package engine

import (
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// givesUp is the shortest of the suite's time limits after which a target may have given up: what is shorter says how
// often it does something.
const givesUp = 500 * time.Millisecond

// Shorten records a time limit that a verb has set the target, which it keeps.
func (s *Session) Shorten(value string) {
	s.scenario.Limit(value)
	s.In.shortest = s.scenario.shortest
}

// hurried reports whether the suite has set the target a short time limit of which the machine used up a good part by
// standing still: lost in the wait that ended, or at once at any time in this scenario, since a connection may have
// been opened before the wait.
func (s *Session) hurried(lost time.Duration) bool {
	least := s.scenario.shortest
	return least > 0 && max(lost, s.run.pulse.Longest(s.Rec.began)) >= least/2
}

// mayHaveGivenUp reports whether the target may have stopped waiting for the suite, so that nothing came.
func (s *Session) mayHaveGivenUp(lost time.Duration) bool {
	return s.scenario.shortest >= givesUp && s.hurried(lost)
}

func (s *Session) tooBusy(reason string) error {
	return Inconclusive("the target has a time limit of %v, and this machine was too busy: %s",
		s.scenario.shortest, reason)
}

// Wait is the usual time limit, from now on.
func (s *Session) Wait() proc.Wait { return s.WaitFor(0) }

// WaitFor is the usual time limit plus what the target may take by its own rules.
func (s *Session) WaitFor(own time.Duration) proc.Wait {
	return s.WaitSince(time.Now(), own+s.Limit())
}

// WaitMuch is the usual time limit for n bytes that have to come: even a slow machine carries a MiB in a second.
func (s *Session) WaitMuch(n int) proc.Wait {
	return s.WaitFor(time.Duration(n) * time.Second >> 20)
}

// WaitSince is the usual time limit, begun at that time.
func (s *Session) WaitSince(began time.Time, limit time.Duration) proc.Wait {
	var target *proc.Process
	if s.In != nil {
		target = s.In.Process
	}
	return proc.NewWait(s.run.ctx, began, limit, s.run.pulse, target)
}

// Window is a wait in which all time counts.
func (s *Session) Window(d time.Duration) proc.Wait { return proc.Window(s.run.ctx, d) }

// Reading is how long to wait for a target to read what was sent.
func (s *Session) Reading() proc.Wait { return s.Window(s.run.readTime()) }

// Pause waits, unless the run is interrupted.
func (s *Session) Pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.run.ctx.Done():
	}
}

// interrupt ends what the scenario waits for.
func (s *Session) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.order {
		c.Close()
	}
}

// Moment is how long to wait before trying again what may come true later.
const Moment = 5 * time.Millisecond
