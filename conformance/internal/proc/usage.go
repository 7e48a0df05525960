package proc

import (
	"slices"
	"time"
)

// Usage is what a target's processes have at some moment.
type Usage struct {
	Processes   int
	Descriptors int
	Memory      int // bytes, at the most so far
}

func (p *Process) Usage() Usage {
	all := p.Members()
	return Usage{len(all), all.Descriptors(), all.Memory()}
}

// CpuWindow is how long processor time is measured, and cpuBusy how much of it a target at rest may use: one of the
// kernel's steps of 10 ms. A target that tidies up now and then is at rest a window later.
const CpuWindow, CpuBusy = 100 * time.Millisecond, 10 * time.Millisecond

// Turn gives a function that says how much processor time the target's processes have used since. If that is as much as
// the wait for them, they had their turn, however busy this machine is, perhaps with them alone.
func (p *Process) Turn() func() time.Duration {
	before := p.Members().cpu()
	return func() time.Duration { return p.Members().cpu() - before }
}

// spinning is how much processor time a target at rest uses at most before it can be seen to rest.
const spinning = 100 * time.Millisecond

// Spins says whether the target's processes go on working although nobody asks them for anything. If they get no
// processor within the wait, that cannot be seen.
func (p *Process) Spins(w Wait) bool {
	for used := time.Duration(-1); !w.Over(); time.Sleep(time.Millisecond) {
		all := p.Members()
		switch now := all.cpu(); {
		case !all.running():
			return false
		case used < 0:
			used = now
		case now-used > spinning:
			return true
		}
	}
	return false
}

// Rests says whether the target's processes use no processor time, and what they used. They have to be the same all the
// while, since a process that ends takes its time with it. They must not wait for a processor either: if others have
// them all, a process that spins uses little.
func (p *Process) Rests() (yes bool, used time.Duration) {
	all := p.Members()
	before := all.cpu()
	yes = !all.running()
	time.Sleep(CpuWindow) // the window that is measured
	used = all.cpu() - before
	return yes && used <= CpuBusy && !all.running() && slices.Equal(all, p.Members()), used
}
