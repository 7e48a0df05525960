package engine

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

func TestOutcomeOf(t *testing.T) {
	for _, test := range []struct {
		err    error
		want   report.Outcome
		reason string
	}{
		{nil, report.Pass, ""},
		{Violation("it says %q", "x"), report.Violation, `it says "x"`},
		{given("TOY-1", Violation("it says nothing")), report.Blocked,
			"what the rule builds on, TOY-1, does not work: it says nothing"},
		{given("TOY-1", Inconclusive("busy")), report.Inconclusive, "busy"},
		{given("TOY-1", nil), report.Pass, ""},
		{io.EOF, report.Inconclusive, "EOF"}, // no verdict: the suite's own trouble
	} {
		if o, reason := OutcomeOf(test.err); o != test.want || reason != test.reason {
			t.Errorf("%v: %s %q, want %s %q", test.err, o, reason, test.want, test.reason)
		}
	}
}

// TestAttempt: an error of Must is returned, and a mistake of the program panics.
func TestAttempt(t *testing.T) {
	want := Violation("deep down")
	if err := attempt(func() error { Must(want); return nil }); err != want {
		t.Errorf("%v, want %v", err, want)
	}
	if err := attempt(func() error { Must(nil); return io.EOF }); err != io.EOF {
		t.Errorf("%v, want %v", err, io.EOF)
	}
	defer func() {
		if recover() == nil {
			t.Error("a panic was taken for a verdict")
		}
	}()
	attempt(func() error { panic("a mistake") })
}

