package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Target says how a program is started and what it is known to do. Placeholders in braces are replaced in all strings
// but names and reasons; a role's Init says by what.
type Target struct {
	Name          string   `toml:"name"`
	Description   string   `toml:"description"`
	Roles         []string `toml:"roles"`
	NeedsRoot     bool     `toml:"needs_root"`
	NeedsPrograms []string `toml:"needs_programs"` // which the command starts
	// Path are folders to put before PATH, relative to the file; $NAME is of the environment.
	Path    []string `toml:"path"`
	Command []string `toml:"command"` // the program and its arguments
	// Commands are those of single roles, if one command cannot have all roles.
	Commands map[string][]string `toml:"commands"`
	Env      map[string]string   `toml:"env"`
	Files    map[string]string   `toml:"files"` // to write into {dir} before the start
	// ReadyLine is a regular expression for the line on standard output that says that the program listens. Its first
	// group, if it has one, is the address.
	ReadyLine string `toml:"ready_line"`
	// StartTimeout is how long the program may take until it listens; [DefaultStart] if it is empty.
	StartTimeout string            `toml:"start_timeout"`
	Timers       map[string]string `toml:"timers"` // a time limit that cannot be set: its value, or "none"
	Known        []Deviation       `toml:"known"`

	// Has is what the target has by the keys that only some roles know: a list of texts, or true.
	Has map[string]any `toml:"-"`

	// Address is HOST:PORT of a program that already runs; there is no Command then.
	Address string `toml:"-"`

	dir    string // of the file; the target is started there
	digest string // of the file, SHA-256 in hex
}

// A Deviation is a known and accepted violation.
type Deviation struct {
	Rule         string `toml:"rule"`
	Scenario     string `toml:"scenario"`
	Role         string `toml:"role"` // of a rule for both roles; empty for each that the target has
	Reason       string `toml:"reason"`
	Intermittent bool   `toml:"intermittent"` // does not always occur, because the target itself is random
	// Consequence is what the deviation means for a user, and Workaround what helps: for docs/findings.md, at the first
	// deviation that has the reason.
	Consequence string `toml:"consequence"`
	Workaround  string `toml:"workaround"`
}

// LoadTarget reads a target file: a path (with a slash or ending in .toml), or the name of a target built into the
// suite.
func (u *Suite) LoadTarget(name string) (*Target, error) {
	var text []byte
	var err error
	dir := ""
	if strings.ContainsRune(name, '/') || strings.HasSuffix(name, ".toml") {
		text, err = os.ReadFile(name)
		dir = filepath.Dir(name)
	} else if text, err = fs.ReadFile(u.targets, name+".toml"); err == nil {
		dir = filepath.Join("conformance", "targets") // in the source tree: "make peers" fetches to below it
		if _, err := os.Stat(dir); err != nil {
			dir = ""
		}
	} else {
		err = fmt.Errorf("no target %q here, there are: %s; another one is given by its path", name,
			strings.Join(u.TargetNames(), ", "))
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	t := &Target{dir: dir, digest: hex.EncodeToString(sum[:])}
	if t.Has, err = decode(name, string(text), t, u.keys()); err != nil {
		return nil, err
	}
	if err := u.Check(t); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// TargetNames are the targets built into the suite.
func (u *Suite) TargetNames() (names []string) {
	files, _ := fs.Glob(u.targets, "*.toml")
	for _, name := range files {
		names = append(names, strings.TrimSuffix(name, ".toml"))
	}
	return names
}

// List gives what the target has by a key whose value is a list.
func (t *Target) List(key string) []string {
	list, _ := t.Has[key].([]string)
	return list
}

// Truth says whether a key of the target is true.
func (t *Target) Truth(key string) bool { return t.Has[key] == true }

// Set says what the target has by a key.
func (t *Target) Set(key string, value any) {
	if t.Has == nil {
		t.Has = make(map[string]any)
	}
	t.Has[key] = value
}

// Uses says whether the role's command, the environment or a file has the placeholder.
func (t *Target) Uses(role, name string) bool {
	has := func(text string) bool { return strings.Contains(text, "{"+name+"}") }
	if slices.ContainsFunc(t.CommandFor(role), has) {
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

// Found says why one of the target's programs cannot be started, or nil.
func (u *Suite) Found(t *Target) error {
	switch {
	case t.Address != "":
		return nil
	case t.NeedsRoot && os.Geteuid() != 0:
		return fmt.Errorf("target %s: only root can start it", t.Name)
	}
	for _, role := range t.Roles {
		if strings.HasPrefix(t.CommandFor(role)[0], "{muxspec}") {
			continue // it exists: it asks
		}
		if _, err := t.ProgramFor(role, nil); err != nil {
			return err
		}
	}
	for _, name := range t.NeedsPrograms {
		if _, err := t.lookPath(name); err != nil {
			return fmt.Errorf("target %s: %w", t.Name, err)
		}
	}
	return nil
}

// ProgramFor gives the path of the role's program.
func (t *Target) ProgramFor(role string, values map[string]string) (string, error) {
	path, err := t.lookPath(Expand(t.CommandFor(role)[0], values))
	if err != nil {
		return "", fmt.Errorf("target %s: %w", t.Name, err)
	}
	return path, nil
}

// lookPath gives the absolute path of a program: a name is looked up in the target's folders, then in PATH; a relative
// path begins where the target is started.
func (t *Target) lookPath(name string) (string, error) {
	places := []string{name}
	switch {
	case !strings.ContainsRune(name, '/'):
		places = nil
		for _, dir := range t.SearchPath() {
			places = append(places, filepath.Join(dir, name))
		}
		places = append(places, name)
	case !filepath.IsAbs(name):
		abs, err := filepath.Abs(filepath.Join(t.dir, name))
		if err != nil {
			return "", err
		}
		places = []string{abs}
	}
	var path string
	var err error
	for _, place := range places {
		if path, err = exec.LookPath(place); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", err
}

// Folder gives the folder that the program is started in, with links resolved.
func (t *Target) Folder() (string, error) {
	abs, err := filepath.Abs(t.dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// SearchPath gives the folders that stand before PATH.
func (t *Target) SearchPath() (dirs []string) {
	for _, dir := range t.Path {
		if dir = os.ExpandEnv(dir); dir == "" {
			continue // a variable that is not set
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(t.dir, dir)
		}
		if abs, err := filepath.Abs(dir); err == nil {
			dirs = append(dirs, abs)
		}
	}
	return dirs
}

// Expand replaces the placeholders that have a value.
func Expand(text string, values map[string]string) string {
	return placeholder().ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := values[m[1:len(m)-1]]; ok {
			return v
		}
		return m
	})
}
