package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
)

// start starts an instance for a scenario. If no sign tells that it listens, it tries a good exchange until one works.
func (r *roleRun) start(s Scenario) (*Instance, error) {
	in, err := r.launch(s, r.with(s))
	if err != nil || in.Process == nil || in.Listens {
		return in, err
	}
	w := proc.NewWait(r.ctx, time.Now(), r.startTime(), r.pulse, in.Process)
	for in.Process.Ended() == "" && !w.Over() {
		session := r.newSession(s, in, NewRecord())
		err := session.goodExchange()
		session.close()
		if err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return in, nil // the baseline says what is wrong
}

// bracket checks that a good exchange works after a scenario, and gives the instance for the next: a new one if the
// exchange fails, or if the old one's processes would keep the processors busy.
func (r *roleRun) bracket(s Scenario, in *Instance) *Instance {
	if r.bracketCheck(s, in) && !r.spinner && !r.spins(in) {
		return in
	}
	return r.anew(s, in)
}

// lives says whether the target that the scenarios share still runs.
func (r *roleRun) lives() bool {
	return r.Target.Address != "" || r.shared != nil && r.shared.Process != nil && r.shared.Process.Ended() == ""
}

// serves says whether there is a target for the scenario. One that has ended since the last scenario is started again;
// if it does not start, the scenario is blocked by the one that ended it.
func (r *roleRun) serves(s Scenario) bool {
	if r.lives() {
		return true
	}
	why, by := "the target has ended", ""
	if r.before != nil {
		by = r.before.Rule.ID
		why += fmt.Sprintf(" in, or after, %s (%s)", r.before.Name, r.before.Rule.ID)
	}
	r.stop(r.shared)
	next, err := r.start(s)
	if r.shared = next; err == nil {
		return true
	}
	r.finish(report.ScenarioResult{Name: s.Name, Variant: s.Variant, Outcome: report.Blocked,
		By: by, Reason: fmt.Sprintf("%s, and does not start again: %v", why, err)})
	return false
}

// spins says whether an instance goes on working although nobody asks it for anything.
func (r *roleRun) spins(in *Instance) bool {
	return in != nil && in.Process != nil && in.Process.Spins(proc.Window(r.ctx, r.limit(0)))
}

// anew ends an instance and starts another.
func (r *roleRun) anew(s Scenario, in *Instance) *Instance {
	r.stop(in)
	next, err := r.start(s)
	switch {
	case errors.Is(err, ErrBusy):
		r.notePause(s, Inconclusive("starting the target anew: %v", err))
	case err != nil:
		r.notePause(s, Violation("starting the target anew: %v", err))
	}
	return next
}

// bracketCheck says whether a good exchange works after a scenario. One that never worked is not tried again: the next
// scenario gets another instance.
func (r *roleRun) bracketCheck(s Scenario, in *Instance) bool {
	if r.broken != "" {
		return false
	}
	rec := NewRecord()
	session := r.newSession(s, in, rec)
	defer session.close()
	r.kind.Restore(r.ctx, in)
	w := session.Wait()
	exchange := session.goodExchange
	if s.Own && in != nil && in.Crowd > 0 { // the places of departed clients may not be free at once
		exchange = func() error { return soon(session) }
	}
	err := exchange()
	if o, reason := OutcomeOf(err); o == report.Violation {
		lost, busy := w.Lost(), r.busy(w.Began)
		if busy { // any of the time may have been the machine's
			lost = max(lost, time.Since(w.Began))
		}
		err = session.CutShort(lost, reason)
		if busy && exchange() == nil {
			err = Inconclusive("once in 2 exchanges, and this machine was busy: %s", reason)
		}
	}
	if err != nil {
		r.notePause(s, withStates(err, rec, in))
	}
	return err == nil
}

// withStates adds what the target did to the report of a wait in vain.
func withStates(err error, rec *Record, in *Instance) error {
	if !rec.late || in == nil || in.Process == nil {
		return err
	}
	o, reason := OutcomeOf(err)
	states := in.Process.Members().States()
	for _, state := range states[:min(len(states), fewStates)] {
		reason += "; " + state
	}
	return &verdict{outcome: o, reason: reason}
}

func (r *run) stop(in *Instance) {
	if in != nil {
		in.stop(r.Keep)
	}
}
