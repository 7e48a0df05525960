package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/ref/process"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// SocketPaths are where the daemon's Unix socket may be, to be tried in turn (docs/udpmux-agents.md, section 4.1). option and
// file are what was said there, or empty.
func SocketPaths(option, file string) []string {
	for _, path := range []string{option, file, os.Getenv("MOSHD_SOCKET")} {
		if path != "" {
			// Absolute, for the keeper; unchanged if the current directory no longer exists.
			if absolute, err := filepath.Abs(path); err == nil {
				path = absolute
			}
			return []string{path}
		}
	}
	paths := []string{"/run/moshd/moshd.sock"}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		paths = append(paths, filepath.Join(dir, "moshd.sock"))
	}
	return paths
}

// mode chooses what to register, of the modes that are on, for a client that sent this number of colours
// (UDPMUX-97 to 101).
func (a *Session) mode(on udpmux.Mode, colours string) (udpmux.Mode, error) {
	hasAgent := udpmux.HasAgent(colours)
	mode := udpmux.Learn
	if a.Token || !a.Learn && hasAgent && (on&udpmux.Token != 0 || on&udpmux.Learn == 0) {
		mode = udpmux.Token
	}
	switch {
	case on&mode != 0:
		return mode, nil
	case on&(udpmux.Learn|udpmux.Token) == 0:
		return 0, errors.New("moshd has no mode for this user")
	case mode == udpmux.Token:
		return 0, errors.New("moshd's token mode is off")
	case hasAgent:
		return 0, errors.New("moshd's learn mode is off")
	}
	return 0, errors.New("moshd's learn mode is off: on the client install mosh-client-mux and use mosh --client=mosh-client-mux --server=mosh-server-mux")
}

// moshServerArgs is what the session agent has to know of mosh-server's arguments after new.
type moshServerArgs struct {
	colours string // -c's, the last one's
	options int    // how many arguments there are before --, or at all

	isTalkative bool // with -v
}

// scanMoshServer reads the arguments as mosh-server does.
func scanMoshServer(args []string) (s moshServerArgs) {
	const withValue = "ipcl"
	for s.options < len(args) && args[s.options] != "--" {
		letters, isOption := strings.CutPrefix(args[s.options], "-")
		s.options++
		for i := 0; isOption && i < len(letters); i++ {
			if strings.IndexByte(withValue, letters[i]) < 0 {
				s.isTalkative = s.isTalkative || letters[i] == 'v'
				continue
			}
			value := letters[i+1:]
			if value == "" && s.options < len(args) {
				value = args[s.options]
				s.options++
			}
			if letters[i] == 'c' {
				s.colours = value
			}
			break
		}
	}
	return s
}

// behindUsers returns args, which begin with new, with more options after the user's.
func behindUsers(args []string, more ...string) []string {
	return slices.Insert(slices.Clone(args), 1+scanMoshServer(args[1:]).options, more...)
}

// triedVariable has the id of an agent's process, and the programs that it has taken for the real one. If such a
// program starts the agent again, as a script of that name may, the agent takes the next one on PATH.
const triedVariable = "MOSH_MUX_TRIED"

// realProgram finds the first program of this name on PATH that is not one of ours under another name and does not lead
// to one: that would never end. environment is what to start it with.
func realProgram(name string) (path string, environment []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	own, err := os.Stat(self)
	if err != nil {
		return "", nil, err
	}
	tried := triedByThis()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !filepath.IsAbs(dir) {
			continue // as exec.LookPath: the current directory is anybody's
		}
		path, err := exec.LookPath(filepath.Join(dir, name))
		if err != nil || slices.Contains(tried, path) {
			continue
		}
		target, err := filepath.EvalSymlinks(path)
		if err != nil || filepath.Base(target) == name+"-mux" {
			continue
		}
		if found, err := os.Stat(target); err != nil || os.SameFile(found, own) {
			continue
		}
		tried = append([]string{strconv.Itoa(os.Getpid())}, append(tried, path)...)
		mark := triedVariable + "=" + strings.Join(tried, string(filepath.ListSeparator))
		return path, append(process.Environment(triedVariable), mark), nil
	}
	return "", nil, fmt.Errorf("there is no %s on PATH that is not this program", name)
}

// triedByThis are the programs that this process, or one that it descends from, has taken for the real one. Another
// process's variable says nothing: a user's shell has it from mosh-server.
func triedByThis() []string {
	tried := strings.Split(os.Getenv(triedVariable), string(filepath.ListSeparator))
	pid, err := strconv.Atoi(tried[0])
	if err != nil || !descendsFrom(pid) {
		return nil
	}
	return tried[1:]
}
