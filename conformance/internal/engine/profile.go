package engine

import (
	"maps"
	"time"
)

// ProfileWindow is how long a target may take for an answer that it need not give.
const ProfileWindow = 100 * time.Millisecond

// profile finds out what the target chose where the pages leave a choice. That is recorded, never judged.
func (r *roleRun) profile(in *Instance) {
	s := r.newSession(Scenario{}, in, NewRecord())
	defer s.close()
	facts := r.kind.Profile(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.facts, facts)
}
