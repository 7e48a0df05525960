package agent

import (
	"strings"
	"syscall"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// bySignal is what shells add to a signal's number for the exit code of a program that it ended.
const bySignal = 128

// agentEnded waits for the agent's end, and gives its exit code; below 0 if a signal ended it.
func agentEnded(s *engine.Session) (code int, err error) {
	a, w := of(s), s.Wait()
	if !w.Closes(a.process.Gone) {
		return 0, s.Meaning(w, "the end of the agent", engine.ErrLimit)
	}
	a.done = true
	s.Rec.Note(". the agent has ended: %v", a.process.Cmd.ProcessState)
	return a.process.Cmd.ProcessState.ExitCode(), nil
}

// agentEnds: the agent ends with that exit code.
func agentEnds(s *engine.Session, want int) error {
	code, err := agentEnded(s)
	if status, ok := of(s).process.Cmd.ProcessState.Sys().(syscall.WaitStatus); err == nil && ok && status.Signaled() {
		code = bySignal + int(status.Signal())
	}
	if err == nil && code != want {
		return engine.Violation("expected the agent to end with exit code %d, not: %v", want,
			of(s).process.Cmd.ProcessState)
	}
	return err
}

// agentFails: the agent ends with an error: an exit code other than 0, the reason on standard error, and no CONNECT
// line.
func agentFails(s *engine.Session) error {
	code, err := agentEnded(s)
	if err != nil {
		return err
	}
	p := of(s).process
	for line := range strings.Lines(p.Stdout.String()) {
		if _, _, fault := wire.SplitConnectLine([]byte(strings.TrimSuffix(line, "\n"))); fault != wire.NotTheLine {
			return engine.Violation("expected an error and no CONNECT line; the agent printed %s",
				engine.Shown([]byte(line)))
		}
	}
	switch {
	case code <= 0:
		return engine.Violation("expected the agent to end with an error: an exit code other than 0, not: %v",
			p.Cmd.ProcessState)
	case strings.TrimSpace(p.Stderr.String()) == "":
		return engine.Violation("the agent ends with an error and gives no reason on standard error")
	}
	return nil
}
