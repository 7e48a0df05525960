package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Check says what is wrong with the target before anything is started.
func (u *Suite) Check(t *Target) error {
	switch {
	case t.Name == "":
		return errors.New("name is missing")
	case len(t.Roles) == 0:
		return errors.New("roles are missing")
	}
	for _, role := range t.Roles {
		if err := u.checkRole(t, role); err != nil {
			return err
		}
	}
	if _, _, err := net.SplitHostPort(t.Address); err != nil && t.Address != "" {
		return fmt.Errorf("address %q: is not HOST:PORT", t.Address)
	}
	for name := range t.Files {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("files: %q is not a path below {dir}", name)
		}
	}
	for role := range t.Commands {
		if !slices.Contains(t.Roles, role) {
			return fmt.Errorf("commands: %q is not one of the target's roles", role)
		}
	}
	if d, err := time.ParseDuration(t.StartTimeout); t.StartTimeout != "" && (err != nil || d <= 0) {
		return fmt.Errorf("start_timeout %q: is not a duration above 0", t.StartTimeout)
	}
	if _, err := regexp.Compile(t.ReadyLine); err != nil {
		return fmt.Errorf("ready_line: %w", err)
	}
	for name, value := range t.Timers {
		if !slices.Contains(u.Timers(), name) {
			return fmt.Errorf("unknown timer %q, there are: %s", name, strings.Join(u.Timers(), ", "))
		}
		if d, err := time.ParseDuration(value); (err != nil || d <= 0) && value != "none" {
			return fmt.Errorf("timer %s: %q is neither a duration above 0 nor \"none\"", name, value)
		}
	}
	if err := u.checkKnown(t); err != nil {
		return err
	}
	return u.checkPlaceholders(t)
}

// checkRole says what the target lacks for a role.
func (u *Suite) checkRole(t *Target, name string) error {
	r := u.role(name)
	switch {
	case r.Name == "":
		return fmt.Errorf("unknown role %q, there are: %s", name, strings.Join(u.Roles(), ", "))
	case r.Started != "" && t.Address != "":
		return fmt.Errorf("%s: %s", name, r.Started)
	case len(t.CommandFor(name)) == 0 && t.Address == "":
		return fmt.Errorf("%s: command is missing", name)
	}
	for _, placeholder := range u.Placeholders() {
		if !r.knows(placeholder) &&
			slices.ContainsFunc(t.CommandFor(name), func(text string) bool {
				return strings.Contains(text, "{"+placeholder+"}")
			}) {
			return fmt.Errorf("{%s} has no meaning in the command of a %s", placeholder, name)
		}
	}
	return r.Check(t)
}

// CommandFor gives the command line for a role.
func (t *Target) CommandFor(role string) []string {
	if c, ok := t.Commands[role]; ok {
		return c
	}
	return t.Command
}

// checkKnown: a known deviation names a scenario of the rule, says why, and is listed once.
func (u *Suite) checkKnown(t *Target) error {
	seen := make(map[string]bool)
	for _, k := range t.Known {
		s, ok := u.find(k.Scenario, k.Role)
		id := k.Rule + " " + cmp.Or(s.Name, k.Scenario)
		switch {
		case k.Rule == "" || k.Scenario == "":
			return fmt.Errorf("known deviation %q: rule or scenario is missing", strings.TrimSpace(id))
		case !ok && k.Role != "":
			return fmt.Errorf("known deviation of %s: unknown scenario %q of %s", k.Rule, k.Scenario, k.Role)
		case !ok:
			return fmt.Errorf("known deviation of %s: unknown scenario %q", k.Rule, k.Scenario)
		case s.Rule.ID != k.Rule && !u.isGuard(s, k.Rule):
			return fmt.Errorf("known deviation: scenario %q belongs to %s, not to %q", k.Scenario, s.Rule.ID, k.Rule)
		case strings.TrimSpace(k.Reason) == "":
			return fmt.Errorf("known deviation of %s, scenario %s: the reason is empty", k.Rule, k.Scenario)
		case seen[id], seen[id+k.Role], k.Role == "" && slices.ContainsFunc(s.Rule.Roles,
			func(role string) bool { return seen[id+role] }):
			return fmt.Errorf("known deviation of %s, scenario %s: listed twice", k.Rule, k.Scenario)
		}
		seen[id+k.Role] = true
	}
	return nil
}

var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{([A-Za-z_]+)\}`) })

// checkPlaceholders: files may hold braces of their own, but an unknown placeholder in a command or an environment is a
// typo.
func (u *Suite) checkPlaceholders(t *Target) error {
	placeholders := u.Placeholders()
	texts := slices.Concat(append(slices.Collect(maps.Values(t.Commands)), t.Command)...)
	for _, k := range u.keys() {
		if k.Placeholders {
			texts = append(texts, t.List(k.Name)...)
		}
	}
	for _, v := range t.Env {
		texts = append(texts, v)
	}
	for _, text := range texts {
		for _, m := range placeholder().FindAllStringSubmatch(text, -1) {
			if !slices.Contains(placeholders, m[1]) {
				return fmt.Errorf("unknown placeholder %s, there are: {%s}", m[0], strings.Join(placeholders, "} {"))
			}
		}
	}
	return nil
}
