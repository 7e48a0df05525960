package agent

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func moshdVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "moshd is", Usage: "away|dead|back|personal|forbidden|hidden|odd|foreign|crowded|roomy|relative",
			Help: "away: nobody listens, and the socket does not exist; dead: the socket is left over from a daemon " +
				"that was killed; back: somebody listens again, after the time for an attempt; personal: the socket " +
				"is where a user's own daemon has it; forbidden: the user may not connect; hidden: the socket is " +
				"where a user's own daemon has it, in a folder that the user may not search; odd: it is not a " +
				"stream socket; foreign: another user listens; crowded: others fill the backlog; roomy: they leave " +
				"after a second; relative: {socket} and the environment name the socket relative to the folder that " +
				"the agent is started in.", Max: -1, Run: alone(moshdIsStep)},
		{Name: "moshd hears", Usage: "hello|register MODES|end|again MODES",
			Help: "The agent connects and sends HELLO (hello); registers its mosh-server for these modes " +
				"(register); ends its connection and has sent nothing more (end); or, after the daemon has left or " +
				"come back, connects in time and sends the same registration (again).",
			Max: -1, Run: alone(moshdHearsStep)},
		{Name: "moshd says", Usage: "[-apart] welcome MODES|registered|error CODE TEXT|bytes TEXT...",
			Help: "Send this to the agent; with -apart, each byte separately.", Max: -1, Run: alone(moshdSaysStep)},
		{Name: "moshd leaves",
			Help: "The daemon ends the agent's connection and keeps listening.", Max: -1, Run: alone(moshdLeavesStep)},
		{Name: "moshd sees", Usage: "N [MODES]",
			Help: "The agent, whose connection has ended, connects N more times without success, with pauses that " +
				"follow the rules. With MODES, it registers these each time, and gets an ERROR or the end of the " +
				"connection.",
			Max: -1, Run: alone(moshdSeesStep)},
		{Name: "moshd tempts", Usage: "N",
			Help: "The agent's connection has ended. It gets WELCOME on each of the next N connections, or as many " +
				"as come in time, and sends S on none of them.", Max: -1, Run: alone(moshdTemptsStep)},
	}
}

func moshdIsStep(s *engine.Session, a *part, args []string) error {
	var err error
	switch d := a.daemon; strings.Join(args, " ") {
	case "away":
		d.away(false)
	case "dead":
		d.away(true)
	case "back":
		if a.done { // an agent in the background must notice that nobody is there
			time.Sleep(leastPause * 3 / 2)
		}
		err = d.back()
		d.left = time.Now()
	case "personal":
		err = personal(a)
	case "hidden":
		err = hidden(s, a)
	case "forbidden":
		err, d.forbidden = os.Chmod(d.path, 0), true
	case "odd":
		err = d.odd(s)
	case "foreign":
		err = d.foreign()
		d.left = time.Now()
	case "crowded":
		err = d.crowded()
	case "roomy":
		err = roomy(s)
	case "relative":
		err = relative(s, a)
	default:
		return engine.ErrUsage
	}
	if _, reason := engine.OutcomeOf(err); err != nil && reason != err.Error() {
		return err // a verdict
	} else if err != nil {
		return engine.Inconclusive("%v", err)
	}
	s.Rec.Note(". the daemon is %s", args[0])
	return nil
}

