package report

import (
	"fmt"
	"io"
	"strings"
)

// GitHub writes the report as annotations of GitHub Actions: workflow commands, one per line, the errors first, since
// GitHub shows only some of each step. An error is what makes the run unsuccessful; a broken SHOULD rule is a warning.
func GitHub(w io.Writer, r *Report) error {
	var errors, warnings strings.Builder
	for _, rule := range r.Rules {
		for _, s := range rule.Scenarios {
			title := fmt.Sprintf("%s %s", rule.ID, s.Full())
			text := fmt.Sprintf("%s\n%s\n%s", s.Reason, strings.Join(s.Proof, "\n"), rule.Rule.Text)
			switch {
			case rule.Means(s, r.Summary.Strict) != ExitOK:
				command(&errors, "error", title, text)
			case s.Outcome == Violation && !s.Known:
				command(&warnings, "warning", title, text)
			}
		}
	}
	for _, missing := range r.Summary.Missing {
		command(&errors, "error", missing, "a listed deviation did not occur")
	}
	_, err := io.WriteString(w, errors.String()+warnings.String())
	return err
}

// What the runner takes for the end of a value is written as % and two hexadecimal digits.
var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// command writes a workflow command.
func command(b *strings.Builder, name, title, text string) {
	fmt.Fprintf(b, "::%s title=%s::%s\n", name, inProperty.Replace(title), inMessage.Replace(text))
}
