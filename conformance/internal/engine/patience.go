package engine

import (
	"fmt"
	"slices"
	"time"
)

// What timers are set to: short for a scenario that waits for one; for all others longer than a busy machine makes
// anything take.
const shortTimer, longTimer = "1s", "1m"

// DefaultPatience is long enough for a program that starts another one.
const DefaultPatience = 2 * time.Second

// mostPatience is the longest wait for a slow target.
const mostPatience = 30 * time.Second

// limit is how long to wait for a target that has to deal with that many clients first, maybe one by one: a server may
// start a process for each.
func (r *roleRun) limit(crowd int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return max(r.Patience, min(time.Duration(20+crowd)*r.usual(), mostPatience))
}

// readTime is how long to wait for a target to read what was sent. Some sleep for a second now and then: one slow
// recent exchange may be chance, but not two.
func (r *roleRun) readTime() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	slow := time.Duration(0)
	if n := len(r.recent); n > 1 {
		slow = slices.Sorted(slices.Values(r.recent))[n-2]
	}
	return max(200*time.Millisecond, min(2*slow, r.Patience))
}

// fewExchanges is how many good exchanges show how fast a target usually is.
const fewExchanges = 15

// good takes note of how long a good exchange took.
func (r *roleRun) good(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recent = append(r.recent, took); len(r.recent) > fewExchanges {
		r.recent = r.recent[1:]
	}
}

// usual is the median of the latest good exchanges: a slow one, on a busy machine, does not make every later wait long.
func (r *roleRun) usual() time.Duration {
	if len(r.recent) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(r.recent))[len(r.recent)/2]
}

// stated gives a timer of the target in a scenario that waits for it: what the suite has set, or what the target file
// says. The error says that the target has none.
func (r *roleRun) stated(role, timer string) (time.Duration, error) {
	value := shortTimer
	if !r.Target.Uses(role, timer) {
		value = r.Target.Timers[timer]
	}
	if value == "none" {
		return 0, fmt.Errorf("the target states that it has no %s", timer)
	}
	return time.ParseDuration(value)
}
