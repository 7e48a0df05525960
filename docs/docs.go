// Package docs embeds the protocols' pages and reads the rules out of them. The pages are the one source of rule ids: a
// rule is a paragraph such as
//
//	**TCPMUX-60** SHOULD (client, interop, window) Text. *Source: where it comes from.* *Not tested from outside: why.*
//
// in whose brackets "both" stands for client and server,
// and a withdrawn one leaves a paragraph such as
//
//	**TCPMUX-63** WITHDRAWN Why.
package docs

import (
	"bytes"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Pages holds the pages, NAME.md.
//
//go:embed *.md
var Pages embed.FS

// Protocols are the pages that have rules, by their names: a page's rule ids begin with its name in capitals.
var Protocols = sync.OnceValue(func() (names []string) {
	pages, _ := Pages.ReadDir(".") // sorted
	for _, p := range pages {
		name := strings.TrimSuffix(p.Name(), ".md")
		if text, err := Pages.ReadFile(p.Name()); err == nil && bytes.Contains(text, []byte("\n**"+strings.ToUpper(name)+"-")) {
			names = append(names, name)
		}
	}
	return names
})

// Classes are the reasons why something is a rule, from the most to the least binding.
var Classes = []string{"rfc", "interop", "robustness", "hardening"}

// A Rule is one observable fault.
type Rule struct {
	ID       string   // TCPMUX-6
	Number   int      // 6
	Protocol string   // tcpmux
	Level    string   // MUST or SHOULD
	Roles    []string // tcpmux-server; those who have to keep it
	Class    string   // one of [Classes]
	// Window: that it is kept is shown by nothing happening for some time.
	Window bool
	Text   string
	Source string
	// Untested says why it cannot be tested from outside; empty where it can.
	Untested string
	// Section is the heading of the page that it stands under.
	Section string
	// Withdrawn: the rule is void, and Text says why. Nothing else but ID, Number, Protocol and Section is set.
	Withdrawn bool
}

// Compiled at their first use: the fixture services and the reference are the same program, are started often, and read no pages.
var (
	idLine    = compiled(`^\*\*([A-Z]+)-(\d+)\*\* (.*)$`)
	body      = compiled(`^(MUST|SHOULD) \(([a-z-]+), ([a-z]+)(, window)?\) (.+?) \*Source: (.+?)\*(?: \*Not tested from outside: (.+)\*)?$`)
	withdrawn = compiled(`^WITHDRAWN (.+)$`)
)

func compiled(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// Rules gives a protocol's rules by their number.
func Rules(protocol string) ([]Rule, error) {
	page, err := Pages.ReadFile(protocol + ".md")
	if err != nil {
		return nil, err
	}
	return parse(protocol, string(page))
}

// All gives the rules of all protocols that are not withdrawn.
func All() ([]Rule, error) {
	rules, err := all()
	return slices.Clone(rules), err
}

var all = sync.OnceValues(func() ([]Rule, error) {
	var all []Rule
	for _, protocol := range Protocols() {
		rules, err := Rules(protocol)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			if !r.Withdrawn {
				all = append(all, r)
			}
		}
	}
	return all, nil
})

// parse reads a page. It refuses a rule that is not of the form above, an id that is there twice, and a number that is missing.
func parse(protocol, page string) ([]Rule, error) {
	var rules []Rule
	section := ""
	for paragraph := range strings.SplitSeq(page, "\n\n") {
		text := strings.Join(strings.Fields(paragraph), " ")
		if strings.HasPrefix(text, "#") {
			section = strings.TrimLeft(text, "# ")
		}
		if !strings.HasPrefix(text, "**"+strings.ToUpper(protocol)+"-") {
			continue
		}
		r, err := parseRule(protocol, text)
		if err != nil {
			return nil, fmt.Errorf("%s.md: %w", protocol, err)
		}
		r.Section = section
		rules = append(rules, r)
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return a.Number - b.Number })
	for i, r := range rules {
		switch want := i + 1; {
		case r.Number < want:
			return nil, fmt.Errorf("%s.md: %s is there twice", protocol, r.ID)
		case r.Number > want:
			return nil, fmt.Errorf("%s.md: %s-%d has vanished: a withdrawn rule leaves a paragraph behind", protocol, strings.ToUpper(protocol), want)
		}
	}
	return rules, nil
}

func parseRule(protocol, text string) (Rule, error) {
	id := idLine().FindStringSubmatch(text)
	if id == nil || id[1] != strings.ToUpper(protocol) {
		return Rule{}, fmt.Errorf("not a rule: %.40q", text)
	}
	n, err := strconv.Atoi(id[2])
	if err != nil {
		return Rule{}, fmt.Errorf("not a rule: %.40q", text)
	}
	r := Rule{ID: id[1] + "-" + id[2], Number: n, Protocol: protocol}
	if m := withdrawn().FindStringSubmatch(id[3]); m != nil {
		r.Withdrawn, r.Text = true, m[1]
		return r, nil
	}
	m := body().FindStringSubmatch(id[3])
	if m == nil || !slices.Contains(Classes, m[3]) {
		return Rule{}, fmt.Errorf("%s: not of the form LEVEL (role, class) text *Source: …*", r.ID)
	}
	r.Level, r.Class, r.Window = m[1], m[3], m[4] != ""
	r.Roles = []string{protocol + "-" + m[2]}
	if m[2] == "both" {
		r.Roles = []string{protocol + "-server", protocol + "-client"}
	}
	r.Text, r.Source, r.Untested = m[5], m[6], m[7]
	return r, nil
}