// TestDo: a verb gets as many arguments as its table says; an unknown verb or a wrong usage is a mistake of the
// scenario.
func TestDo(t *testing.T) {
	var got []string
	take := func(_ *Session, args []string) error { got = args; return nil }
	s := &Session{run: &roleRun{verbs: verbs{
		"one":      {Name: "one", Usage: "A", Min: 1, Max: 1, Run: take},
		"many":     {Name: "many", Min: 1, Max: -1, Run: take},
		"two word": {Name: "two word", Max: 0, Run: take},
		"picky":    {Name: "picky", Usage: "B", Max: -1, Run: func(*Session, []string) error { return ErrUsage }},
	}}}
	for _, words := range [][]string{{"one", "a"}, {"many", "a", "b"}, {"two", "word"}} {
		if err := s.Do(words...); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
	if len(got) != 0 {
		t.Errorf("the second word of a name is an argument: %q", got)
	}
	for _, words := range [][]string{{}, {"none"}, {"one"}, {"one", "a", "b"}, {"many"}, {"two"}, {"picky"}} {
		if o, _ := OutcomeOf(s.Do(words...)); o != report.Inconclusive {
			t.Errorf("%q: %s, want a mistake", words, o)
		}
	}
}

// TestPatience: a wait follows what good exchanges usually take, and a slow one does not make all later waits long.
func TestPatience(t *testing.T) {
	r := &roleRun{run: &run{Options: Options{Patience: 2 * time.Second}}}
	if got := r.limit(0); got != 2*time.Second {
		t.Errorf("before the first exchange: %v", got)
	}
	for range fewExchanges - 1 {
		r.good(10 * time.Millisecond)
	}
	r.good(10 * time.Second)
	if got := r.limit(0); got != 2*time.Second {
		t.Errorf("after one slow exchange: %v", got)
	}
	for range fewExchanges {
		r.good(500 * time.Millisecond)
	}
	if got := r.limit(0); got != 10*time.Second {
		t.Errorf("a slow target has %v", got)
	}
	if got := r.limit(30); got != 25*time.Second {
		t.Errorf("a slow target that 30 clients came to at once has %v", got)
	}
	for range fewExchanges {
		r.good(time.Minute)
	}
	if got := r.limit(0); got != mostPatience {
		t.Errorf("a very slow target has %v", got)
	}
}

// TestBetween: a good exchange that the suite could not judge is no failure of the target.
func TestBetween(t *testing.T) {
	r := &roleRun{run: &run{}, role: "server"}
	r.notePause(Scenario{Name: "a"}, Violation("refused"))
	r.notePause(Scenario{Name: "b"}, Inconclusive("busy"))
	failed, unclear := r.between("server")
	if len(failed) != 1 || failed[0] != "after a: refused" || len(unclear) != 1 || unclear[0] != "after b: busy" {
		t.Errorf("failed %q, unclear %q", failed, unclear)
	}
	if failed, unclear := r.between("client"); len(failed)+len(unclear) != 0 {
		t.Errorf("another role's: %q, %q", failed, unclear)
	}
}

// TestCutShort: a target that ends a connection early is wrong, unless a standstill of the machine used up its short
// time limit.
func TestCutShort(t *testing.T) {
	pulse := proc.StartPulse()
	defer close(pulse.Stop)
	var timed Scenario
	timed.Limit("1s")
	for _, test := range []struct {
		s    Scenario
		lost time.Duration
		want report.Outcome
	}{
		{Scenario{}, time.Hour, report.Violation},
		{timed, 0, report.Violation},
		{timed, 499 * time.Millisecond, report.Violation},
		{timed, 500 * time.Millisecond, report.Inconclusive},
	} {
		s := &Session{scenario: test.s, Rec: NewRecord(), run: &roleRun{run: &run{pulse: pulse}}}
		if o, _ := OutcomeOf(s.CutShort(test.lost, "it was closed")); o != test.want {
			t.Errorf("%v lost of %v: %s, want %s", test.lost, test.s.shortest, o, test.want)
		}
	}
}

// TestNothingCame: the same holds for a target that does not answer, perhaps since its time was over.
func TestNothingCame(t *testing.T) {
	pulse := proc.StartPulse()
	defer close(pulse.Stop)
	s := &Session{Rec: NewRecord(), run: &roleRun{run: &run{pulse: pulse}}}
	over := proc.NewWait(t.Context(), time.Now(), time.Second, pulse, nil)
	if o, reason := OutcomeOf(s.Meaning(over, "an answer", ErrLimit)); o != report.Violation {
		t.Errorf("without a limit: %s: %s", o, reason)
	}
	for _, test := range []struct {
		limit string
		lost  time.Duration
		want  bool
	}{{"500ms", time.Hour, true}, {"499ms", time.Hour, false}, {"1h", time.Minute, false}} {
		s.scenario = Scenario{}
		s.scenario.Limit(test.limit)
		if got := s.mayHaveGivenUp(test.lost); got != test.want {
			t.Errorf("%v lost of %s: %v", test.lost, test.limit, got)
		}
	}
}

// TestAbandon: a run that is interrupted gives up a scenario that does not end, and says so.
func TestAbandon(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	stuck := Scenario{Name: "stuck", Role: "server"}
	done := Scenario{Name: "done", Role: "server"}
	r := &run{ctx: ctx, ground: proc.NewGround(t.TempDir(), nil), results: make(map[scenarioID]report.ScenarioResult)}
	part := &roleRun{run: r, role: "server"}
	part.finish(report.ScenarioResult{Name: "done", Outcome: report.Pass})
	r.abandon([]Scenario{stuck, done})
	part.finish(report.ScenarioResult{Name: "stuck", Outcome: report.Violation}) // too late
	got := r.results[scenarioID{"server", "stuck", ""}]
	if got.Outcome != report.Inconclusive || got.Reason != report.Interrupted {
		t.Errorf("what did not end is %s: %s", got.Outcome, got.Reason)
	}
	if got := r.results[scenarioID{"server", "done", ""}]; got.Outcome != report.Pass {
		t.Errorf("what had ended is %s", got.Outcome)
	}
}

func TestParseRefuses(t *testing.T) {
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	u := NewSuite(nil, Role{Name: rules[0].Roles[0], Heads: []string{"colour"}})
	for name, text := range map[string]string{
		"no head":          "dial\n",
		"unknown rule":     "# NONE-999: what.\n",
		"unknown need":     "# " + rules[0].ID + ": what.\n# needs: luck\n",
		"another's colour": "# " + rules[0].ID + ": what.\n# colour: red\n",
	} {
		if s, err := u.parse(name, text, rules); err == nil {
			t.Errorf("%s: accepted as %+v", name, s)
		}
	}
}
