package agent

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/ref/process"
)

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
