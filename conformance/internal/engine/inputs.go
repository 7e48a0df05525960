package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
)

// inputs gives the hashes of what is judged.
func (r *run) inputs(roles []string) report.Inputs {
	t := r.Target
	in := report.Inputs{Address: t.Address, TargetFile: t.digest}
	if t.digest == "" && t.Address == "" {
		in.Command = t.CommandFor(roles[0])
	}
	if t.Address != "" {
		return in
	}
	sums := make(map[string]string)
	add := func(role, name, path string) {
		if _, ok := sums[path]; !ok {
			sums[path] = hashOf(path)
		}
		in.Programs = append(in.Programs, report.Program{Role: role, Name: name, SHA256: sums[path]})
	}
	for _, role := range roles {
		command := t.CommandFor(role)
		path, _ := t.ProgramFor(role, r.values) // it was found before the run
		add(role, command[0], path)
		for _, arg := range command[1:] {
			if path := t.fileNamed(arg); path != "" {
				add(role, arg, path)
			}
		}
	}
	for _, name := range t.NeedsPrograms {
		path, _ := t.lookPath(name)
		add("", name, path)
	}
	return in
}

// fileNamed gives the path of the file that an argument names, such as an interpreter's script; empty if it names none.
func (t *Target) fileNamed(arg string) string {
	if arg == "" || strings.HasPrefix(arg, "-") || placeholder().MatchString(arg) {
		return ""
	}
	if !filepath.IsAbs(arg) {
		arg = filepath.Join(t.dir, arg)
	}
	if info, err := os.Stat(arg); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return arg
}

// hashOf gives the SHA-256 of a file in hex; empty if it cannot be read.
func hashOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// made says how the run judges.
func (r *run) made() report.Made {
	o := r.Options
	m := report.Made{Role: o.Role, Rules: o.Rules, Scenarios: o.Scenarios, Classes: o.Classes,
		Level: o.Level, Until: o.Until, Quick: o.Quick, AllVariants: o.AllVariants, Draws: o.Draws, Seed: o.Seed,
		Shuffle: o.Shuffle, Slow: o.Slow, Hostile: o.Hostile, Strict: o.Strict, FailFast: o.FailFast,
		Patience: o.Patience.String()}
	if o.Start > 0 {
		m.StartTimeout = o.Start.String()
	}
	if o.Target.digest == "" {
		m.Timers = o.Target.Timers
	}
	return m
}
