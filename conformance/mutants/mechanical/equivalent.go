package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// explanations is the file with the mutants that cannot be seen from outside, as ID # REASON. An id with ±1 is that of
// both neighbours of a number. A line that begins with # is for readers.
const explanations = "conformance/mutants/equivalent.txt"

// explained gives the reasons by the mutants' ids.
func explained(root string, found []mutant) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(explanations)))
	if err != nil {
		return nil, err
	}
	reasons, err := parseExplained(string(text), found)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", explanations, err)
	}
	return reasons, nil
}

func parseExplained(text string, found []mutant) (map[string]string, error) {
	ids := make(map[string]bool)
	for _, m := range found {
		ids[m.ID] = true
	}
	reasons := make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, reason, _ := strings.Cut(line, " # ")
		reason = strings.TrimSpace(reason)
		if reason == "" {
			return nil, fmt.Errorf("no reason for %q", id)
		}
		for _, id := range both(id) {
			switch {
			case !ids[id]:
				return nil, fmt.Errorf("no mutant has the id %q", id)
			case reasons[id] != "":
				return nil, fmt.Errorf("%q stands there twice", id)
			}
			reasons[id] = reason
		}
	}
	return reasons, nil
}

// both gives the ids that a line of the file is for.
func both(id string) []string {
	before, after, ok := strings.Cut(id, "±1 ")
	if !ok {
		return []string{id}
	}
	return []string{before + "+1 " + after, before + "-1 " + after}
}
