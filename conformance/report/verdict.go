package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Inputs are what was judged.
type Inputs struct {
	Command    []string  `json:"command,omitempty"`     // as it was given, of a target without a file
	Address    string    `json:"address,omitempty"`     // HOST:PORT, of a server that ran already
	TargetFile string    `json:"target_file,omitempty"` // its SHA-256 in hex; empty if there was none
	Programs   []Program `json:"programs,omitempty"`
}

// A Program is a file that the target's command names: the program itself, or a script among its arguments.
type Program struct {
	Role   string `json:"role,omitempty"` // whose command names it; empty for one that all roles need
	Name   string `json:"name"`           // as the command has it
	SHA256 string `json:"sha256"`         // of its contents, in hex; empty if it could not be read
}

// Made is how the run was asked to judge, so that it can be done again. Empty means all, or the default.
type Made struct {
	Role         string            `json:"role,omitempty"`
	Rules        []string          `json:"rules,omitempty"`
	Scenarios    []string          `json:"scenarios,omitempty"`
	Classes      []string          `json:"classes,omitempty"`
	Level        string            `json:"level,omitempty"`
	Until        string            `json:"until,omitempty"`
	Quick        bool              `json:"quick,omitempty"`
	AllVariants  bool              `json:"all_variants,omitempty"`
	Draws        int               `json:"draws,omitempty"`
	Seed         int64             `json:"seed,omitempty"`
	Shuffle      bool              `json:"shuffle,omitempty"`
	Slow         bool              `json:"slow,omitempty"`
	Hostile      bool              `json:"hostile,omitempty"`
	Strict       bool              `json:"strict,omitempty"`
	FailFast     bool              `json:"fail_fast,omitempty"`
	Patience     string            `json:"patience,omitempty"` // a time such as "2s"
	StartTimeout string            `json:"start_timeout,omitempty"`
	Has          []string          `json:"has,omitempty"`    // what a target without a file was said to have
	Timers       map[string]string `json:"timers,omitempty"` // and its time limits
}

// Verdict gives the digest of what was found, SHA-256 in hex: of these lines, each ended by LF. The rules' lines are
// sorted by their bytes. Nothing in them depends on when and how fast the run was, so equal runs have equal digests.
//
//	muxspec verdict 1
//	suite DIGEST
//	target SHA-256 of the target file, or -
//	program SHA-256 of each program, in the order of the report, or - if it could not be read
//	rule ROLE ID OUTCOME
func (r *Report) Verdict() string {
	lines := []string{"muxspec verdict 1", "suite " + r.Suite.Digest, "target " + cmp.Or(r.Inputs.TargetFile, "-")}
	for _, p := range r.Inputs.Programs {
		lines = append(lines, "program "+cmp.Or(p.SHA256, "-"))
	}
	var rules []string
	for _, rule := range r.Rules {
		rules = append(rules, fmt.Sprintf("rule %s %s %s", rule.Role, rule.ID, rule.Outcome))
	}
	slices.Sort(rules)
	sum := sha256.Sum256([]byte(strings.Join(append(lines, rules...), "\n") + "\n"))
	return hex.EncodeToString(sum[:])
}

// Sealed returns an error if the digest in the report is missing, or does not fit the outcomes and hashes beside it.
func (r *Report) Sealed() error {
	switch {
	case r.VerdictDigest == "":
		return errors.New("it has no verdict_digest: an older muxspec has written it")
	case r.VerdictDigest != r.Verdict():
		return errors.New("the report was changed: verdict_digest does not fit its rules and hashes")
	}
	return nil
}

// Differences says in what another report of the same suite differs: a line for each rule whose outcome is not the
// same, and for each file. Unclear says that all of them are rules that now could not be judged.
func (r *Report) Differences(now *Report) (lines []string, unclear bool) {
	type key struct{ role, id string }
	outcomes := func(r *Report) map[key]Outcome {
		all := make(map[key]Outcome)
		for _, rule := range r.Rules {
			all[key{rule.Role, rule.ID}] = rule.Outcome
		}
		return all
	}
	const none = Outcome("not judged")
	was, is, seen := outcomes(r), outcomes(now), make(map[key]bool)
	unclear = true
	for _, rule := range slices.Concat(r.Rules, now.Rules) {
		k := key{rule.Role, rule.ID}
		before, after := cmp.Or(was[k], none), cmp.Or(is[k], none)
		if before != after && !seen[k] {
			lines = append(lines, fmt.Sprintf("%s (%s): %s, the report says %s", rule.ID, rule.Role, after, before))
			unclear = unclear && (after == Inconclusive || after == Blocked)
		}
		seen[k] = true
	}
	files := r.Inputs.differences(now.Inputs)
	return append(lines, files...), unclear && len(files) == 0
}

// differences says which files are not the same.
func (was Inputs) differences(is Inputs) (lines []string) {
	if was.TargetFile != is.TargetFile {
		lines = append(lines, "the target file is another one")
	}
	if len(was.Programs) != len(is.Programs) {
		return append(lines, fmt.Sprintf("the command names %d files, in the report %d",
			len(is.Programs), len(was.Programs)))
	}
	for i, p := range is.Programs {
		if p.SHA256 != was.Programs[i].SHA256 {
			lines = append(lines, fmt.Sprintf("%s: its SHA-256 is %s, the report says %s",
				p.Name, p.SHA256, was.Programs[i].SHA256))
		}
	}
	return lines
}
