package matrix

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/report"
)

// A column is a report.
type column struct {
	Name     string // of the target, with a number if an earlier column has the same
	Roles    string // or how many there are, and then all of them in AllRoles
	AllRoles string
	Suite    report.Suite
	Letter   string // of the suite, if the reports are of several
	Facts    []string
	Bars     []bar
	Counts   []legend
	Notes    []string // what the page has to say of the target besides the cells
}

// A bar is a piece of the bar that shows how often each outcome occurs, in hundredths of it.
type bar struct {
	Outcome  report.Outcome
	X, Width float64
}

// A legend explains an outcome, and says how often it occurs.
type legend struct {
	Outcome      report.Outcome
	Symbol, Help string
	Count        int
}

var help = map[report.Outcome]string{
	report.Pass:         "the rule was kept",
	report.Fail:         "a MUST rule was broken",
	report.Warn:         "a SHOULD rule was broken",
	report.Known:        "broken, and listed with a reason in the target file",
	report.Unsupported:  "the target lacks what the scenario needs",
	report.Blocked:      "what the rule builds on does not work, so nothing can be concluded",
	report.Inconclusive: "the suite had trouble, such as a busy machine",
}

func columnsOf(reports []*report.Report) (columns []column) {
	used := make(map[string]bool)
	for _, r := range reports {
		title := name(r.Target)
		for n := 2; used[title]; n++ {
			title = fmt.Sprintf("%s (%d)", name(r.Target), n)
		}
		used[title] = true
		c := column{Name: title, Roles: visible(strings.Join(r.Roles, ", ")), Suite: r.Suite, Facts: facts(r)}
		if n := len(r.Roles); n > 2 {
			c.Roles, c.AllRoles = fmt.Sprintf("%d roles", n), c.Roles
		}
		c.Suite.Version = visible(c.Suite.Version)
		count := make(map[report.Outcome]int)
		for _, rule := range r.Rules {
			count[rule.Outcome]++
		}
		x := 0.0
		for _, o := range report.Outcomes {
			if n := count[o]; n > 0 {
				width := 100 * float64(n) / float64(len(r.Rules))
				c.Bars = append(c.Bars, bar{o, x, width})
				c.Counts = append(c.Counts, legend{o, symbols[o], help[o], n})
				x += width
			}
		}
		for _, m := range r.Summary.Missing {
			c.Notes = append(c.Notes, "A listed deviation did not occur: "+visible(m))
		}
		for _, fact := range slices.Sorted(maps.Keys(r.Profile)) {
			c.Notes = append(c.Notes, visible(fact+": "+r.Profile[fact]))
		}
		columns = append(columns, c)
	}
	return columns
}

// facts say when and how the run was made.
func facts(r *report.Report) (all []string) {
	if t, err := time.Parse(time.RFC3339, r.Began); err == nil {
		all = append(all, t.UTC().Format("2006-01-02 15:04 UTC"))
	} else {
		all = append(all, "date not recorded")
	}
	return append(all, fmt.Sprintf("seed %d", r.Summary.Seed), fmt.Sprintf("%.1f s", r.Summary.Seconds))
}

// markSuites gives the suites of which the reports are, unless they are all of the program's own, and gives each column
// the letter of its suite, if there are several.
func markSuites(own report.Suite, columns []column) (suites []string, mixed bool) {
	var digests []string
	for _, c := range columns {
		if !slices.Contains(digests, c.Suite.Digest) {
			digests = append(digests, c.Suite.Digest)
			suites = append(suites, fmt.Sprintf("%s, digest %.12s", c.Suite.Version, c.Suite.Digest))
		}
	}
	if len(digests) == 1 && digests[0] == own.Digest {
		return nil, false
	}
	for i := range columns {
		if n := slices.Index(digests, columns[i].Suite.Digest); len(digests) > 1 {
			columns[i].Letter = letter(n)
		}
	}
	if len(digests) > 1 {
		for i := range suites {
			suites[i] = letter(i) + " is " + suites[i]
		}
	}
	return suites, len(digests) > 1
}

// letter names the nth suite: A to Z, then AA.
func letter(n int) string { return strings.Repeat(string(rune('A'+n%26)), n/26+1) }

// legendOf counts the cells of each outcome.
func legendOf(rows []*row) (all []legend) {
	count := make(map[report.Outcome]int)
	for _, r := range rows {
		for _, c := range r.Cells {
			count[c.Outcome]++
		}
	}
	for _, o := range report.Outcomes {
		if count[o] > 0 {
			all = append(all, legend{o, symbols[o], help[o], count[o]})
		}
	}
	return all
}
