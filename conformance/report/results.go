package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/muxspec/muxspec/docs"
)

// An Outcome is the result of a scenario or a rule.
type Outcome string

const (
	// Pass: the rule was kept.
	Pass Outcome = "pass"
	// Violation: the rule was broken. Only scenarios have it; their rule has Fail, Warn or Known.
	Violation Outcome = "violation"
	// Fail: a MUST rule was broken.
	Fail Outcome = "fail"
	// Warn: a SHOULD rule was broken.
	Warn Outcome = "warn"
	// Known: every violation of the rule is listed in the target file.
	Known Outcome = "known"
	// Unsupported: the target lacks what the scenario needs.
	Unsupported Outcome = "unsupported"
	// Blocked: a good exchange with this target does not work, so nothing can be concluded.
	Blocked Outcome = "blocked"
	// Inconclusive: the suite itself had trouble.
	Inconclusive Outcome = "inconclusive"
)

// Interrupted is the reason of a scenario that a signal stopped.
const Interrupted = "the run was interrupted"

// TimedOut is the reason of a scenario that was not over when the run's time was.
const TimedOut = "the time for the run was over"

// NoExchange begins the reason of a scenario that is blocked because nothing works with the target, or it does not
// start.
const NoExchange = "a good exchange does not work"

// NoneJudged is why a run is inconclusive of which no scenario says so.
const NoneJudged = "no rule was judged"

// Outcomes are the outcomes that a rule can have, in the order in which reports count them.
var Outcomes = []Outcome{Pass, Fail, Warn, Known, Unsupported, Blocked, Inconclusive}

// Exit codes of a run.
const (
	ExitOK           = 0
	ExitViolation    = 1 // a rule failed, or a known deviation did not occur
	ExitUsage        = 2 // nothing was judged, because what was asked for makes no sense
	ExitInconclusive = 3
)

