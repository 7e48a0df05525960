package conformance

import (
	"fmt"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// usage is what a target's processes have at a moment.
type usage struct {
	processes   int
	descriptors int
	memory      int // bytes, at the most so far
}

func (p *process) usage() usage {
	all := p.members()
	return usage{len(all), all.descriptors(), all.memory()}
}

// cpuWindow is how long processor time is measured, and cpuBusy how much of it a target at rest may use: one of the kernel's
// steps of 10 ms. One that tidies up now and then is at rest a window later.
const cpuWindow, cpuBusy = 100 * time.Millisecond, 10 * time.Millisecond

// pooled is the number of descriptors that a target may keep for later use, as Go's runtime keeps pipes to splice with: for ten
// connections at once, and fewer than what thirty connections would leave.
const pooled = 24

// measure: take note of what the target's processes have, once that does not change any more.
func measureVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "measure")
	s := of(ts)
	const calm = 20 * time.Millisecond
	for w := s.wait(); ; {
		before := s.in.process.usage()
		time.Sleep(calm)
		s.before = s.in.process.usage()
		if before.processes == s.before.processes && before.descriptors == s.before.descriptors || w.over() {
			break
		}
	}
	s.rec.note("the target has %d processes and %d descriptors", s.before.processes, s.before.descriptors)
}

// settled processes|descriptors|cpu: within the usual limit the target has no more processes or descriptors than it had when
// they were measured, or uses no processor time.
func settledVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "settled processes|descriptors|cpu")
	s := of(ts)
	w := s.wait()
	for {
		var ok bool
		var have, want any
		switch args[0] {
		case "processes":
			now := len(s.in.process.members())
			ok, have, want = now <= s.before.processes, now, s.before.processes
		case "descriptors":
			now, most := s.in.process.members().descriptors(), s.before.descriptors+pooled
			ok, have, want = now <= most, now, most
		case "cpu":
			rests, used := s.in.process.rests()
			ok, have, want = rests, used, fmt.Sprintf("%v in %v and no thread that runs", cpuBusy, cpuWindow)
		default:
			usageError(ts, neg, false, "settled processes|descriptors|cpu")
		}
		switch {
		case ok:
			return
		case !w.over():
			time.Sleep(time.Millisecond)
		case w.useless():
			s.inconclusive(ts, "%s: %v, expected at most %v; this machine was too busy to tell", args[0], have, want)
		default:
			s.violation(ts, "%v after the clients have gone: %s: %v, expected at most %v", s.run.limit(), args[0], have, want)
		}
	}
}

// rests says whether the target's processes use no processor time, and what they used. They have to be the same all the while,
// since one that ends takes its time with it, and must not wait for a processor: where others have them all, one that spins
// uses little.
func (p *process) rests() (yes bool, used time.Duration) {
	all := p.members()
	before := all.cpu()
	yes = !all.running()
	time.Sleep(cpuWindow) // the window that is measured
	used = all.cpu() - before
	return yes && used <= cpuBusy && !all.running() && slices.Equal(all, p.members()), used
}

// maxGrowth is how much memory a target may have taken for connections that it has to bound: a runtime's own reserves included.
const maxGrowth = 32 << 20

// grown [N]: since it was measured the target has not taken more memory than bounded connections need, or N MiB.
func grownVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1, "grown [N]")
	s, most := of(ts), maxGrowth
	if len(args) == 1 {
		most = int(integer(ts, args[0])) << 20
	}
	grown := max(s.peak, s.in.process.members().memory()) - s.before.memory
	s.rec.note("the target's processes took %d KiB more memory", grown>>10)
	if grown > most {
		s.violation(ts, "the target's processes took %d MiB more memory, expected at most %d", grown>>20, most>>20)
	}
}
