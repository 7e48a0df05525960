package agent

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	"golang.org/x/sys/unix"
)

func detachedStep(s *engine.Session, a *part, args []string) error {
	pids := a.background()
	if len(pids) == 0 {
		return engine.Inconclusive("%s", notInBackground)
	}
	given := a.given
	if s.Role == Client {
		given = a.mosh.Descriptors
	}
	mine, _ := unix.Getsid(0)
	for _, pid := range pids {
		if session, err := unix.Getsid(pid); err == nil && session == mine {
			return engine.Violation("process %d, in the background, is in the session that the agent was started in",
				pid)
		}
		for _, held := range proc.OpenIn(pid, math.MaxInt) {
			if held != proc.Null() && slices.Contains(given, held) {
				return engine.Violation("process %d, in the background, holds one of the descriptors that the "+
					"agent was started with", pid)
			}
		}
	}
	return nil
}

func leavesStep(s *engine.Session, a *part, args []string) error {
	disturb := func() {}
	if len(args) == 4 && args[1] == "while" {
		l, err := local(s, args[2])
		switch {
		case err != nil:
			return engine.Inconclusive("%v", err)
		case args[3] == "sends":
			disturb = func() { l.WriteToUDPAddrPort(sockets.P(0, l.nonce, sockets.UsualLength), a.relay) }
		case args[3] == "gets" && l.outgoing.IsValid():
			disturb = func() {
				a.far.socket.WriteToUDPAddrPort(sockets.P(0x80, l.nonce, sockets.UsualLength), l.outgoing)
			}
		default:
			return engine.ErrUsage
		}
		s.Rec.Note(". from now on %s %s datagrams without end", args[2], args[3])
	} else if len(args) != 1 {
		return engine.ErrUsage
	}
	for w := s.WaitFor(time.Second); ; time.Sleep(time.Millisecond) {
		disturb()
		pids := a.background()
		switch {
		case len(pids) == 0 && (!a.relay.IsValid() || sockets.Bindable("udp", a.relay) == nil):
			return nil
		case w.Over():
			return s.Meaning(w, fmt.Sprintf("the end of what is in the background, processes %d", pids),
				engine.ErrLimit)
		}
	}
}

func hitStep(s *engine.Session, a *part, args []string) error {
	for _, signal := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP} {
		syscall.Kill(-a.process.Cmd.Process.Pid, signal)
		s.Rec.Note(". %v to the agent's process group", signal)
	}
	return nil
}

func signalledStep(s *engine.Session, a *part, args []string) error {
	signal := unix.SignalNum(strings.Join(args, ""))
	if signal != unix.SIGHUP && signal != unix.SIGINT && signal != unix.SIGTERM {
		return engine.ErrUsage
	}
	if err := a.process.Cmd.Process.Signal(signal); err != nil {
		return engine.Inconclusive("%v", err)
	}
	s.Rec.Note(". %v to the agent", signal)
	return nil
}

func pausesStep(s *engine.Session, a *part, args []string) error {
	pids := proc.Processes(a.background())
	if len(pids) == 0 {
		return engine.Inconclusive("%s", notInBackground)
	}
	if err := pids.Pause(s.Wait()); err != nil {
		return engine.Inconclusive("%v", err)
	}
	s.Rec.Note(". processes %d, in the background, stand still", pids)
	return nil
}

func proceedsStep(s *engine.Session, a *part, args []string) error {
	pids := proc.Processes(a.background())
	pids.Proceed()
	s.Rec.Note(". processes %d go on", pids)
	return nil
}
