package mutants

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build makes muxspec from the tree at root with the mutant in place of the reference, as dir/muxspec. What it needs
// for that stands in dir, too.
func (m Mutant) Build(ctx context.Context, root, dir string) (program string, err error) {
	changed, err := m.Apply(os.DirFS(root))
	if err != nil {
		return "", err
	}
	return Build(ctx, root, dir, changed)
}

// Build makes muxspec from the tree at root as dir/muxspec, with these texts in place of the files, by their path in
// the tree. What it needs for that stands in dir, too.
func Build(ctx context.Context, root, dir string, changed map[string]string) (program string, err error) {
	list, err := Overlay(root, dir, changed)
	if err != nil {
		return "", err
	}
	program = filepath.Join(dir, "muxspec")
	// Most of the time goes into linking, a good part of that into what only debuggers read.
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-overlay", list, "-o", program,
		"./cmd/muxspec")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// Overlay writes, in dir, what go build's -overlay needs to put these texts in place of the files of the tree at root.
// It gives the file for that option.
func Overlay(root, dir string, changed map[string]string) (list string, err error) {
	overlay := struct{ Replace map[string]string }{make(map[string]string)}
	for file, text := range changed {
		// The name has to end in .go, and files of two packages may have the same.
		replacement := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(replacement, []byte(text), 0o644); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(root, file)] = replacement
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, b, 0o644)
}