// A ScenarioResult is the result of one scenario.
type ScenarioResult struct {
	Name    string  `json:"name"`
	File    string  `json:"file,omitempty"` // of a scenario that is not the suite's own
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"`
	Known   bool    `json:"known,omitempty"` // the violation is listed in the target file
	// By is the rule that a block rests on. It explains the block if it is broken in this run; else the block is
	// Unexplained.
	By          string   `json:"blocked_by,omitempty"`
	Unexplained bool     `json:"unexplained,omitempty"`
	Proof       []string `json:"evidence,omitempty"`
	// Variant is the one that the outcome is of, empty for the plain one, and Plays in how many the scenario was
	// played.
	Variant string  `json:"variant,omitempty"`
	Plays   int     `json:"plays,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Full is the scenario's name, with the variant that the outcome is of: it plays exactly that again.
func (s ScenarioResult) Full() string {
	name := cmp.Or(s.File, s.Name)
	if s.Variant == "" {
		return name
	}
	return name + "@" + s.Variant
}

// A RuleResult is the result of all scenarios of a rule in one role.
type RuleResult struct {
	ID        string           `json:"id"`
	Protocol  string           `json:"protocol"`
	Role      string           `json:"role"`
	Level     string           `json:"level"`
	Class     string           `json:"class"`
	Outcome   Outcome          `json:"outcome"`
	Scenarios []ScenarioResult `json:"scenarios"`

	Rule docs.Rule `json:"-"`
}

// A Report is the result of a run. Its JSON form is described by report/report.schema.json.
type Report struct {
	Suite   Suite             `json:"suite"`
	Target  string            `json:"target"`
	Roles   []string          `json:"roles"`
	Inputs  Inputs            `json:"inputs,omitzero"`
	Made    Made              `json:"made,omitzero"`
	Rules   []RuleResult      `json:"rules"`
	Profile map[string]string `json:"profile,omitempty"` // what the target chose where the pages leave the choice
	Summary Summary           `json:"summary"`
	// Began is when the run began, in RFC 3339's form and UTC. Again is what follows "muxspec run" on the command line
	// that judges the target in the same way. Both are empty in reports of versions that did not record them.
	Began string `json:"began,omitempty"`
	Again string `json:"again,omitempty"`
	// VerdictDigest is [Report.Verdict], once all rules are judged. It, Inputs and Made are empty in such reports, too.
	VerdictDigest string `json:"verdict_digest,omitempty"`

	Kept string `json:"-"` // the folder of what the run was told to leave
}

// Suite identifies what judged.
type Suite struct {
	Version string `json:"version"`
	Digest  string `json:"digest"` // of pages and scenarios, SHA-256 in hex
}

// Summary counts a run's rules.
type Summary struct {
	Rules   int             `json:"rules"`  // selected
	Judged  int             `json:"judged"` // pass, fail, warn or known
	Count   map[Outcome]int `json:"count"`
	Listed  int             `json:"listed"` // known deviations that occurred
	Missing []string        `json:"missing,omitempty"`
	Exit    int             `json:"exit"`
	Seconds float64         `json:"seconds"`
	MeanMS  float64         `json:"mean_ms"` // per scenario
	Strict  bool            `json:"strict,omitempty"`
	Seed    int64           `json:"seed,omitempty"` // of drawn variants, and of a random order
}

// Judge gives a rule's outcome from its scenarios': the first of section 3's cases that applies.
func (r *RuleResult) Judge() {
	var violated, listed, inconclusive, blocked, passed bool
	for _, s := range r.Scenarios {
		switch s.Outcome {
		case Violation:
			violated = violated || !s.Known
			listed = listed || s.Known
		case Inconclusive:
			inconclusive = true
		case Blocked:
			blocked = true
		case Pass:
			passed = true
		}
	}
	switch {
	case violated && r.Level == "MUST":
		r.Outcome = Fail
	case violated:
		r.Outcome = Warn
	case inconclusive:
		r.Outcome = Inconclusive
	case blocked:
		r.Outcome = Blocked
	case listed:
		r.Outcome = Known
	case passed:
		r.Outcome = Pass
	default:
		r.Outcome = Unsupported
	}
}

// Summarise counts the rules and gives the exit code.
func (r *Report) Summarise(strict bool, took time.Duration) {
	s := &r.Summary
	s.Rules, s.Strict, s.Seconds = len(r.Rules), strict, took.Seconds()
	s.Count = make(map[Outcome]int)
	scenarios, seconds := 0, 0.0
	unexplained := r.explain()
	for _, rule := range r.Rules {
		s.Count[rule.Outcome]++
		switch rule.Outcome {
		case Pass, Fail, Warn, Known:
			s.Judged++
		}
		for _, scenario := range rule.Scenarios {
			if scenario.Known {
				s.Listed++
			}
			scenarios++
			seconds += scenario.Seconds
		}
	}
	if scenarios > 0 {
		s.MeanMS = 1000 * seconds / float64(scenarios)
	}
	switch {
	case s.Count[Fail] > 0, strict && s.Count[Warn] > 0, len(s.Missing) > 0:
		s.Exit = ExitViolation
	case s.Count[Inconclusive] > 0, s.Judged == 0, unexplained > 0:
		s.Exit = ExitInconclusive
	default:
		s.Exit = ExitOK
	}
}

// Means gives the exit code that a scenario of the rule is a reason for: [ExitViolation], [ExitInconclusive] or
// [ExitOK]. JUnit's XML and "go test" follow it, so that they agree with the exit code of the run.
func (r *RuleResult) Means(s ScenarioResult, strict bool) int {
	switch {
	case s.Outcome == Violation && !s.Known && (r.Level == "MUST" || strict):
		return ExitViolation
	case s.Outcome == Inconclusive && r.Outcome == Inconclusive, s.Unexplained && r.unclear():
		return ExitInconclusive
	}
	return ExitOK
}

// unclear says whether the rule makes the run inconclusive where no broken rule explains its block.
func (r *RuleResult) unclear() bool { return r.Outcome == Blocked && r.Level == "MUST" }

// explain finds the blocks that no broken rule explains, and counts the MUST rules that have them for their outcome.
func (r *Report) explain() (unexplained int) {
	broken := make(map[[2]string]bool) // by role and rule
	for _, rule := range r.Rules {
		broken[[2]string{rule.Role, rule.ID}] = slices.ContainsFunc(rule.Scenarios, func(s ScenarioResult) bool {
			return s.Outcome == Violation
		})
	}
	for i := range r.Rules {
		rule, found := &r.Rules[i], false
		for j := range rule.Scenarios {
			s := &rule.Scenarios[j]
			s.Unexplained = s.Outcome == Blocked && !broken[[2]string{rule.Role, s.By}]
			found = found || s.Unexplained
		}
		if found && rule.unclear() {
			unexplained++
		}
	}
	return unexplained
}
