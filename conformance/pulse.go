package conformance

import (
	"sync"
	"time"
)

// A wait is a time limit for a target. Time in which this program itself did not run when it should have, on a machine that is
// busy or was asleep, does not count, for the target did not run either.
type wait struct {
	began time.Time
	limit time.Duration
	pulse *pulse // nil where all time counts
}

// window is a wait of which all time counts: one in which nothing has to happen, or may.
func window(d time.Duration) wait { return wait{began: time.Now(), limit: d} }

// end is when the limit is over, as far as it can be told by now.
func (w wait) end() time.Time { return w.began.Add(w.limit + min(w.lost(), w.mostLost())) }

func (w wait) over() bool { return time.Now().After(w.end()) }

// useless: more time was lost than is waited for, so that the limit says nothing of the target.
func (w wait) useless() bool { return w.lost() > w.mostLost() }

func (w wait) mostLost() time.Duration { return 5 * w.limit }

// lost is the time since the wait began that does not count.
func (w wait) lost() (lost time.Duration) {
	if w.pulse == nil {
		return 0
	}
	w.pulse.mu.Lock()
	defer w.pulse.mu.Unlock()
	for _, b := range w.pulse.beats {
		if b.at.After(w.began) {
			lost += 2 * b.delay // as long as we had to wait for a processor the target may have to, when its turn comes
		}
	}
	return lost
}

// A pulse notices when this program was not running on time.
type pulse struct {
	mu    sync.Mutex
	beats []beat
	stop  chan struct{}
}

// A beat is a delay that was noticed.
type beat struct {
	at    time.Time
	delay time.Duration
}

const (
	beatEvery = 10 * time.Millisecond
	// beatLate is the delay from which on it counts: less is usual.
	beatLate = 50 * time.Millisecond
)

func startPulse() *pulse {
	p := &pulse{stop: make(chan struct{})}
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-p.stop:
				return
			case <-tick.C:
			}
			now := time.Now()
			if delay := now.Sub(last) - beatEvery; delay >= beatLate {
				p.mu.Lock()
				p.beats = append(p.beats, beat{now, delay})
				p.mu.Unlock()
			}
			last = now
		}
	}()
	return p
}
