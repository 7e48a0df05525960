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

// mostLost is the most time that does not count. A machine may stand still for seconds, however short the limit is.
func (w wait) mostLost() time.Duration { return max(5*w.limit, 10*time.Second) }

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
	// Whoever asks may be the first to run again.
	return lost + 2*w.pulse.late(time.Now())
}

// A pulse notices when this program was not running on time.
type pulse struct {
	mu    sync.Mutex
	beats []beat
	last  time.Time // when it was seen to run
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

// late is the delay since the program was seen to run; 0 where it is usual.
func (p *pulse) late(now time.Time) time.Duration {
	if delay := now.Sub(p.last) - beatEvery; delay >= beatLate {
		return delay
	}
	return 0
}

// beat takes note that the program runs now.
func (p *pulse) beat(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delay := p.late(now); delay > 0 {
		p.beats = append(p.beats, beat{now, delay})
	}
	p.last = now
}

func startPulse() *pulse {
	p := &pulse{last: time.Now(), stop: make(chan struct{})}
	go func() {
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			p.beat(time.Now())
			select {
			case <-p.stop:
				return
			case <-tick.C:
			}
		}
	}()
	return p
}
