package engine

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// DefaultStart is the time that a target has until it listens, unless something else is said.
const DefaultStart = 5 * time.Second

// startTime is the time that the target has until it listens.
func (r *run) startTime() time.Duration {
	if r.Start > 0 {
		return r.Start
	}
	if d, err := time.ParseDuration(r.Target.StartTimeout); err == nil {
		return d
	}
	return DefaultStart
}

var (
	// ErrLate: the program did not listen in time.
	ErrLate = errors.New("the program did not listen in time")
	// ErrBusy: the program got no processor time, since this machine was busy.
	ErrBusy = errors.New("this machine was too busy to tell")
)

// A lateError is one of these, in words.
type lateError struct {
	text string
	busy bool
}

func (e *lateError) Error() string { return e.text }

func (e *lateError) Is(err error) bool { return err == ErrLate || err == ErrBusy && e.busy }

// late says where the program does not listen, and what its command lacks.
func (in *Instance) late(busy bool) error {
	text := "the program did not listen"
	if in.Address != "" {
		text += " at " + in.Address
	}
	text += fmt.Sprintf(" within %v", in.start)
	elsewhere := in.Process.Members().Listen()
	switch {
	case busy:
		text += ", but this machine was too busy to tell"
	case in.Target.ReadyLine != "":
		text += fmt.Sprintf(": no line of its output matches ready_line, %q", in.Target.ReadyLine)
	case in.Uses("address_file"):
		text += ": it has not written {address_file}"
	case !in.Uses("listen") && !in.Uses("port") && !in.Uses("config"):
		text += ": its command has neither {listen} nor {port}, which would tell it where"
	case len(elsewhere) == 0:
		text += ": --start-timeout gives it longer"
	}
	if len(elsewhere) > 0 {
		text += "; it listens at " + strings.Join(elsewhere, ", ")
	}
	return &lateError{text, busy}
}

// endedEarly says that the program has ended, with the start of its output.
func (in *Instance) endedEarly() error {
	text := "the program"
	for _, out := range []*proc.Tail{in.Process.Stderr, in.Process.Stdout} {
		if line, _, _ := strings.Cut(strings.TrimLeft(out.String(), "\n"), "\n"); line != "" {
			text += fmt.Sprintf(" printed %s and", Shown([]byte(line)))
			break
		}
	}
	text += " ended before it listened"
	if in.Address != "" {
		text += " at " + in.Address
	}
	return fmt.Errorf("%s: %s", text, in.Process.Ended())
}

// afterFile says whether a program that has written its address listens: some write it before. A program that is not
// seen to listen in time is taken at its word.
func (in *Instance) afterFile(w proc.Wait) bool {
	return !proc.CanSeeProcesses || in.kind.Listens(in) || time.Since(w.Began) > w.Limit/2
}
