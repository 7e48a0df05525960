package conformance

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/tomlfile"
)

// Roles are what a target can be.
var Roles = []string{"tcpmux-server", "tcpmux-client", "hmacsocket-server", "hmacsocket-client", udpDaemon, udpServerAgent, udpClientAgent}

// isClient: the role's target is started for each scenario anew, and connects to the suite. The others are connected to.
func isClient(role string) bool { return role == "tcpmux-client" || isUDPAgent(role) }

// capabilities are the services and hashes that a target of a role can offer to the scenarios; docs/conformance.md says what
// each does.
var capabilities = map[string][]string{
	"tcpmux-server":     {"echo", "CaseEcho", "late", "own", "absent", "long", "tcpmux"},
	"hmacsocket-server": append(hashNames(), clientFirst),
	"hmacsocket-client": hashNames(),
	udpDaemon:           {activation, "ecn", "root", "config"},
}

// timers are the time limits that the scenarios wait for.
var timers = []string{"request_timeout", "reply_timeout", "init_timeout"}

// LongName is the name of the service "long": 64 bytes.
const LongName = "long-service-name-of-exactly-sixty-four-bytes-as-TCPMUX-32-asks."

// A Target says how a program is started and what it is known to do. In all strings but names and reasons, placeholders
// in braces are replaced; docs/conformance.md says by what.
type Target struct {
	Name          string   `toml:"name"`
	Description   string   `toml:"description"`
	Roles         []string `toml:"roles"`
	NeedsRoot     bool     `toml:"needs_root"`
	NeedsPrograms []string `toml:"needs_programs"` // that the command starts in its turn
	Path          []string `toml:"path"`           // folders to put before PATH; relative to the file; $NAME is of the environment
	Command       []string `toml:"command"`        // the program and its arguments
	// Commands are those of single roles, where one command cannot be all.
	Commands map[string][]string `toml:"commands"`
	Env      map[string]string   `toml:"env"`
	Files    map[string]string   `toml:"files"` // to write into {dir} before the start
	// ReadyLine is a regular expression for the line on standard output that tells that the program listens. Its first group,
	// if there is one, is the address.
	ReadyLine string   `toml:"ready_line"`
	Services  []string `toml:"services"` // the capabilities that a TCPMUX server has
	Hashes    []string `toml:"hashes"`   // those that an HMACSocket target has; sha256 alone, if none is given
	// ClientFirst are arguments that make an HMACSocket server say nothing before the client has.
	ClientFirst []string `toml:"client_first"`
	// Activation: a UDP mux daemon takes sockets that it is started with, as sd_listen_fds(3) says.
	Activation bool              `toml:"activation"`
	Timers     map[string]string `toml:"timers"` // a time limit that cannot be set: its value, or "none"
	Known      []Deviation       `toml:"known"`

	// Address is HOST:PORT of a program that runs already; there is no Command then.
	Address string `toml:"-"`

	dir string // of the file; the target is started there
}

// A Deviation is a violation that is known and accepted.
type Deviation struct {
	Rule         string `toml:"rule"`
	Scenario     string `toml:"scenario"`
	Role         string `toml:"role"` // of a rule for both roles; empty for each that the target has
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
	} else if text, err = targetFiles.ReadFile("targets/" + name + ".toml"); err == nil {
		dir = filepath.Join("conformance", "targets") // in the source tree, what "make peers" fetched is found from there
		if _, err := os.Stat(dir); err != nil {
			dir = ""
		}
	} else {
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

// mainService is the service of a good exchange: echo, or the first that can be started. It is {any} in the scenarios.
func (t *Target) mainService() string {
	for _, s := range append([]string{"echo"}, t.Services...) {
		if s != "absent" && slices.Contains(t.Services, s) {
			return s
		}
	}
	return ""
}

// uses says whether the role's command, the environment or a file has the placeholder.
func (t *Target) uses(role, name string) bool {
	has := func(text string) bool { return strings.Contains(text, "{"+name+"}") }
	if slices.ContainsFunc(t.command(role), has) {
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
func (t *Target) Found() error {
	switch {
	case t.Address != "":
		return nil
	case t.NeedsRoot && os.Geteuid() != 0:
		return fmt.Errorf("target %s: only root can start it", t.Name)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, role := range t.Roles {
		if _, err := t.program(role, map[string]string{"muxspec": self}); err != nil {
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

// program gives the path of the role's program.
func (t *Target) program(role string, values map[string]string) (string, error) {
	path, err := t.lookPath(expand(t.command(role)[0], values))
	if err != nil {
		return "", fmt.Errorf("target %s: %w", t.Name, err)
	}
	return path, nil
}

// lookPath gives the absolute path of a program: a name is looked for in the target's folders, then in PATH; a relative path
// begins where the target is started.
func (t *Target) lookPath(name string) (string, error) {
	places := []string{name}
	switch {
	case !strings.ContainsRune(name, '/'):
		places = nil
		for _, dir := range t.path() {
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

// path gives the folders that stand before PATH.
func (t *Target) path() (dirs []string) {
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

// expand replaces the placeholders that have a value.
func expand(text string, values map[string]string) string {
	return placeholder().ReplaceAllStringFunc(text, func(m string) string {
		if v, ok := values[m[1:len(m)-1]]; ok {
			return v
		}
		return m
	})
}
