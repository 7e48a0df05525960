package mux

import (
	"slices"
	"testing"

	"github.com/muxspec/muxspec/ref/udpmux"
)

func TestRegisterAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.register(1, udpmux.Token|udpmux.Learn)
	d := w.token(1, 1)[0]
	l := w.learn(1, 0)[0]
	if again := w.register(1, udpmux.Token); again != id {
		t.Errorf("the id changed from %d to %d", id, again)
	}
	w.answered(d, 1)
	if _, ok := w.answer(l); ok {
		t.Error("a flow of a mode that is off now goes on")
	}
	w.ports(w.learn(1, 1))
	_, err := w.try(1, 2050, udpmux.Token) // another socket
	w.refused(udpmux.CodeDuplicate, err)
	w.answered(d, 1)
	w.alive[2001] = 0 // the backend ended, and another gets the key at once
	if again, err := w.try(1, 2050, udpmux.Token); err != nil || again == id {
		t.Errorf("%d, %v", again, err)
	}
	if _, ok := w.answer(d); ok {
		t.Error("a dead session answers")
	}
}

// The same socket with another key takes nothing from the session that has it.
func TestRegisterPortAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	_, err := w.try(2, 2001, udpmux.Token)
	w.refused(udpmux.CodeDuplicate, err)
	w.ports(w.token(1, 1), 1)
	w.ports(w.token(1, 2))
}

// A socket that was the user's when looked up, and is gone when registered, takes nothing from the session that now has
// its port.
func TestRegisterLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	_, err := w.m.Register(w.now, Registration{1001, udpmux.Token, Backend{2001, 777}, key(2)}, w.isAlive)
	w.refused(udpmux.CodeDuplicate, err)
	w.ports(w.token(1, 1), 1)
}

func TestSessionLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.MaxSessions, c.MaxSessionsPerUID, c.MaxLearnSessions = 3, 2, 1 })
	w.register(1, udpmux.Learn)
	_, err := w.try(2, 2002, udpmux.Learn)
	w.refused(udpmux.CodeLimit, err)
	w.register(2, udpmux.Token)
	_, err = w.try(3, 2003, udpmux.Token)
	w.refused(udpmux.CodeLimit, err)
	other := func(n int) error {
		_, err := w.m.Register(w.now, Registration{1001, udpmux.Token, Backend{uint16(2000 + n), 1}, key(n)},
			func(Backend) bool { return true })
		return err
	}
	if err := other(4); err != nil {
		t.Error(err)
	}
	w.refused(udpmux.CodeLimit, other(5))
	w.register(1, udpmux.Learn) // registering again needs no more room
	_, err = w.try(2, 2002, udpmux.Learn)
	w.refused(udpmux.CodeLimit, err)
	w.ports(w.token(1, 2), 2) // and nothing has changed
}

func TestPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.register(1, udpmux.Token)
	gone := w.m.Backends()
	w.register(2, udpmux.Token)
	d := w.token(1, 1)[0]
	w.m.Poll(w.now, func(b Backend) bool { return !slices.Contains(gone, b) })
	w.ports(w.token(1, 1))
	if _, ok := w.answer(d); ok {
		t.Error("whoever has the port now answers")
	}
	w.ports(w.token(1, 2), 2)                         // newer than the look-up
	w.alive = map[uint16]uint64{2001: 20010, 2002: 7} // another socket has the port
	w.m.Poll(w.now, w.isAlive)
	w.ports(w.token(1, 2))
}
