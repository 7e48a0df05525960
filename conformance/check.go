package conformance

import (
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

// Check says what is wrong with the target, before anything is started.
func (t *Target) Check() error {
	switch {
	case t.Name == "":
		return errors.New("name is missing")
	case len(t.Roles) == 0:
		return errors.New("roles are missing")
	}
	for _, role := range t.Roles {
		if err := t.checkRole(role); err != nil {
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
			return fmt.Errorf("commands: %q is none of the target's roles", role)
		}
	}
	if _, err := regexp.Compile(t.ReadyLine); err != nil {
		return fmt.Errorf("ready_line: %w", err)
	}
	for name, value := range t.Timers {
		if !slices.Contains(timers, name) {
			return fmt.Errorf("unknown timer %q, there are: %s", name, strings.Join(timers, ", "))
		}
		if d, err := time.ParseDuration(value); (err != nil || d <= 0) && value != "none" {
			return fmt.Errorf("timer %s: %q is neither a duration above 0 nor \"none\"", name, value)
		}
	}
	if err := t.checkKnown(); err != nil {
		return err
	}
	return t.checkPlaceholders()
}

// checkRole says what the target lacks for a role.
func (t *Target) checkRole(role string) error {
	switch {
	case !slices.Contains(Roles, role):
		return fmt.Errorf("unknown role %q, there are: %s", role, strings.Join(Roles, ", "))
	case isClient(role) && t.Address != "":
		return fmt.Errorf("%s: a client is started, it has no address", role)
	case isHMAC(role) && t.Address != "":
		return fmt.Errorf("%s: has to be started with a key of the suite, it has no address", role)
	case isUDP(role) && t.Address != "":
		return fmt.Errorf("%s: has to be started with a Unix socket of the suite, it has no address", role)
	case len(t.command(role)) == 0 && t.Address == "":
		return fmt.Errorf("%s: command is missing", role)
	}
	for _, name := range strange(role) {
		if slices.ContainsFunc(t.command(role), func(text string) bool { return strings.Contains(text, "{"+name+"}") }) {
			return fmt.Errorf("{%s} has no meaning in the command of a %s", name, role)
		}
	}
	switch {
	case isHMAC(role):
		return t.checkHMAC()
	case isUDP(role), isClient(role):
		return nil
	}
	for _, s := range t.Services {
		if !slices.Contains(capabilities[role], s) {
			return fmt.Errorf("unknown service %q, there are: %s", s, strings.Join(capabilities[role], ", "))
		}
	}
	if t.mainService() == "" {
		return errors.New("services are missing: without one that can be started nothing can be judged")
	}
	return nil
}

// strange gives the placeholders that have no meaning for a role.
func strange(role string) []string {
	hmac := []string{"keyfile", "connect", "hash", "init_timeout"}
	udp := append([]string{"socket", "config"}, daemonPlaceholders()...)
	switch {
	case isUDP(role):
		return strangeUDP(role)
	case isHMAC(role):
		return append(udp, "address", "name", "long", "request_timeout", "reply_timeout")
	case isClient(role):
		return slices.Concat(hmac, udp, []string{"listen", "address_file", "request_timeout"})
	}
	return slices.Concat(hmac, udp, []string{"address", "name", "reply_timeout"})
}

// checkHMAC says what is wrong with the hashes.
func (t *Target) checkHMAC() error {
	for _, name := range t.Hashes {
		if !slices.Contains(hashNames(), name) {
			return fmt.Errorf("unknown hash %q, there are: %s", name, strings.Join(hashNames(), ", "))
		}
	}
	return nil
}

// command gives the command line for a role.
func (t *Target) command(role string) []string {
	if c, ok := t.Commands[role]; ok {
		return c
	}
	return t.Command
}

// checkKnown: a known deviation names a scenario of the rule, says why, and is listed once.
func (t *Target) checkKnown() error {
	seen := make(map[string]bool)
	for _, k := range t.Known {
		id := k.Rule + " " + k.Scenario
		s, ok := findScenario(k.Scenario, k.Role)
		switch {
		case k.Rule == "" || k.Scenario == "":
			return fmt.Errorf("known deviation %q: rule or scenario is missing", strings.TrimSpace(id))
		case !ok && k.Role != "":
			return fmt.Errorf("known deviation of %s: unknown scenario %q of %s", k.Rule, k.Scenario, k.Role)
		case !ok:
			return fmt.Errorf("known deviation of %s: unknown scenario %q", k.Rule, k.Scenario)
		case s.Rule.ID != k.Rule:
			return fmt.Errorf("known deviation: scenario %q belongs to %s, not to %q", k.Scenario, s.Rule.ID, k.Rule)
		case strings.TrimSpace(k.Reason) == "":
			return fmt.Errorf("known deviation of %s, scenario %s: the reason is empty", k.Rule, k.Scenario)
		case seen[id], seen[id+k.Role], k.Role == "" && slices.ContainsFunc(s.Rule.Roles, func(role string) bool { return seen[id+role] }):
			return fmt.Errorf("known deviation of %s, scenario %s: listed twice", k.Rule, k.Scenario)
		}
		seen[id+k.Role] = true
	}
	return nil
}

var (
	placeholder  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{([A-Za-z_]+)\}`) })
	placeholders = append([]string{"dir", "listen", "host", "port", "address_file", "address", "name", "muxspec", "user", "long",
		"request_timeout", "reply_timeout", "init_timeout", "keyfile", "connect", "hash", "socket", "config"}, daemonPlaceholders()...)
)

// checkPlaceholders: files may hold braces of their own, but a command or an environment with an unknown placeholder is a typo.
func (t *Target) checkPlaceholders() error {
	texts := slices.Concat(append(slices.Collect(maps.Values(t.Commands)), t.Command, t.ClientFirst)...)
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
