// Package matrix writes reports as one HTML page: a table of targets and rules, with the evidence of each cell.
//
// The page is whole in itself: style sheet, script and data stand in it, it asks for nothing from anywhere, and without
// its script it is still a table that can be read. What targets have sent is in it, so every text is made visible
// (text.go) and then escaped by html/template, and a policy in the page's head lets only its own script run.
//
// rows.go orders the rules, data.go holds what the script shows when a cell is opened, page.html, page.css and page.js
// are the page.
package matrix

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"io"
	"sync"

	"github.com/muxspec/muxspec/conformance/report"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// page is parsed when it is first used: most processes of this program never write one.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageHTML))
})

// A page of ten targets has at most a mebibyte, which every mail and every forge takes; more targets may have more.
const (
	pageMost   = 1 << 20
	targetMost = pageMost / 10
)

// evidenceLines are how many lines of a scenario's evidence the page has: the first of these with which it is small
// enough, or the last.
var evidenceLines = []int{60, 30, 15, 8, 4, 2, 0}

// A view is what page.html is filled with.
type view struct {
	Title         string
	Suite         report.Suite // of the program that writes the page
	CSS           template.CSS
	JS            template.JS
	Policy        string
	Columns       []column
	Protocols     []protocol
	Roles         []string
	Legend        []legend
	Width         int      // of a row, in cells
	Suites        []string // the digests that the reports are of, if they are not all this program's
	Mixed, Single bool
	Data          data

	rows []*row
}

// Write writes the page. Suite is that of the program itself, whose pages the rules' texts are from: the page says so
// if a report is of another. Without a report it returns an error.
func Write(w io.Writer, suite report.Suite, reports ...*report.Report) error {
	if len(reports) == 0 {
		return errors.New("there is no report to show")
	}
	v := newView(suite, reports)
	var b bytes.Buffer
	for _, lines := range evidenceLines {
		v.Data = newData(v, reports, lines)
		b.Reset()
		if err := page().Execute(&b, v); err != nil {
			return err
		}
		if b.Len() <= max(pageMost, len(reports)*targetMost) {
			break
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// newView puts everything together but the evidence.
func newView(suite report.Suite, reports []*report.Report) *view {
	v := &view{
		Title: "muxspec: " + name(reports[0].Target), Suite: suite, CSS: template.CSS(pageCSS),
		JS: template.JS(pageJS), Policy: "default-src 'none'; style-src " + hash(pageCSS) +
			"; script-src " + hash(pageJS),
		Width: len(reports) + 1, Single: len(reports) == 1,
	}
	if !v.Single {
		v.Title = "muxspec: which target follows which rule"
	}
	v.Suite.Version = visible(suite.Version)
	v.Columns = columnsOf(reports)
	v.Suites, v.Mixed = markSuites(suite, v.Columns)
	v.rows = rowsOf(reports)
	v.Protocols, v.Roles, v.Legend = group(v.rows), rolesOf(v.rows), legendOf(v.rows)
	return v
}

// hash is the source expression that allows just this text in the policy of a page.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
