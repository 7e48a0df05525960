package matrix

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

// A row is a rule in one role.
type row struct {
	ID, Role, Level, Class, Text, Why, Page, Section string

	Index int  // in the table
	Both  bool // the rule has a row for each of several roles
	Cells []cell

	protocol string
	number   int
}

// Pieces is the text, cut where it changes between prose and code, which the pages put between backquotes.
func (r *row) Pieces() (pieces []piece) {
	for i, text := range strings.Split(r.Text, "`") {
		pieces = append(pieces, piece{i%2 == 1, text})
	}
	return pieces
}

type piece struct {
	Code bool
	Text string
}

// Short is the role without its protocol.
func (r *row) Short() string { return strings.TrimPrefix(r.Role, r.protocol+"-") }

// A cell is what a report says of a row. Result is nil if it says nothing.
type cell struct {
	Outcome report.Outcome
	Result  *report.RuleResult
}

// Symbol is what stands in the cell: no two outcomes look alike without colour.
func (c cell) Symbol() string { return symbols[c.Outcome] }

var symbols = map[report.Outcome]string{report.Pass: "✓", report.Fail: "✗", report.Warn: "!", report.Known: "≈",
	report.Unsupported: "–", report.Blocked: "⊘", report.Inconclusive: "?"}

// A protocol and a section are headings with the rows below them.
type (
	protocol struct {
		Name     string
		Title    string
		Sections []section
	}
	section struct {
		Title string
		Rows  []*row
	}
)

// rowsOf gives a row for each rule and role that a report has, by protocol in the order of the reports, then in that
// of the pages.
func rowsOf(reports []*report.Report) []*row {
	index := make(map[[2]string]*row)
	roles := make(map[string][]string) // of each rule
	rank := make(map[string]int)       // of each protocol: in the order of the reports
	var rows []*row
	for n, rep := range reports {
		for i := range rep.Rules {
			result := &rep.Rules[i]
			key := [2]string{result.ID, result.Role}
			if index[key] == nil {
				index[key] = newRow(result, len(reports))
				if p := index[key].protocol; rank[p] == 0 {
					rank[p] = len(rank) + 1
				}
				rows = append(rows, index[key])
				roles[result.ID] = append(roles[result.ID], result.Role)
			}
			index[key].Cells[n] = cell{result.Outcome, result}
		}
	}
	slices.SortStableFunc(rows, func(a, b *row) int {
		return cmp.Or(rank[a.protocol]-rank[b.protocol], strings.Compare(a.Page, b.Page),
			slices.Compare(sectionNumber(a.Section), sectionNumber(b.Section)), strings.Compare(a.Section, b.Section),
			a.number-b.number, strings.Compare(b.Role, a.Role)) // the server before the client
	})
	for i, r := range rows {
		r.Index, r.Both = i, len(roles[r.ID]) > 1
	}
	return rows
}

func newRow(result *report.RuleResult, width int) *row {
	_, digits, _ := strings.Cut(result.ID, "-")
	number, _ := strconv.Atoi(digits)
	r := &row{ID: result.ID, Role: name(result.Role), Level: result.Level, Class: name(result.Class),
		Text: result.Rule.Text, Why: result.Rule.Why, Page: result.Rule.Page, Section: result.Rule.Section,
		Cells: make([]cell, width), protocol: name(result.Protocol), number: number}
	if r.Text == "" {
		r.Text, r.Section = "This program's pages have no such rule.", "Rules of other versions"
	}
	return r
}

// sectionNumber gives the numbers that a heading such as "2.10 Server: limits" begins with.
func sectionNumber(title string) (numbers []int) {
	first, _, _ := strings.Cut(title, " ")
	for part := range strings.SplitSeq(strings.Trim(first, "."), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return []int{1 << 30}
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// group puts the rows, which are in order, below their headings.
func group(rows []*row) (all []protocol) {
	page := ""
	for _, r := range rows {
		if n := len(all); n == 0 || all[n-1].Name != r.protocol {
			all = append(all, protocol{Name: r.protocol, Title: titleOf(r.protocol)})
		}
		p := &all[len(all)-1]
		if n := len(p.Sections); n == 0 || p.Sections[n-1].Title != r.Section || page != r.Page {
			p.Sections = append(p.Sections, section{Title: r.Section})
		}
		s := &p.Sections[len(p.Sections)-1]
		s.Rows, page = append(s.Rows, r), r.Page
	}
	return all
}

// titleOf gives the heading of a protocol's page, or the protocol's name, if it has none.
func titleOf(protocol string) string {
	text, err := docs.Pages.ReadFile(protocol + ".md")
	if err != nil {
		return protocol
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(first, "# ")
}

// rolesOf gives the roles that occur, sorted.
func rolesOf(rows []*row) (roles []string) {
	for _, r := range rows {
		roles = append(roles, r.Role)
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}
