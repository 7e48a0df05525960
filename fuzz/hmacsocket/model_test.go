package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// checkAuthentic: what p got is a beginning of what one connection of the other program has sent for it; it has come to
// a clean end only where the middle has ended it between two messages of that, and it read an Error only if that has
// sent one there. This needs no key, and holds because of the N's that are refused.
func (s *session) checkAuthentic(p *peer) error {
	_, got, end := p.state()
	clean := end == "end"
	if len(got) == 0 && !strings.HasPrefix(end, "Error") && (!clean || len(p.fed) == 6+s.hash.Length) {
		return nil
	}
	signers, _ := s.signers(p)
	for _, q := range signers {
		whole, messages := []byte{}, s.transmitted(q)
		for i, m := range messages {
			if strings.HasPrefix(end, "Error") && binary.BigEndian.Uint32(m) == 0 && i == len(messages)-1 &&
				bytes.Equal(got, q.wrote) {
				return nil
			}
			if whole = append(whole, m...); clean && bytes.Equal(p.fed[6+s.hash.Length:], whole) &&
				bytes.HasPrefix(q.wrote, got) {
				return nil
			}
		}
		if !clean && !strings.HasPrefix(end, "Error") && bytes.HasPrefix(q.wrote, got) {
			return nil
		}
	}
	return violation(fmt.Sprintf("%s got %q, then %q; %d connections signed for it", p.name, got, end, len(signers)))
}

// A violation is data that is not authentic.
type violation string

func (v violation) Error() string { return string(v) }

// begin opens two connections of each program and plays the steps; it checks everything after each.
func (s *session) begin() error {
	for _, server := range []bool{false, true, false, true} {
		s.open(server)
	}
	for i := range s.plan.Pairs {
		s.do(step{Kind: "meet", To: 2 * i, From: 2*i + 1})
	}
	for i, do := range s.plan.Steps {
		s.do(do)
		if err := s.check(); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, do, err)
		}
	}
	return nil
}

func (s *session) check() error {
	for _, p := range s.peers {
		for _, check := range []func(*peer) error{s.checkAuthentic, s.checkState, s.checkSent} {
			if err := check(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish: when all connections are over nothing is left, not their N's either.
func (s *session) finish() error {
	for _, p := range s.peers {
		if conn, _, _ := p.state(); conn != nil {
			conn.Close()
		}
		s.end(p, io.EOF)
	}
	s.running.Wait()
	for _, p := range s.peers {
		if _, _, closed := p.line.sent(); !closed {
			return fmt.Errorf("%s is not closed", p.name)
		}
	}
	last := s.open(false)
	s.feed(last, initOf(s.hash, 1, s.peers[0].own), 0) // unless it was received, too, it is a new one again
	s.end(last, io.EOF)
	if conn, _, _ := last.state(); conn != nil {
		conn.Close()
	}
	s.running.Wait()
	return s.checkState(last)
}

func checkModel(t *testing.T, r *rapid.T) {
	p := plans.Draw(r, "plan")
	if err := run(t, p); err != nil {
		r.Fatal(err)
	}
}

func run(t *testing.T, p plan) error { return play(t, p, new(*session)) }

// play plays a plan in a bubble. A failure within could not end a property, so it comes out as an error.
func play(t *testing.T, p plan, s **session) (err error) {
	synctest.Test(t, func(*testing.T) {
		*s = newSession(p)
		err = (*s).begin()
		if e := (*s).finish(); err == nil {
			err = e
		}
	})
	return err
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) { checkModel(t, r) })
}
