package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/cover"

	"github.com/muxspec/muxspec/conformance/mutants"
)

// A target is a native fuzz target, which judges by the inputs that are committed for it; it makes up none.
type target struct {
	folder, name string
	runs         map[string][]cover.ProfileBlock // what it runs of the reference, by the path in the tree
}

// module is the tree's import path.
const module = "github.com/muxspec/muxspec/"

// fuzzTargets gives the targets of the tree at root, and what they run.
func fuzzTargets(ctx context.Context, root string) (all []target, err error) {
	work, err := os.MkdirTemp("", "mechanical")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	folders, err := filepath.Glob(filepath.Join(root, "fuzz", "*", "fuzz_test.go"))
	if err != nil {
		return nil, err
	}
	for _, file := range folders {
		folder := "fuzz/" + filepath.Base(filepath.Dir(file))
		names, err := goIn(ctx, root, "test", "-list", "^Fuzz", "./"+folder)
		if err != nil {
			return nil, err
		}
		for name := range strings.FieldsSeq(names) {
			if !strings.HasPrefix(name, "Fuzz") {
				continue
			}
			t := target{folder: folder, name: name, runs: make(map[string][]cover.ProfileBlock)}
			profile := filepath.Join(work, name)
			_, err := goIn(ctx, root, "test", "-run", "^"+name+"$",
				"-coverpkg", "./ref/...", "-coverprofile", profile, "./"+folder)
			if err != nil {
				return nil, err
			}
			profiles, err := cover.ParseProfiles(profile)
			if err != nil {
				return nil, err
			}
			for _, p := range profiles {
				ran := slices.DeleteFunc(p.Blocks, func(b cover.ProfileBlock) bool { return b.Count == 0 })
				t.runs[strings.TrimPrefix(p.FileName, module)] = ran
			}
			all = append(all, t)
		}
	}
	return all, nil
}

// goIn runs the go command in a folder and gives what it prints.
func goIn(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// that gives the targets that run a mutant.
func that(run []target, m mutant) (all []target) {
	for _, t := range run {
		if slices.ContainsFunc(t.runs[m.File], func(b cover.ProfileBlock) bool {
			after := cmp.Or(cmp.Compare(m.line, b.StartLine), cmp.Compare(m.column, b.StartCol))
			before := cmp.Or(cmp.Compare(m.line, b.EndLine), cmp.Compare(m.column, b.EndCol))
			return after >= 0 && before < 0
		}) {
			all = append(all, t)
		}
	}
	return all
}

// buildTests makes the test programs of the targets that run the mutant.
func (j judge) buildTests(ctx context.Context) error {
	changed, err := j.changed()
	if err == nil {
		err = os.MkdirAll(j.dir, 0o755)
	}
	if err != nil {
		return err
	}
	list, err := mutants.Overlay(j.root, j.dir, changed)
	if err != nil {
		return err
	}
	built := make(map[string]bool)
	for _, t := range that(j.targets, j.mutant) {
		if built[t.folder] {
			continue
		}
		built[t.folder] = true
		if _, err := goIn(ctx, j.root, "test", "-c", "-overlay", list, "-o", j.program(t), "./"+t.folder); err != nil {
			return fmt.Errorf("%w: %w", errNoProgram, err)
		}
	}
	return nil
}

func (j judge) program(t target) string { return filepath.Join(j.dir, path.Base(t.folder)+".test") }

// judgeByTargets has each target that runs the mutant replay its inputs.
func (j judge) judgeByTargets(ctx context.Context) (r result) {
	began := time.Now()
	r = result{mutant: j.mutant, Change: j.mutant.change(), Verdict: survived, Targets: make(map[string]bool)}
	for _, t := range that(j.targets, j.mutant) {
		limited, cancel := context.WithTimeout(ctx, j.limit)
		cmd := exec.CommandContext(limited, j.program(t), "-test.run", "^"+t.name+"$")
		cmd.Dir = filepath.Join(j.root, filepath.FromSlash(t.folder))
		cmd.WaitDelay = time.Second
		out, err := cmd.CombinedOutput()
		late := limited.Err() != nil
		cancel()
		seen := err != nil
		r.Targets[path.Base(t.folder)+" "+t.name] = seen
		switch {
		case r.Verdict == killed || !seen:
		case late:
			r.Verdict, r.Scenario, r.Reason = hung, t.name, fmt.Sprintf("no end within %v", j.limit)
		case bytes.Contains(out, []byte("FAIL")) || bytes.Contains(out, []byte("panic")) ||
			bytes.Contains(out, []byte("fatal error")):
			r.Verdict, r.Scenario = killed, t.name
		default:
			r.Verdict, r.Reason = failed, errors.Join(err, errors.New(string(out))).Error()
		}
	}
	r.Seconds = time.Since(began).Seconds()
	return r
}

// printTargets writes how many of the mutants that a target runs it has seen.
func (o *outcome) printTargets(w io.Writer) {
	seen, ran := make(map[string]int), make(map[string]int)
	var names []string
	for _, r := range o.Mutants {
		for name, saw := range r.Targets {
			if ran[name]++; saw {
				seen[name]++
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Fprintf(w, "%s: killed %d of %d that it runs\n", name, seen[name], ran[name])
	}
}
