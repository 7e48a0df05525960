// Package report holds the result of a run, a [Report], and writes it for people and for programs.
package report

import (
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Schema is the JSON Schema (draft 2020-12) of a [Report] as JSON.
//
//go:embed report.schema.json
var Schema string

// A Style says how [Console] writes.
type Style struct {
	Args    string // of "muxspec run", for the lines that tell how to repeat a scenario
	Verbose bool   // the evidence of known deviations, too, and whole texts
	Colour  bool   // by the escapes that terminals know
	Width   int    // of lines with a rule's text, in columns; 0: unknown
}

// usualText is how much of a rule's text is shown where nothing says how wide lines may be, and leastText where they
// are very narrow.
const usualText, leastText = 90, 20

// Console writes the report for a person: a line for each rule, followed by the evidence of each violation that is not
// listed, and a summary. Rules that were not judged for the same reason share a line.
func Console(w io.Writer, r *Report, style Style) {
	fmt.Fprintf(w, "target %s as %s\n\n", r.Target, strings.Join(r.Roles, ", "))
	said := make(map[string]bool) // what is missing or broken for many rules is said at the first
	width := 10                   // of the longest id
	for _, rule := range r.Rules {
		width = max(width, len(rule.ID))
	}
	room := usualText
	if style.Width > 0 {
		room = max(leastText, style.Width-len("INCONCLUSIVE ")-width-len(" SHOULD "))
	}
	alike := alikes(r.Rules)
	for i, rule := range r.Rules {
		if len(rule.Rule.Roles) > 1 && len(r.Roles) > 1 && (i == 0 || r.Rules[i-1].Role != rule.Role) {
			fmt.Fprintf(w, "as %s:\n", rule.Role) // else the id tells
		}
		outcome := style.colour(rule.Outcome, fmt.Sprintf("%-12s", mark(rule.Outcome)))
		if group := alike[i]; group != nil && !style.Verbose {
			if group.first == i {
				fmt.Fprintf(w, "%s %d rules: %s\n    %s\n", outcome, group.count, group.ids(r.Rules), group.reason)
			}
			continue
		}
		text := rule.Rule.Text
		if !style.Verbose {
			text = clip(text, room)
		}
		fmt.Fprintf(w, "%s %-*s %-6s %s\n", outcome, width, rule.ID, rule.Level, text)
		reasons(w, rule, said, style)
	}
	summary(w, r)
}

// reasons says why a rule's scenarios did not pass.
func reasons(w io.Writer, rule RuleResult, said map[string]bool, style Style) {
	lacks, quoted := make(map[string]bool), false
	for _, s := range rule.Scenarios {
		switch {
		case s.Outcome == Pass || s.Known && !style.Verbose || said[s.Reason]:
		case s.Outcome == Unsupported:
			if (rule.Outcome == Unsupported || style.Verbose) && !lacks[s.Reason] {
				fmt.Fprintf(w, "    %s\n", s.Reason)
			}
			lacks[s.Reason] = true
		case s.Outcome == Blocked || s.Reason == Interrupted || s.Reason == TimedOut:
			said[s.Reason] = true
			fmt.Fprintf(w, "    %s\n", s.Reason)
		default:
			scenario(w, rule, s, style.Args, !quoted)
			quoted = true
		}
	}
}

// String gives the report as [Console] writes it, for a test's log.
func (r *Report) String() string {
	if r == nil {
		return "no report"
	}
	var b strings.Builder
	Console(&b, r, Style{})
	return b.String()
}

// scenario shows one scenario that did not pass. The first of a rule quotes the rule.
func scenario(w io.Writer, rule RuleResult, s ScenarioResult, args string, quote bool) {
	fmt.Fprintf(w, "    %s: %s\n", s.Full(), s.Reason)
	for _, line := range s.Proof {
		fmt.Fprintf(w, "      %s\n", line)
	}
	if quote {
		fmt.Fprintf(w, "      rule:   %s (docs/%s, %s)\n", rule.Rule.Text, rule.Rule.Page, rule.Rule.Section)
	}
	fmt.Fprintf(w, "      repeat: muxspec run --scenario %s %s\n", s.Full(), args)
}

func summary(w io.Writer, r *Report) {
	for i, fact := range slices.Sorted(maps.Keys(r.Profile)) {
		if i == 0 {
			fmt.Fprintln(w, "\nchoices that the page leaves open:")
		}
		fmt.Fprintf(w, "  %s: %s\n", fact, r.Profile[fact])
	}
	s := r.Summary
	fmt.Fprintf(w, "\njudged %d of %d rules, listed %d:", s.Judged, s.Rules, s.Listed)
	sep := " "
	for _, o := range Outcomes {
		if n := s.Count[o]; n > 0 {
			fmt.Fprintf(w, "%s%d %s", sep, n, o)
			sep = ", "
		}
	}
	fmt.Fprintf(w, "; %.2f s\n", s.Seconds)
	for _, m := range s.Missing {
		fmt.Fprintf(w, "a listed deviation did not occur: %s\n", m)
	}
	switch {
	case s.Count[Fail] > 0:
		fmt.Fprintf(w, "%s breaks %s\n", r.Target, strings.Join(failed(r), ", "))
	case s.Exit == ExitInconclusive && s.Judged == 0:
		fmt.Fprintf(w, "no conclusion about %s: %s\n", r.Target, NoneJudged)
	case s.Exit == ExitInconclusive:
		fmt.Fprintf(w, "no conclusion about %s: not everything could be judged that should be\n", r.Target)
	case s.Exit != ExitOK:
	case s.Listed > 0 || s.Rules > s.Judged || s.Count[Warn] > 0:
		fmt.Fprintf(w, "%s breaks no MUST rule", r.Target)
		if s.Listed > 0 {
			fmt.Fprint(w, " except for the deviations listed in its target file")
		}
		if n := s.Rules - s.Judged; n > 0 {
			fmt.Fprintf(w, "; %d %s could not be judged", n, map[bool]string{true: "rule", false: "rules"}[n == 1])
		}
		fmt.Fprintln(w)
	default:
		fmt.Fprintf(w, "%s conforms to all selected rules\n", r.Target)
	}
}

// failed gives the ids of the rules that are broken and not listed.
func failed(r *Report) (ids []string) {
	for _, rule := range r.Rules {
		if rule.Outcome == Fail && !slices.Contains(ids, rule.ID) {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

// colour paints what needs attention.
func (style Style) colour(o Outcome, text string) string {
	escape := map[Outcome]string{Pass: "32", Fail: "1;31", Warn: "33", Inconclusive: "35"}[o]
	if !style.Colour || escape == "" {
		return text
	}
	return "\x1b[" + escape + "m" + text + "\x1b[0m"
}

// mark makes what needs attention stand out without colour.
func mark(o Outcome) string {
	switch o {
	case Fail, Warn, Inconclusive:
		return strings.ToUpper(string(o))
	}
	return string(o)
}

// clip shortens a text to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n-1])) + "…"
	}
	return s
}
