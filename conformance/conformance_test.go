package conformance

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muxspec/muxspec/docs"
)

// TestEveryRuleIsTried: each rule of a role that can be judged has a scenario, or says why it cannot be tested from outside.
func TestEveryRuleIsTried(t *testing.T) {
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		tried := slices.ContainsFunc(Scenarios(), func(s Scenario) bool { return s.Rule.ID == r.ID })
		if tried == (r.Untested != "") {
			t.Errorf("%s: has a scenario: %v; says why it has none: %q", r.ID, tried, r.Untested)
		}
		for _, role := range r.Roles {
			if !slices.Contains(Roles, role) {
				t.Errorf("%s is of the unknown role %s", r.ID, role)
			}
		}
	}
}

func TestScenarios(t *testing.T) {
	names := make(map[string]string) // to the rule: a name is one script's, in whatever protocol
	for _, s := range Scenarios() {
		if other := names[s.Name]; other != "" && other != s.Rule.ID {
			t.Errorf("%s is there twice, for %s and %s", s.Name, other, s.Rule.ID)
		}
		names[s.Name] = s.Rule.ID
		if n := strings.Count(s.Text, "\n"); n > 40 {
			t.Errorf("%s: %d lines are too many to be read beside the page", s.Name, n)
		}
		if !strings.HasSuffix(s.Title, ".") {
			t.Errorf("%s: the title is no sentence: %q", s.Name, s.Title)
		}
		for line := range strings.Lines(s.Text) {
			fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "given "))
			if len(fields) > 0 && fields[0] != "#" && verbs[fields[0]] == nil {
				t.Errorf("%s: %q is no verb of the scenarios", s.Name, fields[0])
			}
		}
	}
	for _, m := range []map[string]string{baselines, brackets} {
		for role, name := range m {
			if s, ok := findScenario(name, role); !ok || s.Role != role {
				t.Errorf("the scenario %s, which every run of %s needs, is missing", name, role)
			}
		}
	}
	for _, role := range Roles {
		if baselines[role] == "" {
			t.Errorf("%s has no baseline", role)
		}
	}
}

func TestParseScenarioRefuses(t *testing.T) {
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"no head":      "dial\n",
		"unknown rule": "# TCPMUX-999: what.\n",
		"unknown need": "# TCPMUX-1: what.\n# needs: luck\n",
	} {
		if s, err := parseScenario(name, text, rules); err == nil {
			t.Errorf("%s: accepted as %+v", name, s)
		}
	}
}

// TestOutcomes: a rule's outcome is the first that applies to its scenarios, and the exit code the first that applies to the rules.
func TestOutcomes(t *testing.T) {
	violation, known := ScenarioResult{Outcome: Violation}, ScenarioResult{Outcome: Violation, Known: true}
	of := func(o Outcome) ScenarioResult { return ScenarioResult{Outcome: o} }
	for _, c := range []struct {
		level     string
		scenarios []ScenarioResult
		want      Outcome
		exit      int
	}{
		{"MUST", []ScenarioResult{of(Pass)}, Pass, ExitOK},
		{"MUST", []ScenarioResult{of(Pass), violation}, Fail, ExitViolation},
		{"MUST", []ScenarioResult{known, violation}, Fail, ExitViolation},
		{"MUST", []ScenarioResult{of(Inconclusive), violation}, Fail, ExitViolation},
		{"SHOULD", []ScenarioResult{violation}, Warn, ExitInconclusive}, // no MUST rule was judged
		{"MUST", []ScenarioResult{of(Pass), of(Inconclusive)}, Inconclusive, ExitInconclusive},
		{"MUST", []ScenarioResult{of(Blocked), of(Inconclusive)}, Inconclusive, ExitInconclusive},
		{"MUST", []ScenarioResult{of(Blocked), known}, Blocked, ExitInconclusive},
		{"MUST", []ScenarioResult{of(Pass), known}, Known, ExitOK},
		{"MUST", []ScenarioResult{of(Pass), of(Unsupported)}, Pass, ExitOK},
		{"MUST", []ScenarioResult{of(Unsupported)}, Unsupported, ExitInconclusive},
	} {
		rule := RuleResult{Level: c.level, Scenarios: c.scenarios}
		rule.judge()
		rep := Report{Rules: []RuleResult{rule}}
		rep.summarise(false, time.Second)
		if rule.Outcome != c.want || rep.Summary.Exit != c.exit {
			t.Errorf("%s %+v: %s, exit %d; want %s, exit %d", c.level, c.scenarios, rule.Outcome, rep.Summary.Exit, c.want, c.exit)
		}
	}
}

// TestReceived: the kernel tells when the other end has read what was sent.
func TestReceived(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("%s: %v", address, err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peer, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		conn := &tcpConn{TCPConn: c.(*net.TCPConn), rec: newRecord()}
		if !canSeeProcesses {
			if _, known := received(conn); known {
				t.Error("there is no table here to tell")
			}
			continue
		}
		if yes, known := received(conn); !yes || !known {
			t.Errorf("%s: nothing was sent: %v, %v", address, yes, known)
		}
		conn.send([]byte("word"), window(time.Second))
		if yes, known := received(conn); yes || !known {
			t.Errorf("%s: nothing was read: %v, %v", address, yes, known)
		}
		if _, err := peer.Read(make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		if yes, known := received(conn); !yes || !known {
			t.Errorf("%s: all was read: %v, %v", address, yes, known)
		}
	}
}

// TestWait: time in which this program did not run moves the end of a wait that had begun, up to a bound.
func TestWait(t *testing.T) {
	began := time.Now()
	p := &pulse{beats: []beat{{began.Add(time.Second), time.Second}}, last: began.Add(time.Hour)}
	const limit = 10 * time.Second
	if end := (wait{began, limit, p}).end(); !end.Equal(began.Add(limit + 2*time.Second)) {
		t.Errorf("the end moved by %v", end.Sub(began.Add(limit)))
	}
	if later := began.Add(2 * time.Second); !(wait{later, limit, p}).end().Equal(later.Add(limit)) {
		t.Error("a delay before the wait moved its end")
	}
	p.beats[0].delay = time.Minute
	if w := (wait{began, limit, p}); !w.useless() || !w.end().Equal(began.Add(6*limit)) {
		t.Errorf("a minute's delay: useless: %v, end after %v", w.useless(), w.end().Sub(began))
	}
	stands := &pulse{last: began.Add(-time.Second)}
	if w := (wait{began.Add(-2 * time.Second), limit, stands}); w.lost() < 2*(time.Second-beatEvery) {
		t.Errorf("a delay of a second that the pulse has not noticed yet: %v are lost", w.lost())
	}
}

func TestHexLines(t *testing.T) {
	short := []byte("echo\r\n\x00\xff\\")
	lines := hexLines(short, len(short))
	if want := `65 63 68 6f 0d 0a 00 ff 5c                       echo\r\n\x00\xff\\`; len(lines) != 1 || lines[0] != want {
		t.Errorf("%q, want %q", lines, want)
	}
	long := hexLines(make([]byte, hexBytes), 1000)
	if len(long) != hexBytes/16 || !strings.HasSuffix(long[len(long)-1], "920 bytes more") {
		t.Errorf("%q", long)
	}
}
