// Command makefindings puts into docs/findings.md what the suite finds in other implementations: it judges the targets
// that are here, and takes the consequences and work-arounds from their files. "make findings" runs it in the
// repository's root; names of targets as arguments choose. What a missing program's section says stays as it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

const page = "docs/findings.md"

func main() {
	if err := write(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "makefindings: %v\n", err)
		os.Exit(1)
	}
}

// write judges the targets, those named or all, and writes the page. If one fails, the others are on it all the same.
func write(only []string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	muxspec, remove, err := build()
	if err != nil {
		return err
	}
	defer remove()
	made := string(text)
	var failed []error
	for _, name := range names() {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		next, err := judged(made, name, muxspec)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		made = next
	}
	return errors.Join(append(failed, os.WriteFile(page, []byte(made), 0o644))...)
}

// judged returns the page with the target's table, or as it was if the target is not here.
func judged(text, name, muxspec string) (string, error) {
	target, err := conformance.LoadTarget(filepath.Join("conformance", "targets", name+".toml"))
	if err != nil {
		return "", err
	}
	if err := conformance.Found(target); err != nil {
		fmt.Fprintf(os.Stderr, "makefindings: left as it is: %v\n", err)
		return text, nil
	}
	rep, err := conformance.Run(context.Background(),
		conformance.Options{Target: target, Program: muxspec, Quick: true})
	if err != nil {
		return "", err
	}
	if rep.Summary.Exit != report.ExitOK && !onlyListedUnclear(target, rep) {
		return "", fmt.Errorf("left as it is: the verdict is not what the target file lists "+
			"(is the machine busy?):\n%v", rep)
	}
	findings, err := findingsOf(target, seen(rep))
	if err != nil {
		return "", err
	}
	return put(text, name, table(findings))
}

// onlyListedUnclear says that nothing is wrong but that deviations that are listed could not be told on a busy machine:
// others show the same cause.
func onlyListedUnclear(t *conformance.Target, rep *report.Report) bool {
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			listed := slices.ContainsFunc(t.Known, func(k conformance.Deviation) bool { return k.Scenario == s.Name })
			if s.Outcome == report.Inconclusive && !listed {
				return false
			}
		}
	}
	return rep.Summary.Exit == report.ExitInconclusive
}

// names are the targets that are somebody else's and say what follows from their deviations.
func names() []string {
	return slices.DeleteFunc(conformance.TargetNames(), func(name string) bool {
		t, err := conformance.LoadTarget(name)
		return err == nil && !slices.ContainsFunc(t.Known, func(k conformance.Deviation) bool {
			return k.Consequence != ""
		})
	})
}

// build builds muxspec, which has the fixtures.
func build() (path string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "findings")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	path = filepath.Join(dir, "muxspec")
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/muxspec").CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("building muxspec: %w\n%s", err, out)
	}
	return path, remove, nil
}

// seen gives what each scenario saw of a violation, by rule and scenario.
func seen(rep *report.Report) map[string]string {
	all := map[string]string{}
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			if s.Outcome == report.Violation {
				all[rule.ID+" "+s.Name] = s.Reason
			}
		}
	}
	return all
}

// A finding is what several deviations of a target have in common.
type finding struct {
	rules []string
	// evidence is what the first of the scenarios saw that saw anything.
	evidence, reason, consequence, workaround string
}

// findingsOf brings together the deviations with one reason, in the order of the file.
func findingsOf(t *conformance.Target, evidence map[string]string) (all []*finding, err error) {
	for _, k := range t.Known {
		i := slices.IndexFunc(all, func(f *finding) bool { return f.reason == k.Reason })
		if i < 0 {
			if k.Consequence == "" || k.Workaround == "" {
				return nil, fmt.Errorf("%s: %s %s: the first deviation with this reason says neither "+
					"consequence nor workaround: %s",
					t.Name, k.Rule, k.Scenario, k.Reason)
			}
			i = len(all)
			all = append(all, &finding{reason: k.Reason, consequence: k.Consequence, workaround: k.Workaround})
		} else if k.Consequence+k.Workaround != "" {
			return nil, fmt.Errorf("%s: %s %s: an earlier deviation has this reason, and says what follows: %s",
				t.Name, k.Rule, k.Scenario, k.Reason)
		}
		f := all[i]
		if !slices.Contains(f.rules, k.Rule) {
			f.rules = append(f.rules, k.Rule)
		}
		if saw := evidence[k.Rule+" "+k.Scenario]; saw != "" && f.evidence == "" {
			f.evidence = fmt.Sprintf("%s: %s", k.Scenario, saw)
		}
	}
	return slices.DeleteFunc(all, func(f *finding) bool { return f.evidence == "" }), nil
}

// mostSeen is how many letters of what was seen stand in a table.
const mostSeen = 70

// table writes the findings as a table.
func table(all []*finding) string {
	var b strings.Builder
	b.WriteString("| rules | what it does | seen | consequence | work-around |\n|---|---|---|---|---|\n")
	for _, f := range all {
		name, saw, _ := strings.Cut(f.evidence, ": ")
		if strings.HasPrefix(saw, "the target states") {
			saw = "none is stated"
		}
		if _, came, ok := strings.Cut(saw, "; "); ok && strings.HasPrefix(saw, "expected ") {
			saw = came // the rule says what is expected
		}
		if r := []rune(saw); len(r) > mostSeen {
			saw = string(r[:mostSeen-1]) + "…"
		}
		fmt.Fprintf(&b, "| %s | %s | `%s`: %s | %s | %s |\n", short(f.rules), cell(f.reason), name, cell(saw),
			cell(f.consequence), cell(f.workaround))
	}
	return b.String()
}

// short writes rules of one protocol: "TCPMUX-5, 6".
func short(rules []string) string {
	text := rules[0]
	for _, id := range rules[1:] {
		_, number, _ := strings.Cut(id, "-")
		text += ", " + number
	}
	return text
}

// cell makes a text fit into a table, where it stands for itself.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", `\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`).Replace(s)
}

// put returns the page with a target's table in place of what stands there.
func put(text, name, table string) (string, error) {
	begin, end := fmt.Sprintf("<!-- made by \"make findings\": %s -->\n", name),
		fmt.Sprintf("<!-- end of %s -->\n", name)
	before, rest, hasBegin := strings.Cut(text, begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return "", fmt.Errorf("%s lacks the lines %q and %q", page, begin, end)
	}
	return before + begin + "\n" + table + "\n" + end + after, nil
}
