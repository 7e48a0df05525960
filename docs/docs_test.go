package docs

import (
	"slices"
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	for _, protocol := range Protocols() {
		rules, err := Rules(protocol)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if r.Section == "" {
				t.Errorf("%s stands under no heading", r.ID)
			}
			if !strings.HasSuffix(r.Text, ".") {
				t.Errorf("%s: the text is not a sentence: %q", r.ID, r.Text)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const good = "**TCPMUX-1** MUST (server, rfc) Text. *Source: RFC.*"
	read := func(text string) ([]Rule, error) {
		rules, err := parse("tcpmux", "tcpmux.md", text)
		if err != nil {
			return nil, err
		}
		return rules, inOrder("tcpmux", rules)
	}
	rules, err := read("# Heading\n\n" + good + "\n\n**TCPMUX-2** WITHDRAWN It was wrong.\n\n" +
		"**TCPMUX-3** SHOULD (both, rfc) Bare.\n\n" +
		"**TCPMUX-4** MUST (client, rfc) All. *Source: S.* *Why: W.* *Not tested from outside: N.*\n\n" +
		"*Role: both.* And more.\n\n**TCPMUX-5** MUST (rfc) Both.\n\n" +
		"*Role: client.*\n\n**TCPMUX-6** MUST (interop) One.\n\n" +
		"**TCPMUX-7** MUST (server, rfc) Its own.")
	if err != nil || len(rules) != 7 || !rules[1].Withdrawn {
		t.Fatalf("good page: %v, %v", rules, err)
	}
	if r := rules[2]; r.Text != "Bare." || r.Source+r.Why+r.Untested != "" || len(r.Roles) != 2 {
		t.Errorf("a rule without reasons: %+v", r)
	}
	if r := rules[3]; r.Text != "All." || r.Source != "S." || r.Why != "W." || r.Untested != "N." ||
		r.Page != "tcpmux.md" {
		t.Errorf("a rule with all parts: %+v", r)
	}
	if !slices.Equal(rules[4].Roles, []string{"tcpmux-server", "tcpmux-client"}) ||
		!slices.Equal(rules[5].Roles, []string{"tcpmux-client"}) || rules[6].Roles[0] != "tcpmux-server" {
		t.Errorf("rules after a paragraph with a role: %+v", rules[4:])
	}
	for name, page := range map[string]string{
		"no role":        strings.Replace(good, "server, ", "", 1),
		"duplicate":      good + "\n\n" + good,
		"gap":            good + "\n\n" + strings.Replace(good, "-1", "-3", 1),
		"unknown level":  strings.Replace(good, "MUST", "MAY", 1),
		"unknown class":  strings.Replace(good, "rfc", "taste", 1),
		"without number": strings.Replace(good, "-1", "-x", 1),
	} {
		if rules, err := read(page); err == nil {
			t.Errorf("%s: accepted as %v", name, rules)
		}
	}
}
