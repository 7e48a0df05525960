// Package docs embeds the protocols' pages and reads the rules out of them. The pages are the one source of rule ids: a
// rule is a paragraph such as
//
//	**TCPMUX-60** SHOULD (client, interop) Text. *Source: a section.* *Why: a reason.* *Not tested from outside: why.*
//
// of which each part in italics may be missing. The role may be missing, too: it is then that of the last paragraph
// before the rule that begins with, for instance,
//
//	*Role: client.*
//
// "both" stands for client and server. A withdrawn rule leaves a paragraph such as
//
//	**TCPMUX-63** WITHDRAWN Why.
package docs

import (
	"bytes"
	"cmp"
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

// Findings is the page that says what runs have found: it asks for nothing.
const Findings = "findings.md"

// Protocols are the protocols that have pages with rules, sorted. Rule ids begin with the protocol's name in capitals.
var Protocols = sync.OnceValue(func() (names []string) {
	for _, page := range pageNames() {
		protocol := protocolOf(page)
		text, err := Pages.ReadFile(page)
		if err == nil && bytes.Contains(text, []byte("\n**"+strings.ToUpper(protocol)+"-")) {
			names = append(names, protocol)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
})

func pageNames() (names []string) {
	pages, _ := Pages.ReadDir(".") // it is embedded
	for _, p := range pages {
		names = append(names, p.Name())
	}
	return names
}

// protocolOf gives the protocol whose rules a page may hold: x for x.md and for x-y.md.
func protocolOf(page string) string {
	protocol, _, _ := strings.Cut(strings.TrimSuffix(page, ".md"), "-")
	return protocol
}

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
	Text     string
	Source   string // where the rule comes from; empty if that is clear
	Why      string // the reason for the rule; empty if that is clear
	// Untested says why it cannot be tested from outside; empty where it can.
	Untested string
	Page     string // tcpmux.md
	Section  string // the heading on that page that the rule stands under
	// Withdrawn: the rule is void, and Text says why. Nothing else but ID, Number, Protocol and Section is set.
	Withdrawn bool
}

// Compiled at their first use: the fixture services and the reference are the same program, are started often, and read
// no pages.
var (
	idLine = compiled(`^\*\*([A-Z]+)-(\d+)\*\* (.*)$`)
	role   = compiled(`^\*Role: ([a-z-]+)\.\*`)
	body   = compiled(`^(MUST|SHOULD) \((?:([a-z-]+), )?(` + strings.Join(Classes, "|") +
		`)\) (.+?)(?: \*Source: (.+?)\*)?(?: \*Why: (.+?)\*)?(?: \*Not tested from outside: (.+)\*)?$`)
	withdrawn = compiled(`^WITHDRAWN (.+)$`)
)

func compiled(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// Rules gives a protocol's rules by their number. They stand on the page of the protocol's name and on those whose
// names begin with it and a dash.
func Rules(protocol string) ([]Rule, error) {
	var rules []Rule
	for _, page := range pageNames() {
		if protocolOf(page) != protocol {
			continue
		}
		text, err := Pages.ReadFile(page)
		if err != nil {
			return nil, err
		}
		read, err := parse(protocol, page, string(text))
		if err != nil {
			return nil, err
		}
		rules = append(rules, read...)
	}
	return rules, inOrder(protocol, rules)
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

// parse reads a page. It refuses a rule that is not of the form above.
func parse(protocol, page, text string) ([]Rule, error) {
	var rules []Rule
	section, roleBefore := "", ""
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		text := strings.Join(strings.Fields(paragraph), " ")
		if strings.HasPrefix(text, "#") {
			section = strings.TrimLeft(text, "# ")
		}
		if m := role().FindStringSubmatch(text); m != nil {
			roleBefore = m[1]
		}
		if !strings.HasPrefix(text, "**"+strings.ToUpper(protocol)+"-") {
			continue
		}
		r, err := parseRule(protocol, roleBefore, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
		r.Page, r.Section = page, section
		rules = append(rules, r)
	}
	return rules, nil
}

// inOrder sorts rules by their number. It refuses an id that is there twice, and a number that is missing.
func inOrder(protocol string, rules []Rule) error {
	slices.SortStableFunc(rules, func(a, b Rule) int { return a.Number - b.Number })
	for i, r := range rules {
		switch want := i + 1; {
		case r.Number < want:
			return fmt.Errorf("%s: %s is there twice", r.Page, r.ID)
		case r.Number > want:
			return fmt.Errorf("%s-%d is on no page: a withdrawn rule leaves a paragraph",
				strings.ToUpper(protocol), want)
		}
	}
	return nil
}

func parseRule(protocol, roleBefore, text string) (Rule, error) {
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
	if m == nil {
		return Rule{}, fmt.Errorf("%s: not of the form LEVEL (role, class) text *Source: …* *Why: …*", r.ID)
	}
	if m[2] = cmp.Or(m[2], roleBefore); m[2] == "" {
		return Rule{}, fmt.Errorf("%s: neither the rule nor a paragraph before it names a role", r.ID)
	}
	r.Level, r.Class = m[1], m[3]
	r.Roles = []string{protocol + "-" + m[2]}
	if m[2] == "both" {
		r.Roles = []string{protocol + "-server", protocol + "-client"}
	}
	r.Text, r.Source, r.Why, r.Untested = m[4], m[5], m[6], m[7]
	return r, nil
}
