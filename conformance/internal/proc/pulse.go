package proc

import (
	"context"
	"sync"
	"time"
)

// A Wait is a time limit for a target. Time in which this program itself did not run when it should have, because the
// machine was busy or asleep, does not count: the target did not run either. Every wait is over once the run is
// interrupted.
type Wait struct {
	Ctx    context.Context
	Began  time.Time
	Limit  time.Duration
	Pulse  *Pulse  // nil where all time counts
	Hunger *Hunger // of the target; nil where that cannot be seen, or all time counts
}

// NewWait gives a time limit for a target that began then.
func NewWait(ctx context.Context, began time.Time, limit time.Duration, pulse *Pulse, target *Process) Wait {
	w := Wait{Ctx: ctx, Began: began, Limit: limit, Pulse: pulse}
	if target != nil {
		w.Hunger = &Hunger{Target: target}
	}
	return w
}

// Window is a wait in which all time counts: nothing has to happen during it, or nothing may.
func Window(ctx context.Context, d time.Duration) Wait {
	return Wait{Ctx: ctx, Began: time.Now(), Limit: d}
}

// End is when the limit is over, as far as it can be told by now.
func (w Wait) End() time.Time {
	if w.Ctx.Err() != nil {
		return w.Began
	}
	return w.Began.Add(w.Limit + min(w.Lost(), w.mostLost()))
}

// Over says whether the limit is over. If the target cannot get a processor, the limit goes on for a while.
func (w Wait) Over() bool {
	for {
		now := time.Now()
		if now.Before(w.End()) {
			return false
		}
		if w.Hunger == nil || w.Ctx.Err() != nil || w.Useless() || !w.Hunger.more(now) {
			return true
		}
	}
}

// Useless: more time was lost than the wait allows, or the run was interrupted, so the limit says nothing about the
// target.
func (w Wait) Useless() bool { return w.Lost() > w.mostLost() || w.Ctx.Err() != nil }

// StepTime is the longest that anything blocks before it checks whether its wait is over, so that an interrupted run
// ends at once.
const StepTime = 50 * time.Millisecond

// Step is the deadline of the next blocking call: the end of the wait, or a moment from now. Whoever gets there asks
// whether the wait is over.
func (w Wait) Step() time.Time {
	if end, next := w.End(), time.Now().Add(StepTime); next.Before(end) {
		return next
	} else {
		return end
	}
}

// Tick fires at the next step.
func (w Wait) Tick() <-chan time.Time { return time.After(time.Until(w.Step())) }

// Closes waits until the channel is closed, and says whether it was in time.
func (w Wait) Closes(done <-chan struct{}) bool {
	for {
		select {
		case <-done:
			return true
		case <-w.Tick():
			if w.Over() {
				return false
			}
		}
	}
}

// Writing keeps a connection's write deadline at that of the wait until release is called; a blocked write ends with
// the run.
func (w Wait) Writing(c interface{ SetWriteDeadline(time.Time) error }) (release func() bool) {
	c.SetWriteDeadline(w.End())
	return context.AfterFunc(w.Ctx, func() { c.SetWriteDeadline(w.Began) })
}

// mostLost is the most time that is not counted. A machine may stand still for seconds, however short the limit is.
func (w Wait) mostLost() time.Duration { return max(5*w.Limit, 10*time.Second) }

// Lost is the time since the wait began that does not count.
func (w Wait) Lost() (lost time.Duration) {
	if w.Pulse == nil {
		return 0
	}
	if w.Hunger != nil {
		lost = w.Hunger.given
	}
	w.Pulse.mu.Lock()
	defer w.Pulse.mu.Unlock()
	for _, b := range w.Pulse.beats {
		if b.at.After(w.Began) {
			lost += 2 * b.delay // as long as we had to wait for a processor the target may have to, when its turn comes
		}
	}
	// The asking goroutine may be the first to run again.
	return lost + 2*w.Pulse.late(time.Now())
}

// A Hunger tells whether a target gets the processors. It is asked only when a limit is over, since asking takes work.
type Hunger struct {
	Target *Process
	at     time.Time // of the last look
	used   ticks     // by the target until then
	given  time.Duration
}

// ticks are how long the threads of some processes have had a processor, and how long they have waited for one.
type ticks struct{ ran, waited time.Duration }

// more gives the target a step more, and says whether it did. A single look tells nothing: only two looks show that the
// target waits for processors that others have. If it has them itself, it had its turn.
func (h *Hunger) more(now time.Time) bool {
	since, before, members := now.Sub(h.at), h.used, h.Target.Members()
	h.at, h.used = now, members.ticks()
	ran, waited := h.used.ran-before.ran, h.used.waited-before.waited
	waits := ran < since/10 && members.running() // the wait is only told once it runs
	if before != (ticks{}) && !waits && (waited < since/2 || ran > since/2) {
		return false
	}
	h.given += StepTime
	return h.used != (ticks{})
}

// A Pulse notices when this program was not running on time.
type Pulse struct {
	mu    sync.Mutex
	beats []beat
	last  time.Time // when it was seen to run
	Stop  chan struct{}
}

// Longest is the longest delay since then: how long the machine stood still at once.
func (p *Pulse) Longest(since time.Time) (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.beats {
		if b.at.After(since) {
			longest = max(longest, b.delay)
		}
	}
	return max(longest, p.late(time.Now()))
}

// A beat is a delay that was noticed.
type beat struct {
	at    time.Time
	delay time.Duration
}

const (
	BeatEvery = 10 * time.Millisecond
	// beatLate is the delay from which on it counts: less is usual.
	beatLate = 50 * time.Millisecond
)

// late is the delay since the program was seen to run; 0 where it is usual.
func (p *Pulse) late(now time.Time) time.Duration {
	if delay := now.Sub(p.last) - BeatEvery; delay >= beatLate {
		return delay
	}
	return 0
}

// beat takes note that the program runs now.
func (p *Pulse) beat(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delay := p.late(now); delay > 0 {
		p.beats = append(p.beats, beat{now, delay})
	}
	p.last = now
}

// PulseWith gives a pulse that has noticed one delay, now, or none, for tests of what asks it. It notices no more.
func PulseWith(delay time.Duration) *Pulse {
	p := &Pulse{last: time.Now().Add(time.Hour)}
	if delay > 0 {
		p.beats = append(p.beats, beat{time.Now(), delay})
	}
	return p
}

func StartPulse() *Pulse {
	p := &Pulse{last: time.Now(), Stop: make(chan struct{})}
	go func() {
		tick := time.NewTicker(BeatEvery)
		defer tick.Stop()
		for {
			p.beat(time.Now())
			select {
			case <-p.Stop:
				return
			case <-tick.C:
			}
		}
	}()
	return p
}
