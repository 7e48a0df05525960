package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// The elements of JUnit's XML as Jenkins reads it.
type (
	testsuites struct {
		XMLName  xml.Name  `xml:"testsuites"`
		Name     string    `xml:"name,attr"`
		Tests    int       `xml:"tests,attr"`
		Failures int       `xml:"failures,attr"`
		Errors   int       `xml:"errors,attr"`
		Time     string    `xml:"time,attr"`
		Suite    testsuite `xml:"testsuite"`
	}
	testsuite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase `xml:"testcase"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	testcase struct {
		Name      string  `xml:"name,attr"`
		Classname string  `xml:"classname,attr"`
		Time      string  `xml:"time,attr"`
		Skipped   *detail `xml:"skipped"`
		Error     *detail `xml:"error"`
		Failure   *detail `xml:"failure"`
	}
	detail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the report as JUnit's XML: a test case for each scenario, named after it, in the class of its rule. What
// makes the run unsuccessful is a failure or an error, as [RuleResult.Means] says; whatever else did not pass is
// skipped, with the reason. Two reasons have cases of their own: a listed deviation that did not occur is a failure,
// and that no rule was judged is an error.
func JUnit(w io.Writer, r *Report) error {
	s := testsuite{Name: r.Target, Time: seconds(r.Summary.Seconds), Properties: []property{
		{"suite", r.Suite.Version}, {"digest", r.Suite.Digest}, {"roles", strings.Join(r.Roles, " ")},
	}}
	for _, rule := range r.Rules {
		for _, scenario := range rule.Scenarios {
			s.add(junitCase(rule, scenario, r.Summary.Strict))
		}
	}
	for _, missing := range r.Summary.Missing {
		id, name, _ := strings.Cut(missing, " ")
		s.add(testcase{Name: name + " (listed)", Classname: r.Target + "." + id, Time: seconds(0),
			Failure: &detail{Message: "a listed deviation did not occur", Type: "listed"}})
	}
	if r.Summary.Judged == 0 && s.Failures+s.Errors == 0 {
		s.add(testcase{Name: "judged", Classname: r.Target, Time: seconds(0),
			Error: &detail{Message: NoneJudged, Type: string(Inconclusive)}})
	}
	all := testsuites{Name: "muxspec", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Time: s.Time, Suite: s}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junitCase makes a test case of a scenario.
func junitCase(rule RuleResult, s ScenarioResult, strict bool) testcase {
	c := testcase{Name: s.Name, Classname: rule.Role + "." + rule.ID, Time: seconds(s.Seconds)}
	text := strings.Join(append(s.Proof, rule.Rule.Text), "\n")
	switch means := rule.Means(s, strict); {
	case s.Outcome == Pass:
	case means == ExitViolation:
		c.Failure = &detail{Message: s.Reason, Type: rule.Level, Text: text}
	case means == ExitInconclusive:
		c.Error = &detail{Message: s.Reason, Type: string(s.Outcome), Text: text}
	case s.Known:
		c.Skipped = &detail{Message: "known: " + s.Reason}
	case s.Outcome == Violation:
		c.Skipped = &detail{Message: "warning: " + s.Reason, Text: text}
	default:
		c.Skipped = &detail{Message: string(s.Outcome) + ": " + s.Reason}
	}
	return c
}

// add puts a case into the suite and counts it.
func (s *testsuite) add(c testcase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
