package conformance

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/tomlfile"
)

// Roles are what a target can be.
var Roles = []string{"tcpmux-server"}

// capabilities are the services that a target of a role can offer to the scenarios; docs/conformance.md says what each does.
var capabilities = map[string][]string{
	"tcpmux-server": {"echo", "CaseEcho", "late", "own", "absent", "long"},
}

// LongName is the name of the service "long": 64 bytes.
const LongName = "long-service-name-of-exactly-sixty-four-bytes-as-TCPMUX-32-asks."

// A Target says how a program is started and what it is known to do. In all strings but names and reasons, placeholders
// in braces are replaced: {dir} an empty folder, {listen} HOST:PORT, {host}, {port}, {address_file}, {muxspec} the
// suite's own program, {user} who it runs as, {long} [LongName], and {request_timeout}.
type Target struct {
	Name        string            `toml:"name"`
	Description string            `toml:"description"`
	Roles       []string          `toml:"roles"`
	Path        []string          `toml:"path"`    // folders to look for the program before PATH; relative to the file
	Command     []string          `toml:"command"` // the program and its arguments
	Env         map[string]string `toml:"env"`
	Files       map[string]string `toml:"files"` // to write into {dir} before the start
	// ReadyLine is a regular expression for the line on standard output that tells that the program listens. Its first group,
	// if there is one, is the address.
	ReadyLine string            `toml:"ready_line"`
	Services  []string          `toml:"services"` // the capabilities that it has
	Timers    map[string]string `toml:"timers"`   // a time limit that cannot be set: its value, or "none"
	Known     []Deviation       `toml:"known"`

	// Address is HOST:PORT of a program that runs already; there is no Command then.
	Address string `toml:"-"`

	dir string // of the file
}

// A Deviation is a violation that is known and accepted.
type Deviation struct {
	Rule         string `toml:"rule"`
	Scenario     string `toml:"scenario"`
	Reason       string `toml:"reason"`
	Intermittent bool   `toml:"intermittent"` // does not always occur, because the target itself is random
}

//go:embed targets/*.toml
var targetFiles embed.FS

// LoadTarget reads a target file: a path (with a slash or ending in .toml), or the name of a target that the suite has itself.
func LoadTarget(name string) (*Target, error) {
	var text []byte
	var err error
	dir := ""
	if strings.ContainsRune(name, '/') || strings.HasSuffix(name, ".toml") {
		text, err = os.ReadFile(name)
		dir = filepath.Dir(name)
	} else if text, err = targetFiles.ReadFile("targets/" + name + ".toml"); err != nil {
		err = fmt.Errorf("no target %q here, there are: %s; another one is given by its path", name, strings.Join(TargetNames(), ", "))
	}
	if err != nil {
		return nil, err
	}
	t := &Target{dir: dir}
	if err := tomlfile.Decode(name, string(text), t); err != nil {
		return nil, err
	}
	if err := t.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// TargetNames are the targets that the suite has itself.
func TargetNames() (names []string) {
	entries, _ := targetFiles.ReadDir("targets")
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return names
}

// Check says what is wrong with the target, before anything is started.
func (t *Target) Check() error {
	switch {
	case t.Name == "":
		return errors.New("name is missing")
	case len(t.Roles) == 0:
		return errors.New("roles are missing")
	case len(t.Command) == 0 && t.Address == "":
		return errors.New("command is missing")
	}
	for _, role := range t.Roles {
		if !slices.Contains(Roles, role) {
			return fmt.Errorf("unknown role %q, there are: %s", role, strings.Join(Roles, ", "))
		}
	}
	for _, s := range t.Services {
		if !slices.Contains(capabilities[t.Roles[0]], s) {
			return fmt.Errorf("unknown service %q, there are: %s", s, strings.Join(capabilities[t.Roles[0]], ", "))
		}
	}
	if t.mainService() == "" {
		return errors.New("services are missing: without one that can be started nothing can be judged")
	}
	if _, err := regexp.Compile(t.ReadyLine); err != nil {
		return fmt.Errorf("ready_line: %w", err)
	}
	for name, value := range t.Timers {
		if name != "request_timeout" {
			return fmt.Errorf("unknown timer %q, there are: request_timeout", name)
		}
		if _, err := time.ParseDuration(value); err != nil && value != "none" {
			return fmt.Errorf("timer %s: %q is neither a duration nor \"none\"", name, value)
		}
	}
	if err := t.checkKnown(); err != nil {
		return err
	}
	return t.checkPlaceholders()
}

// checkKnown: a known deviation names a scenario of the rule, says why, and is listed once.
func (t *Target) checkKnown() error {
	seen := make(map[string]bool)
	for _, k := range t.Known {
		id := k.Rule + " " + k.Scenario
		s, ok := findScenario(k.Scenario)
		switch {
		case !ok:
			return fmt.Errorf("known deviation of %s: unknown scenario %q", k.Rule, k.Scenario)
		case s.Rule.ID != k.Rule:
			return fmt.Errorf("known deviation: scenario %q belongs to %s, not to %q", k.Scenario, s.Rule.ID, k.Rule)
		case strings.TrimSpace(k.Reason) == "":
			return fmt.Errorf("known deviation of %s, scenario %s: the reason is empty", k.Rule, k.Scenario)
		case seen[id]:
			return fmt.Errorf("known deviation of %s, scenario %s: listed twice", k.Rule, k.Scenario)
		}
		seen[id] = true
	}
	return nil
}

var (
	placeholder  = regexp.MustCompile(`\{([A-Za-z_]+)\}`)
	placeholders = []string{"dir", "listen", "host", "port", "address_file", "muxspec", "request_timeout", "long", "user"}
)

// checkPlaceholders: files may hold braces of their own, but a command or an environment with an unknown placeholder is a typo.
func (t *Target) checkPlaceholders() error {
	texts := slices.Clone(t.Command)
	for _, v := range t.Env {
		texts = append(texts, v)
	}
	for _, text := range texts {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(placeholders, m[1]) {
				return fmt.Errorf("unknown placeholder %s, there are: {%s}", m[0], strings.Join(placeholders, "} {"))
			}
		}
	}
	return nil
}

// mainService is the service of a good exchange: echo, or the first that can be started. It is {any} in the scenarios.
func (t *Target) mainService() string {
	for _, s := range append([]string{"echo"}, t.Services...) {
		if s != "absent" && slices.Contains(t.Services, s) {
			return s
		}
	}
	return ""
}

// uses says whether the command, the environment or a file has the placeholder.
func (t *Target) uses(name string) bool {
	has := func(text string) bool { return strings.Contains(text, "{"+name+"}") }
	if slices.ContainsFunc(t.Command, has) {
		return true
	}
	for _, m := range []map[string]string{t.Env, t.Files} {
		for _, text := range m {
			if has(text) {
				return true
			}
		}
	}
	return false
}

// Found says why the target's program cannot be started, or nil.
func (t *Target) Found() error {
	if t.Address != "" {
		return nil
	}
	_, err := t.program(map[string]string{"muxspec": os.Args[0]})
	return err
}

// program gives the path of the program to start.
func (t *Target) program(values map[string]string) (string, error) {
	name := expand(t.Command[0], values)
	if !strings.ContainsRune(name, '/') {
		for _, dir := range t.Path {
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(t.dir, dir)
			}
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return filepath.Abs(path)
			}
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("target %s: %w", t.Name, err)
	}
	return filepath.Abs(path)
}

// expand replaces the placeholders that have a value.
func expand(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := values[m[1:len(m)-1]]; ok {
			return v
		}
		return m
	})
}
