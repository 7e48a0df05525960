// Command corpus adds to the committed inputs of the fuzz targets. It fuzzes each target for a time, and commits those
// of the inputs it found that run a part of the reference that no other one does. "make corpus" calls it.
package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/tools/cover"
)

// mostInput is the size of the largest file that is committed.
const mostInput = 4 << 10

func main() {
	fuzztime := pflag.Duration("fuzztime", 30*time.Second, "the `TIME` for each target")
	pflag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := all(ctx, *fuzztime); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		stop()
		os.Exit(1)
	}
}

func all(ctx context.Context, fuzztime time.Duration) error {
	sources, err := filepath.Glob("fuzz/*/*_test.go")
	if err != nil || len(sources) == 0 {
		return fmt.Errorf("no fuzz targets in fuzz/: start it in the folder of the module: %w", err)
	}
	var folders []string
	for _, source := range sources {
		folders = append(folders, filepath.Dir(source))
	}
	for _, folder := range slices.Compact(folders) {
		if err := ofPackage(ctx, folder, fuzztime); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	return nil
}

// ofPackage makes the inputs of all targets of a package.
func ofPackage(ctx context.Context, folder string, fuzztime time.Duration) error {
	work, err := os.MkdirTemp("", "corpus")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fuzzes, covers := filepath.Join(work, "fuzzes"), filepath.Join(work, "covers")
	for program, option := range map[string]string{fuzzes: "-fuzz=.", covers: "-coverpkg=./ref/..."} {
		if _, err := run(ctx, "", "go", "test", "-c", option, "-o", program, "./"+folder); err != nil {
			return err
		}
	}
	names, err := run(ctx, folder, fuzzes, "-test.list", "^Fuzz")
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names) {
		found := filepath.Join(work, "found")
		if _, err := run(ctx, folder, fuzzes, "-test.run", "^$", "-test.fuzz", "^"+name+"$", "-test.fuzztime",
			fuzztime.String(), "-test.fuzzminimizetime", "1x", "-test.fuzzcachedir", found); err != nil {
			return err
		}
		t := target{name: name, program: covers, work: filepath.Join(work, "alone"),
			committed: filepath.Join(folder, "testdata", "fuzz", name)}
		if err := t.choose(ctx, filepath.Join(found, name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func run(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// A target is a fuzz target, with the program that measures what it runs.
type target struct {
	name, program string
	work          string // a folder for one input at a time
	committed     string // the folder of its inputs
}

// An input is the text of a file for a target.
type input struct {
	name string
	text []byte
}

// inputs gives those of a folder, the smallest first.
func inputs(folder string) (all []input, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, input{filepath.Base(file), text})
	}
	slices.SortFunc(all, func(a, b input) int {
		return cmp.Or(cmp.Compare(len(a.text), len(b.text)), strings.Compare(a.name, b.name))
	})
	return all, nil
}

// choose adds those of the found inputs that run what no other one does.
func (t target) choose(ctx context.Context, folder string) error {
	committed, err := inputs(t.committed)
	if err != nil {
		return err
	}
	found, err := inputs(folder)
	if err != nil {
		return err
	}
	seen, err := t.runs(ctx, input{}) // by the seeds
	if err != nil {
		return err
	}
	seeds, added := len(seen), 0
	for i, one := range slices.Concat(committed, found) {
		if len(one.text) > mostInput && i >= len(committed) {
			continue
		}
		blocks, err := t.runs(ctx, one)
		if err != nil {
			return err
		}
		before := len(seen)
		if maps.Copy(seen, blocks); i < len(committed) || len(seen) == before {
			continue
		}
		added++
		if err := write(t.committed, one); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d of %d inputs added to %d; the seeds run %d blocks, with them %d\n", t.name, added, len(found),
		len(committed), seeds, len(seen))
	return nil
}

// runs gives the blocks of the reference that an input runs; those of the seeds if it has no name.
func (t target) runs(ctx context.Context, one input) (map[string]bool, error) {
	if err := os.RemoveAll(t.work); err != nil {
		return nil, err
	}
	profile := filepath.Join(t.work, "profile")
	pattern := "^" + t.name + "$"
	err := os.MkdirAll(t.work, 0o755)
	if one.name != "" {
		pattern += "/^" + one.name + "$"
		err = write(filepath.Join(t.work, "testdata", "fuzz", t.name), one)
	}
	if err != nil {
		return nil, err
	}
	if _, err := run(ctx, t.work, t.program, "-test.run", pattern, "-test.coverprofile", profile); err != nil {
		return nil, err
	}
	profiles, err := cover.ParseProfiles(profile)
	if err != nil {
		return nil, err
	}
	blocks := make(map[string]bool)
	for _, p := range profiles {
		for _, b := range p.Blocks {
			if b.Count > 0 {
				blocks[fmt.Sprintf("%s:%d.%d", p.FileName, b.StartLine, b.StartCol)] = true
			}
		}
	}
	return blocks, nil
}

// write adds an input to a folder.
func write(folder string, one input) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, one.name), one.text, 0o644)
}
