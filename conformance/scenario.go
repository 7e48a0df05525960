package conformance

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/muxspec/muxspec/docs"
)

//go:embed tcpmux/*.txtar
var scripts embed.FS

// A Scenario is a script that shows one rule. Its head says which and what it needs:
//
//	# TCPMUX-16: what is tried, in a sentence or two.
//	# needs: echo late
//	# instance: own
//
// A scenario with an instance of its own disturbs the target or measures its processes; all others share one.
type Scenario struct {
	Name  string // of the file
	Rule  docs.Rule
	Title string
	Needs []string // services, "processes" (a look into the kernel's tables), "request_timeout"
	Own   bool     // has an instance of its own
	Text  string
}

// Scenarios gives all scenarios, by the number of their rule and their name. The scripts are part of the program: a bad one is
// a mistake in it, and panics.
var Scenarios = sync.OnceValue(func() []Scenario {
	rules, err := docs.All()
	if err != nil {
		panic(err)
	}
	var all []Scenario
	names, _ := fs.Glob(scripts, "*/*.txtar")
	for _, name := range names {
		text, _ := scripts.ReadFile(name)
		s, err := parseScenario(strings.TrimSuffix(path.Base(name), ".txtar"), string(text), rules)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b Scenario) int { return a.Rule.Number - b.Rule.Number })
	return all
})

// parseScenario reads a script's head.
func parseScenario(name, text string, rules []docs.Rule) (Scenario, error) {
	s := Scenario{Name: name, Text: text}
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if !ok {
			break
		}
		key, value, _ := strings.Cut(comment, ": ")
		i := slices.IndexFunc(rules, func(r docs.Rule) bool { return r.ID == key })
		switch {
		case s.Rule.ID == "" && i >= 0:
			s.Rule, s.Title = rules[i], value
		case s.Rule.ID == "":
			return s, fmt.Errorf("the first line names no rule: %q", comment)
		case key == "needs":
			s.Needs = strings.Fields(value)
		case key == "instance" && value == "own":
			s.Own = true
		default:
			s.Title += " " + comment
		}
	}
	if s.Rule.ID == "" {
		return s, fmt.Errorf("the first line names no rule")
	}
	for _, need := range s.Needs {
		if !slices.Contains(capabilities[s.Rule.Role], need) && need != "processes" && !slices.Contains(timers, need) {
			return s, fmt.Errorf("needs %q, which is unknown", need)
		}
	}
	return s, nil
}

func findScenario(name string) (Scenario, bool) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}

// Digest identifies pages and scenarios: two runs with the same digest asked the same.
func Digest() string {
	h := sha256.New()
	for _, fsys := range []fs.FS{docs.Pages, scripts} {
		fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				b, _ := fs.ReadFile(fsys, name)
				fmt.Fprintf(h, "%s %d\n%s", name, len(b), b)
			}
			return err
		})
	}
	return hex.EncodeToString(h.Sum(nil))
}
