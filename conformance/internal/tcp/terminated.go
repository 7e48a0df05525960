package tcp

import (
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func endVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "terminated",
			Help: "Send the target SIGTERM, again and again, until it has ended. It may take until the time limit.",
			Run:  terminatedVerb},
	}
}

// terminatedVerb repeats the signal: many programs let connections go on after the first one, and end at the next.
func terminatedVerb(s *engine.Session, args []string) error {
	process := s.In.Process
	for w := s.Wait(); ; {
		syscall.Kill(process.Cmd.Process.Pid, syscall.SIGTERM)
		if step := s.Window(100 * time.Millisecond); step.Closes(process.Gone) {
			s.Rec.Note(". the target has ended after SIGTERM: %v", process.Cmd.ProcessState)
			return nil
		}
		if w.Over() {
			return s.Meaning(w, "the end of the target after SIGTERM", engine.ErrLimit)
		}
	}
}
