package docs

import (
	"testing"
)

// The last release has all rules and no others: each rule has a release, and an id neither vanishes nor comes back with
// another meaning.
func TestReleases(t *testing.T) {
	all, err := releases()
	if err != nil || len(all) == 0 {
		t.Fatal(err, all)
	}
	last := all[len(all)-1]
	for _, protocol := range Protocols() {
		rules, err := Rules(protocol)
		if err != nil {
			t.Fatal(err)
		}
		if len(rules) != last.last[protocol] {
			t.Errorf("%s: the last rule is number %d, but in releases.txt number %d: ids are append-only, "+
				"and the file has the last",
				protocol, len(rules), last.last[protocol])
		}
	}
	if _, err := Through(last.name); err != nil {
		t.Error(err)
	}
}

func TestThrough(t *testing.T) {
	all, err := parseReleases("# x\n\nv1 A-2\nv2 A-2 B-1\nv3 A-5 B-1\n")
	if err != nil {
		t.Fatal(err)
	}
	rules := []Rule{{Protocol: "a", Number: 2}, {Protocol: "a", Number: 3}, {Protocol: "b", Number: 1},
		{Protocol: "b", Number: 9}}
	for name, want := range map[string][]bool{
		"v1": {true, false, false, false}, "v2": {true, false, true, false}, "v3": {true, true, true, false},
		"": {true, true, true, true},
	} {
		has, err := through(all, name)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rules {
			if has(r) != want[i] {
				t.Errorf("%q, rule %d of %s: %v", name, r.Number, r.Protocol, !want[i])
			}
		}
	}
	if _, err := through(all, "v4"); err == nil || err.Error() != `no release "v4"; there are: v1, v2, v3` {
		t.Error(err)
	}
	for _, bad := range []string{"v1 A", "v1 A-x", "v1 A-0", "v1 A-2\nv2 A-1", "v1 A-2\nv2 B-1"} {
		if all, err := parseReleases(bad); err == nil {
			t.Errorf("%q: %v", bad, all)
		}
	}
}
