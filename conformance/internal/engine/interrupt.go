package engine

import (
	"context"
	"errors"
	"time"

	"github.com/muxspec/muxspec/conformance/report"
)

// inTime ends the run's context when the time for it is over. It sets no deadline: connections would fail at that
// before the context ends, and the target would be blamed. The caller calls stop.
func (r *run) inTime(ctx context.Context) (stop func()) {
	if r.Timeout <= 0 {
		return func() {}
	}
	timed, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(r.Timeout, func() { cancel(errTimedOut) })
	r.ctx = timed
	return func() {
		timer.Stop()
		cancel(nil)
	}
}

// errTimedOut ends a run whose time is over.
var errTimedOut = errors.New(report.TimedOut)

// interrupted says why the run ends before its scenarios.
func (r *run) interrupted() string {
	if context.Cause(r.ctx) == errTimedOut {
		return report.TimedOut
	}
	return report.Interrupted
}

// lastTime is how long the scenarios have to end themselves and what they started once the run is interrupted.
const lastTime = time.Second

// judgeUntil runs the scenarios. If it is interrupted and some do not end, it ends the targets and goes on without
// those.
func (r *run) judgeUntil(selected []Scenario) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		r.judge(selected)
	}()
	select {
	case <-over:
		return
	case <-r.ctx.Done():
	}
	select {
	case <-over:
	case <-time.After(lastTime):
		r.abandon(selected)
	}
}

// abandon ends the targets. Scenarios without a result were interrupted.
func (r *run) abandon(selected []Scenario) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.abandoned = true
	for _, s := range selected {
		if id := (scenarioID{s.Role, s.Name, s.Variant}); r.results[id].Outcome == "" {
			r.results[id] = report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Inconclusive,
				Reason: r.interrupted()}
		}
	}
	r.ground.Clear()
}
