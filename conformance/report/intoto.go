package report

import (
	"encoding/json"
	"errors"
	"io"
)

// The statement of in-toto's attestation framework, version 1, with the predicate test-result, version 0.1.
type (
	statement struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     testResult `json:"predicate"`
	}
	resource struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	}
	testResult struct {
		Result        string     `json:"result"`
		Configuration []resource `json:"configuration"`
		PassedTests   []string   `json:"passedTests"`
		WarnedTests   []string   `json:"warnedTests"`
		FailedTests   []string   `json:"failedTests"`
	}
)

// Errors of [InToto]: reports that no statement can be made of.
var (
	ErrNoSubject    = errors.New("no in-toto statement can be made: the target's program has no hash here")
	ErrNoConclusion = errors.New("no in-toto statement was made: the run came to no conclusion")
)

// InToto writes the report as an in-toto statement that somebody may sign. Its subjects are the target's programs. Its
// tests are rules, ROLE/ID: passed, broken but no reason to fail (SHOULD rules and listed deviations), and failed. What
// could not be judged is in none of the lists.
func InToto(w io.Writer, r *Report) error {
	if r.Summary.Exit == ExitInconclusive {
		return ErrNoConclusion
	}
	s := statement{Type: "https://in-toto.io/Statement/v1",
		PredicateType: "https://in-toto.io/attestation/test-result/v0.1",
		Predicate: testResult{Result: "PASSED", PassedTests: []string{},
			WarnedTests: []string{}, FailedTests: []string{}}}
	seen := make(map[string]bool)
	for _, p := range r.Inputs.Programs {
		if p.SHA256 != "" && !seen[p.SHA256] {
			s.Subject = append(s.Subject, hashed(p.Name, p.SHA256))
		}
		seen[p.SHA256] = true
	}
	if len(s.Subject) == 0 {
		return ErrNoSubject
	}
	p := &s.Predicate
	for _, rule := range r.Rules {
		name := rule.Role + "/" + rule.ID
		switch rule.Outcome {
		case Pass:
			p.PassedTests = append(p.PassedTests, name)
		case Warn, Known:
			p.WarnedTests = append(p.WarnedTests, name)
		case Fail:
			p.FailedTests = append(p.FailedTests, name)
		}
	}
	switch {
	case r.Summary.Exit == ExitViolation:
		p.Result = "FAILED"
	case len(p.WarnedTests) > 0:
		p.Result = "WARNED"
	}
	p.Configuration = []resource{hashed("muxspec suite "+r.Suite.Version, r.Suite.Digest),
		hashed("muxspec verdict", r.VerdictDigest)}
	if r.Inputs.TargetFile != "" {
		p.Configuration = append(p.Configuration, hashed("target file "+r.Target, r.Inputs.TargetFile))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

func hashed(name, sum string) resource { return resource{name, map[string]string{"sha256": sum}} }
