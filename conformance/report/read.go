package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"

	"github.com/muxspec/muxspec/docs"
)

// readMost is the size of the largest report that [Read] takes: a hundred times that of a large one.
const readMost = 32 << 20

// Read reads a report as JSON. It returns an error if the text does not follow [Schema], such as a report that another
// version has written in another form. A rule's text is that of this version's page; it is empty if the page has no
// such rule.
func Read(from io.Reader) (*Report, error) {
	limited := &io.LimitedReader{R: from, N: readMost + 1}
	dec := json.NewDecoder(limited)
	dec.DisallowUnknownFields()
	r := new(Report)
	err := dec.Decode(r)
	switch {
	case limited.N == 0:
		return nil, fmt.Errorf("it is larger than %d MiB, so it is no report", readMost>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the report is cut off")
	case errors.As(err, new(*fs.PathError)):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("not a report of this version's schema: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a report: something follows the JSON object")
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("not a report of this version's schema: %w", err)
	}
	return r, r.fill()
}

var (
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
	idForm     = regexp.MustCompile(`^[A-Z]+-[1-9][0-9]*$`)
)

// check returns an error if something is missing or has a value that the schema rules out.
func (r *Report) check() error {
	switch {
	case !digestForm.MatchString(r.Suite.Digest):
		return fmt.Errorf("suite.digest is %.80q", r.Suite.Digest)
	case r.Target == "":
		return errors.New("target is missing")
	case len(r.Rules) == 0:
		return errors.New("rules is missing")
	}
	seen := make(map[[2]string]bool)
	for _, rule := range r.Rules {
		key := [2]string{rule.ID, rule.Role}
		switch {
		case !idForm.MatchString(rule.ID):
			return fmt.Errorf("a rule's id is %.80q", rule.ID)
		case seen[key]:
			return fmt.Errorf("%s: it is there twice for %.80q", rule.ID, rule.Role)
		case !slices.Contains(Outcomes, rule.Outcome):
			return fmt.Errorf("%s: the outcome is %.80q", rule.ID, rule.Outcome)
		case rule.Level != "MUST" && rule.Level != "SHOULD":
			return fmt.Errorf("%s: the level is %.80q", rule.ID, rule.Level)
		case len(rule.Scenarios) == 0:
			return fmt.Errorf("%s: scenarios is missing", rule.ID)
		}
		seen[key] = true
		for _, s := range rule.Scenarios {
			if s.Name == "" || !slices.Contains(scenarioOutcomes, s.Outcome) {
				return fmt.Errorf("%s: the outcome of scenario %.80q is %.80q", rule.ID, s.Name, s.Outcome)
			}
		}
	}
	return nil
}

var scenarioOutcomes = []Outcome{Pass, Violation, Unsupported, Blocked, Inconclusive}

// fill looks up the rules, whose texts are not in the JSON.
func (r *Report) fill() error {
	rules, err := docs.All()
	if err != nil {
		return err
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		if n := slices.IndexFunc(rules, func(d docs.Rule) bool { return d.ID == rule.ID }); n >= 0 {
			rule.Rule = rules[n]
		}
	}
	return nil
}
