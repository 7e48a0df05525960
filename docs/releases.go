package docs

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed releases.txt
var releasesText string

// A release has all rules up to some number of each protocol: ids are given in order, and never again.
type release struct {
	name string
	last map[string]int // by protocol
}

var releases = sync.OnceValues(func() ([]release, error) { return parseReleases(releasesText) })

// parseReleases reads lines such as "v0.1.0 TCPMUX-70 UDPMUX-156".
func parseReleases(text string) (all []release, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		r := release{fields[0], make(map[string]int)}
		for _, id := range fields[1:] {
			name, number, _ := strings.Cut(id, "-")
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("releases.txt: %s: %q is no rule", r.name, id)
			}
			r.last[strings.ToLower(name)] = n
		}
		if len(all) > 0 {
			for protocol, n := range all[len(all)-1].last {
				if r.last[protocol] < n {
					return nil, fmt.Errorf("releases.txt: %s has fewer rules of %s than the release before it",
						r.name, protocol)
				}
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// Through gives a function that says whether a rule is of that release or of one before it; an empty name stands for
// all. The error names the releases that there are.
func Through(name string) (func(Rule) bool, error) {
	all, err := releases()
	if err != nil {
		return nil, err
	}
	return through(all, name)
}

func through(all []release, name string) (func(Rule) bool, error) {
	if name == "" {
		return func(Rule) bool { return true }, nil
	}
	var names []string
	for _, r := range all {
		if r.name == name {
			return func(rule Rule) bool { return rule.Number <= r.last[rule.Protocol] }, nil
		}
		names = append(names, r.name)
	}
	return nil, fmt.Errorf("no release %q; there are: %s", name, strings.Join(names, ", "))
}
