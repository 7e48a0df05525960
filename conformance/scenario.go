package conformance

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/muxspec/muxspec/docs"
)

//go:embed tcpmux/*.txtar hmacsocket/*.txtar udpmux/*.txtar
var scripts embed.FS

// A Scenario is a script that shows one rule. Its head says which and what it needs:
//
//	# TCPMUX-16: what is tried, in a sentence or two.
//	# needs: echo late
//	# instance: own
//	# key: a\x00b
//	# options: modes=token flow-idle=300ms
//
// The key is that of an HMACSocket target, with Go's escapes; the options are those of a UDP mux daemon. A scenario with an instance of its own disturbs the target or measures its processes; all others share one.
type Scenario struct {
	Name  string // of the file
	Role  string // whose rule it shows; a script of a rule for both roles makes a scenario for each
	Rule  docs.Rule
	Title string
	Needs []string // services, "processes" (a look into the kernel's tables), "slow" (it takes seconds), "time" (some passes), "request_timeout"
	Own   bool     // has an instance of its own
	Key   string   // of an HMACSocket target; a random one if empty
	// Options are what a UDP mux daemon is told: names of the page's options, and "listen", to values; an empty one takes its default away.
	Options map[string]string
	Text    string
}

// byRule sorts scenarios role by role, and within a role by the number of their rule and their name.
func byRule(a, b Scenario) int {
	return cmp.Or(slices.Index(Roles, a.Role)-slices.Index(Roles, b.Role), a.Rule.Number-b.Rule.Number, strings.Compare(a.Name, b.Name))
}

// Scenarios gives all scenarios, by their role, the number of their rule and their name. The scripts are part of the program: a bad one is
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
		for _, role := range s.Rule.Roles {
			s.Role = role
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, byRule)
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
			s.Own = s.Own || isHMAC(s.Rule.Roles[0]) && value != "processes" // the shared one may have another hash
		case key == "instance" && value == "own":
			s.Own = true
		case key == "options":
			if s.Options, s.Own = make(map[string]string), true; !s.setOptions(value) {
				return s, fmt.Errorf("options %q: is not NAME=VALUE... of the page's options", value)
			}
		case key == "key":
			k, err := strconv.Unquote(`"` + value + `"`)
			if err != nil {
				return s, fmt.Errorf("key %q is no text with Go's escapes", value)
			}
			s.Key, s.Own = k, true
		default:
			s.Title += " " + comment
		}
	}
	if s.Rule.ID == "" {
		return s, fmt.Errorf("the first line names no rule")
	}
	for _, need := range s.Needs {
		offered := func(role string) bool { return slices.Contains(capabilities[role], need) }
		if !slices.ContainsFunc(s.Rule.Roles, offered) && need != "processes" && need != slow && need != passing && !slices.Contains(timers, need) {
			return s, fmt.Errorf("needs %q, which is unknown", need)
		}
	}
	return s, nil
}

// waits says whether the scenario waits for time to pass, which costs nothing.
func (s Scenario) waits() bool {
	for _, option := range s.Options {
		if _, err := time.ParseDuration(option); err == nil && option != "0" {
			return true
		}
	}
	return slices.ContainsFunc(s.Needs, func(need string) bool { return need == passing || slices.Contains(timers, need) })
}

// findScenario gives the scenario of that name for a role; for any role, if that is empty.
func findScenario(name, role string) (Scenario, bool) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name && (role == "" || s.Role == role) })
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
