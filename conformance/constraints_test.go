package conformance_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/docs"
)

// A constraint is a line of constraints.txt.
type constraint struct {
	line            string
	rules           []string
	inside, outside border
}

// A border is the values of a constraint on one side of it, and the scenarios that have them.
type border struct{ values, scenarios []string }

func readConstraints(t *testing.T) (all []constraint) {
	text, err := os.ReadFile("constraints.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.TrimSpace(cells[1]) == "" {
			t.Errorf("not RULE... | what | inside | outside: %s", line)
			continue
		}
		c := constraint{line: line, rules: strings.Fields(cells[0]), inside: readBorder(cells[2]),
			outside: readBorder(cells[3])}
		if len(c.inside.scenarios)+len(c.outside.scenarios) == 0 {
			t.Errorf("no scenario stands at this border: %s", line)
		}
		all = append(all, c)
	}
	return all
}

func readBorder(cell string) border {
	values, scenarios, _ := strings.Cut(cell, " in ")
	return border{strings.Fields(values), strings.Fields(scenarios)}
}

// TestConstraints: each number in a rule is a constraint, and scenarios of the rule stand at its borders.
func TestConstraints(t *testing.T) {
	scenarios := make(map[string]conformance.Scenario)
	for _, s := range conformance.Scenarios() {
		scenarios[s.Name] = s
	}
	constrained := make(map[string]bool)
	for _, c := range readConstraints(t) {
		for _, id := range c.rules {
			constrained[id] = true
		}
		for _, side := range []border{c.inside, c.outside} {
			found := make(map[string]bool)
			for _, name := range side.scenarios {
				s, ok := scenarios[name]
				if !ok || !slices.Contains(c.rules, s.Rule.ID) {
					t.Errorf("%s: no scenario %s of these rules", c.line, name)
				}
				_, script, _ := strings.Cut(s.Text, "\n") // without the title
				for _, word := range wordsOf(script) {
					found[word] = true
				}
			}
			for _, value := range side.values {
				if value != "each" && value != "time" && !found[value] {
					t.Errorf("%s: %s is not played", c.line, value)
				}
			}
		}
	}
	rules, err := docs.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if hasNumber(r.Text) && r.Untested == "" && !constrained[r.ID] {
			t.Errorf("%s has a number, and no line in constraints.txt: %s", r.ID, r.Text)
		}
	}
}

// references are numbers that constrain nothing.
var references = regexp.MustCompile(`[Ss]ections? [0-9., and]+|[Ss]teps? [0-9]+|RFC [0-9]+|[A-Z]+-[0-9]+`)

func hasNumber(text string) bool {
	return strings.ContainsAny(references.ReplaceAllString(text, ""), "0123456789")
}

var (
	words = regexp.MustCompile(`\\x[0-9a-f]{2}(\\x[0-9a-f]{2})?|\\u[0-9a-f]{4}|0x[0-9a-f]+|[0-9]+|[a-z]+`)
	moved = regexp.MustCompile(`\{([a-z]+)([+-][0-9]+)\}`)
)

// wordsOf gives the numbers, bytes and words that a script has, those that it makes of its variants' values included.
func wordsOf(text string) (all []string) {
	for _, word := range words.FindAllString(text, -1) {
		if all = append(all, word); len(word) == len(`\x00\x00`) && word[0] == '\\' {
			all = append(all, word[:4], word[4:])
		}
	}
	for _, place := range moved.FindAllStringSubmatch(text, -1) {
		by, _ := strconv.Atoi(place[2])
		for _, word := range slices.Clone(all) {
			if n, err := strconv.Atoi(word); err == nil {
				all = append(all, strconv.Itoa(n+by))
			}
		}
	}
	return all
}
