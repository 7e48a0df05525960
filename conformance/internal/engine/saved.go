package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/docs"
)

// savedRole reads the line "# explored: FORMAT ROLE" of a saved scenario.
func savedRole(value string) (string, error) {
	format, role, ok := strings.Cut(value, " ")
	switch {
	case !ok:
		return "", fmt.Errorf("explored: %q is not FORMAT ROLE", value)
	case format != savedFormat:
		return "", fmt.Errorf("explored: it was saved in format %q, and this program reads format %s",
			format, savedFormat)
	}
	return role, nil
}

// isFile says whether a scenario is named by the path of its file.
func isFile(name string) bool {
	return strings.ContainsRune(name, '/') || strings.HasSuffix(name, ".txtar")
}

// fromFiles reads the scenarios that are named by their paths, for one of the roles, and gives the other names, too.
func (u *Suite) fromFiles(names, roles []string) (all []Scenario, others []string, err error) {
	rules, err := docs.All()
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if !isFile(name) {
			others = append(others, name)
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, fmt.Errorf("scenario %w", err)
		}
		s, err := u.parse(strings.TrimSuffix(filepath.Base(name), ".txtar"), string(text), rules)
		if err != nil {
			return nil, nil, fmt.Errorf("scenario %s: %w", name, err)
		}
		if s.Role == "" {
			i := slices.IndexFunc(s.Rule.Roles, func(role string) bool { return slices.Contains(roles, role) })
			if i < 0 {
				return nil, nil, fmt.Errorf("scenario %s: %s is no rule of %s",
					name, s.Rule.ID, strings.Join(roles, ", "))
			}
			s.Role = s.Rule.Roles[i]
		}
		if !slices.Contains(roles, s.Role) {
			return nil, nil, fmt.Errorf("scenario %s: it is for the role %q, not for %s",
				name, s.Role, strings.Join(roles, ", "))
		}
		s.file = name
		all = append(all, s)
	}
	return all, others, nil
}