func moshdSaysStep(s *engine.Session, a *part, args []string) error {
	apart := len(args) > 0 && args[0] == "-apart"
	if apart {
		args = args[1:]
	}
	if len(args) == 0 || a.daemon.cur == nil {
		return engine.ErrUsage
	}
	var b []byte
	switch {
	case args[0] == "welcome" && len(args) == 2:
		a.modes = modesNamed(args[1])
		b, _ = wire.WriteFrame(nil, wire.Frame{Type: wire.Welcome, Modes: a.modes, Port: a.port})
	case args[0] == "registered" && len(args) == 1:
		var id [4]byte
		rand.Read(id[:])
		b, _ = wire.WriteFrame(nil, wire.Frame{Type: wire.Registered, ID: binary.BigEndian.Uint32(id[:])})
	case args[0] == "error" && len(args) == 3:
		code, err := strconv.ParseUint(args[1], 0, 8)
		if err != nil {
			return engine.ErrUsage
		}
		b, _ = wire.WriteFrame(nil, wire.Frame{Type: wire.Error, Code: wire.Code(code), Text: []byte(args[2])})
	case args[0] == "bytes":
		b = []byte(strings.Join(args[1:], ""))
	default:
		return engine.ErrUsage
	}
	if !apart {
		a.daemon.cur.Send(b, s.Wait())
		return nil
	}
	for i := range b {
		a.daemon.cur.Send(b[i:i+1], s.Wait())
		a.daemon.cur.Apart(s.Reading())
	}
	return nil
}

func moshdLeavesStep(s *engine.Session, a *part, args []string) error {
	if a.daemon.cur == nil {
		return engine.ErrUsage
	}
	a.daemon.hangUp(time.Now())
	return nil
}

// From docs/udpmux-agents.md, section 4.3: the pauses of an agent whose connection has ended; and what clocks may
// differ by.
const (
	leastPause, mostPause = 100 * time.Millisecond, 500 * time.Millisecond
	pauseError            = 5 * time.Millisecond
)

func moshdSeesStep(s *engine.Session, a *part, args []string) error {
	if len(args) < 1 || len(args) > 2 {
		return engine.ErrUsage
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	var first time.Time
	for i := range n {
		w := s.WaitSince(a.daemon.left, mostPause+s.Limit())
		if _, err := a.next(w, false); err != nil {
			return s.Meaning(w, "the agent to go on trying", err)
		}
		now := time.Now()
		paused := now.Sub(a.daemon.left)
		s.Rec.Note("moshd . that was %d ms after the connection before", paused.Milliseconds())
		switch {
		case i == 0: // the first need not wait
			first = now
		case len(args) == 1 && paused < leastPause-pauseError:
			return engine.Violation("expected pauses of %v and more; the agent connects again after %v",
				leastPause, paused)
		case len(args) == 2:
			if err := registersAgain(s, args[1], w); err != nil {
				return err
			}
		}
		since := time.Now()
		if i%2 == 0 { // a daemon that refuses, instead of one that is gone at once
			a.daemon.cur.SendFrame(wire.Frame{Type: wire.Error, Code: wire.CodeLimit, Text: []byte("too many")}, w)
		}
		a.daemon.hangUp(since)
	}
	// An attempt that succeeds takes some time, of which the suite may see only the end; that cannot be so for many
	// attempts.
	if all := a.daemon.left.Sub(first); len(args) == 2 && all < time.Duration(n-1)*leastPause/2 {
		return engine.Violation("expected %v and more from each attempt to the next; there are %d within %v",
			leastPause, n, all)
	}
	return nil
}

func moshdTemptsStep(s *engine.Session, a *part, args []string) error {
	n, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil {
		return engine.ErrUsage
	}
	S := a.s()
	for range n {
		if _, err := a.next(s.WaitSince(a.daemon.left, time.Second+s.Limit()), false); err != nil {
			s.Rec.Note("moshd . the agent does not connect")
			return nil
		}
		w := s.Wait()
		a.daemon.cur.SendFrame(wire.Frame{Type: wire.Welcome, Modes: wire.ModeLearn | wire.ModeToken, Port: a.port}, w)
		for c := a.daemon.cur; ; {
			err := c.Fill(w)
			if bytes.Contains(c.In, S[:]) {
				return engine.Violation("expected this daemon to be told nothing of the session; S comes, in %s",
					engine.Shown(c.In))
			}
			if err != nil { // its end, or nothing more comes
				break
			}
		}
		a.daemon.hangUp(time.Now())
	}
	return nil
}
