package agent

import (
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func moshdHearsStep(s *engine.Session, a *part, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "hello":
		w := s.Wait()
		// As a condition this is about HELLO alone: later steps see what is started too early.
		if p, err := a.next(w, !s.Given); p != nil {
			return engine.Violation("expected HELLO; %s is started first", p.Program)
		} else if err != nil {
			return s.Meaning(w, "a connection to the daemon's socket", err)
		}
		return hello(s, w)
	case len(args) == 2 && args[0] == "register" && a.daemon.cur != nil && a.mosh != nil:
		return hearsRegister(s, args[1], s.Wait())
	case len(args) == 1 && args[0] == "end" && a.daemon.cur != nil:
		w := s.Wait()
		if b, err := a.daemon.cur.Ends(w); err != nil {
			return s.Meaning(w, "the end of the agent's connection", err)
		} else if len(b) > 0 {
			return engine.Violation("expected the end of the agent's connection; it sends %s", engine.Shown(b))
		}
		return nil
	case len(args) == 2 && args[0] == "again":
		return hearsAgain(s, args[1])
	}
	return engine.ErrUsage
}

func hearsRegister(s *engine.Session, modes string, w proc.Wait) error {
	got, err := registered(s, w)
	if err == nil && got != modesNamed(modes) {
		return engine.Violation("expected REGISTER for %s alone, not for %s", modes, sockets.ModesText(got))
	}
	return err
}

func hearsAgain(s *engine.Session, modes string) error {
	a := of(s)
	w := s.WaitSince(a.daemon.left, time.Second+s.Limit())
	if _, err := a.next(w, false); err != nil {
		return s.Meaning(w, "a new connection to the daemon's socket", err)
	}
	return registersAgain(s, modes, w)
}

// registersAgain is a whole conversation that registers these modes.
func registersAgain(s *engine.Session, modes string, w proc.Wait) error {
	a := of(s)
	if err := hello(s, w); err != nil {
		return err
	}
	a.daemon.cur.SendFrame(wire.Frame{Type: wire.Welcome, Modes: wire.ModeLearn | wire.ModeToken, Port: a.port}, w)
	if err := hearsRegister(s, modes, w); err != nil {
		return err
	}
	a.daemon.cur.SendFrame(wire.Frame{Type: wire.Registered, ID: 2}, w)
	return nil
}
