package proc

import (
	"context"
	"testing"
	"time"
)

// TestWait: time in which this program did not run moves the end of a wait that had begun, up to a bound.
func TestWait(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	began := time.Now()
	p := &Pulse{beats: []beat{{began.Add(time.Second), time.Second}}, last: began.Add(time.Hour)}
	const limit = 10 * time.Second
	if end := (Wait{ctx, began, limit, p, nil}).End(); !end.Equal(began.Add(limit + 2*time.Second)) {
		t.Errorf("the end moved by %v", end.Sub(began.Add(limit)))
	}
	if later := began.Add(2 * time.Second); !(Wait{ctx, later, limit, p, nil}).End().Equal(later.Add(limit)) {
		t.Error("a delay before the wait moved its end")
	}
	p.beats[0].delay = time.Minute
	if w := (Wait{ctx, began, limit, p, nil}); !w.Useless() || !w.End().Equal(began.Add(6*limit)) {
		t.Errorf("a minute's delay: useless: %v, end after %v", w.Useless(), w.End().Sub(began))
	}
	stands := &Pulse{last: began.Add(-time.Second)}
	if w := (Wait{ctx, began.Add(-2 * time.Second), limit, stands, nil}); w.Lost() < 2*(time.Second-BeatEvery) {
		t.Errorf("a delay of a second that the pulse has not noticed yet: %v are lost", w.Lost())
	}
	w := Wait{ctx, began, time.Hour, p, nil}
	if left := time.Until(w.Step()); left > StepTime {
		t.Errorf("an hour's wait blocks for %v at a time", left)
	}
	interrupt()
	if !w.Over() || !w.Useless() || w.Closes(nil) {
		t.Error("a wait goes on in a run that was interrupted")
	}
}
