package engine

import (
	"fmt"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

func processVerbs() []Verb {
	return []Verb{
		{"measure", "",
			"Record the target's processes, descriptors and memory once the numbers are stable.", 0, 0, measureVerb},
		{"settled", "processes|descriptors|cpu",
			"Within the usual limit the target is back to the number of processes or descriptors that measure " +
				"recorded, or has stopped using processor time.", 1, 1, settledVerb},
		{"grown", "[N]",
			"Since measure, the target has taken no more memory than bounded connections need, or no more than N " +
				"MiB.", 0, 1, grownVerb},
	}
}

// pooled is the number of descriptors that a target may keep for later use, as Go's runtime keeps pipes to splice with:
// enough for ten connections at once, and fewer than thirty connections would leave.
const pooled = 24

func measureVerb(s *Session, args []string) error {
	const calm = 20 * time.Millisecond
	for w := s.Wait(); ; {
		before := s.In.Process.Usage()
		time.Sleep(calm)
		s.before = s.In.Process.Usage()
		if before.Processes == s.before.Processes && before.Descriptors == s.before.Descriptors || w.Over() {
			break
		}
	}
	s.Rec.Note("processes of the target: %d, descriptors: %d", s.before.Processes, s.before.Descriptors)
	return nil
}

// Forked says whether the target has more processes than when it was measured.
func (s *Session) Forked() bool { return len(s.In.Process.Members()) > s.before.Processes }

func settledVerb(s *Session, args []string) error {
	w, turn := s.Wait(), s.In.Process.Turn()
	for {
		var ok bool
		var have, want any
		switch args[0] {
		case "processes":
			now := len(s.In.Process.Members())
			ok, have, want = now <= s.before.Processes, now, s.before.Processes
		case "descriptors":
			now, most := s.In.Process.Members().Descriptors(), s.before.Descriptors+pooled
			ok, have, want = now <= most, now, most
		case "cpu":
			rests, used := s.In.Process.Rests()
			ok, have, want = rests, used, fmt.Sprintf("%v in %v and no thread that runs", proc.CpuBusy, proc.CpuWindow)
		default:
			return ErrUsage
		}
		had := turn() >= s.run.Patience
		switch {
		case ok:
			return nil
		case !w.Over() && !had:
			time.Sleep(Moment)
		case w.Useless() && !had:
			return Inconclusive("%s: %v, expected at most %v; this machine was too busy to tell", args[0], have, want)
		default:
			return Violation("%v after the clients have gone: %s: %v, expected at most %v",
				s.Limit(), args[0], have, want)
		}
	}
}

// MaxGrowth is how much memory a target may take for connections that it has to bound, a runtime's own reserves
// included.
const MaxGrowth = 32 << 20

func grownVerb(s *Session, args []string) error {
	most := MaxGrowth
	if len(args) == 1 {
		most = int(Integer(args[0])) << 20
	}
	grown := max(s.Peak, s.In.Process.Members().Memory()) - s.before.Memory
	s.Rec.Note("the target's processes took %d KiB more memory", grown>>10)
	if grown > most {
		return Violation("the target's processes took %d MiB more memory, expected at most %d", grown>>20, most>>20)
	}
	return nil
}
