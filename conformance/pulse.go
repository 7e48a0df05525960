package conformance

import (
	"sync"
	"time"
)

// A pulse notices when this program itself was not running on time, on a machine that is busy or was asleep: what then seems late
// may be our own delay.
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
	// beatLate is the delay from which on a limit that expired proves nothing.
	beatLate = 250 * time.Millisecond
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

// late says whether the program was late at any time since began.
func (p *pulse) late(began time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.beats)
	return n > 0 && p.beats[n-1].at.After(began)
}
