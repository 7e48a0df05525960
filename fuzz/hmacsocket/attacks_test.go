package hmacsocket

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// The steps of the attacks, on connections 0 and 2 of the client program and 1 and 3 of the server program.
func initFrom(to, from int) step {
	return step{Kind: "init", To: to, From: from, Change: 5}
}
func write(p int) step { return step{Kind: "write", To: p, K: 9} }

// pass: where several sign for the same N, from is which of these.
func pass(to, from int) step { return step{Kind: "pass", To: to, From: from} }

// attacks are those of section 4.1.
var attacks = []struct {
	name  string
	with  []memory // that let it succeed
	steps []step
}{
	{"reflection", []memory{none}, []step{initFrom(1, 1), write(1), pass(1, 1)}},
	{"fake server", []memory{none}, []step{initFrom(0, 0), write(0), pass(0, 0)}},
	{"cross-connection", []memory{single, none}, []step{initFrom(1, 0), initFrom(3, 1), write(3), pass(1, 3)}},
	{"two connections reflected to each other", []memory{single, none},
		[]step{initFrom(1, 3), initFrom(3, 1), write(1), write(3), pass(1, 3), pass(3, 1)}},
	{"cut and paste", []memory{single, none},
		[]step{{Kind: "open", K: 1}, initFrom(0, 1), initFrom(2, 0), initFrom(4, 0), write(2), write(4),
			write(4), pass(0, 2), pass(0, 4)}},
	{"splicing", []memory{single, none},
		[]step{initFrom(0, 1), initFrom(2, 1), initFrom(1, 0), write(0), write(2), write(2), pass(1, 0), pass(1, 1)}},
	{"splicing, one after the other", []memory{single, none},
		[]step{initFrom(0, 1), initFrom(1, 0), write(0), {Kind: "close", To: 0}, initFrom(2, 1), write(2),
			write(2), pass(1, 0), pass(1, 1)}},
}

// TestAttacks: each attack violates the property where the memory is missing that stops it, so that the property is
// known to be able to fail, and does nothing where it is there.
func TestAttacks(t *testing.T) {
	for _, a := range attacks {
		for _, m := range []memory{shared, single, none} {
			succeeds := false
			for _, with := range a.with {
				succeeds = succeeds || m == with
			}
			err := run(t, plan{Hash: "sha256", Memory: m, Steps: a.steps})
			if v := violation(""); succeeds != errors.As(err, &v) || !succeeds && err != nil {
				t.Errorf("%s, memory %q: %v", a.name, m, err)
			}
		}
	}
}

// examples plays random plans with a memory until one violates the property, and tells whether one does, and what ends
// have come how often.
func examples(t *testing.T, m memory) (violated bool, ends map[string]int) {
	ends = make(map[string]int)
	for seed := 0; seed < 200 && !violated; seed++ {
		p := plans.Example(seed)
		p.Memory = m
		s := new(session)
		err := play(t, p, &s)
		if v := violation(""); errors.As(err, &v) {
			violated = true
		} else if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.peers {
			_, got, end := p.state()
			ends[strings.SplitN(end, " 0x", 2)[0]]++
			if len(got) > 0 {
				ends["data"]++
			}
		}
	}
	return violated, ends
}

// TestAttacksAreFound: without memory random steps find attacks, too, and with it none. They get everywhere.
func TestAttacksAreFound(t *testing.T) {
	for _, m := range []memory{single, none} {
		if violated, ends := examples(t, m); !violated {
			t.Errorf("memory %q: no attack was found, but %v", m, ends)
		}
	}
	violated, ends := examples(t, shared)
	if violated {
		t.Error("an attack was found")
	}
	for _, end := range []string{
		"data", "end", "cut short", "wrong HMAC", "too long", "Error", "connection reset", "not opened: cut short",
		"not opened: connection reset", "not opened: hash length", "not opened: zero limit", "not opened: known nonce",
		"not opened: i/o timeout", "use of closed network connection",
	} {
		if ends[end] == 0 {
			t.Errorf("random steps never come to %q, but to %v", end, ends)
		}
	}
	t.Log(ends)
}

// TestCrossedConnections is what no memory of N's can stop, and section 4.2 has to say: an N binds a direction, and
// nothing binds the two directions of a connection. Two honest connections are crossed, so that each client gets the
// answer to the other's question.
func TestCrossedConnections(t *testing.T) {
	steps := []step{
		initFrom(0, 1), initFrom(1, 2), initFrom(2, 3), initFrom(3, 0), // 0 signs for 1, 1 for 2, 2 for 3, 3 for 0
		write(0), write(1), write(2), write(3),
		pass(1, 0), pass(2, 0), pass(3, 0), pass(0, 0),
	}
	s := (*session)(nil)
	if err := play(t, plan{Hash: "sha256", Steps: steps}, &s); err != nil {
		t.Fatal(err)
	}
	for to, from := range []int{3, 0, 1, 2} {
		if _, got, _ := s.peers[to].state(); string(got) != string(s.peers[from].wrote) || len(got) == 0 {
			t.Errorf("%s got %q", s.peers[to].name, got)
		}
	}
}

// TestCutAtEveryByte: a stream that ends after any number of its bytes comes to a clean end between two messages, and
// nowhere else.
func TestCutAtEveryByte(t *testing.T) {
	for _, with := range []error{io.EOF, errReset} {
		for n, whole := 0, 1; n <= whole; n++ {
			synctest.Test(t, func(t *testing.T) {
				s := newSession(plan{Hash: "sha256", Pairs: 1, Steps: []step{write(0), write(0), write(0)}})
				if err := s.begin(); err != nil {
					t.Fatal(err)
				}
				from, to := s.peers[0], s.peers[1]
				stream := bytes.Join(s.transmitted(from), nil)
				whole = len(stream)
				s.feed(to, stream[:n], n%3)
				s.end(to, with)
				clean := with == io.EOF && n%(whole/3) == 0
				if _, got, end := to.state(); len(got) != n/(whole/3)*10 || clean != (end == "end") {
					t.Errorf("%d bytes, then %v: %d bytes, %q", n, with, len(got), end)
				}
				if err := errors.Join(s.check(), s.finish()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
