package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A demand is a sentence outside a rule that sounds like one.
type demand struct{ page, sentence string }

// exceptions are the sentences that need no rule id, each with the reason.
var exceptions = map[demand]string{
	{"tcpmux.md",
		"Look names up in a table; never build a path or a command from them."}: "advice on what no peer sees",
}

var (
	demanding = regexp.MustCompile(`(?i)\b(must|never|only)\b`)
	ruleStart = regexp.MustCompile(`^\*\*[A-Z]+-\d+\*\* `)
	ruleID    = regexp.MustCompile(`\b(TCPMUX|HMACSOCKET|UDPMUX)-\d+\b`) // and not SHA-256
	item      = regexp.MustCompile(`^\s*([-*]|\d+\.) `)
	sentence  = regexp.MustCompile("[.!?][*`\")]* +")
)

// TestDemands: what a protocol's page demands stands in a rule. A sentence elsewhere that says must, never or only
// names its rule.
func TestDemands(t *testing.T) {
	found := make(map[demand]bool)
	for _, page := range pageNames() {
		if !slices.Contains(Protocols(), protocolOf(page)) {
			continue
		}
		text, err := Pages.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range demands(string(text)) {
			found[demand{page, s}] = true
			if exceptions[demand{page, s}] == "" {
				t.Errorf("no rule is named in this sentence, and it is no exception:\n\t{%q, %q}: \"\",", page, s)
			}
		}
	}
	for e := range exceptions {
		if !found[e] {
			t.Errorf("%s: this exception is on the page no more: %q", e.page, e.sentence)
		}
	}
}

// demands returns a page's sentences that say must, never or only, are in no rule, and name none.
func demands(text string) (all []string) {
	for _, block := range blocks(text) {
		if ruleStart.MatchString(block) || strings.HasPrefix(block, "#") {
			continue
		}
		for _, s := range sentences(block) {
			if demanding.MatchString(s) && !ruleID.MatchString(s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// blocks returns a page's paragraphs, list items, headings and rows of tables, each in one line. Blocks of code are
// left out.
func blocks(text string) (all []string) {
	var block []string
	end := func() {
		if len(block) > 0 {
			all = append(all, strings.Join(block, " "))
		}
		block = nil
	}
	for line := range strings.Lines(withoutCode(text)) {
		row := strings.HasPrefix(line, "|")
		if row || strings.HasPrefix(line, "#") || item.MatchString(line) {
			end()
		}
		if words := strings.Join(strings.Fields(line), " "); words != "" {
			block = append(block, words)
		} else {
			end()
		}
		if row || strings.HasPrefix(line, "#") {
			end()
		}
	}
	end()
	return all
}

// sentences splits a block. A row of a table is one sentence.
func sentences(block string) (all []string) {
	if strings.HasPrefix(block, "|") {
		return []string{block}
	}
	for {
		at := sentence.FindStringIndex(block)
		if at == nil {
			return append(all, block)
		}
		all, block = append(all, strings.TrimSpace(block[:at[1]])), block[at[1]:]
	}
}

func TestDemandsFound(t *testing.T) {
	const page = "# Only a heading\n\nIt must.\nFine here. It\nnever ends (UDPMUX-1). " +
		"Only\nhere.\n\n    must be code\n\n**UDPMUX-1** MUST (server, rfc) It must.\n\n" +
		"- must in an item\n- none\n\n| must | in a row. Yes |\n|---|---|\n"
	want := []string{"It must.", "Only here.", "- must in an item", "| must | in a row. Yes |"}
	if got := demands(page); !slices.Equal(got, want) {
		t.Errorf("%q, expected %q", got, want)
	}
}
