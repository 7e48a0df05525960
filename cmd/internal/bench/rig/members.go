//go:build linux

package rig

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A member is one of the processes that belong to a started program. Its start time tells it from a later process of its id.
type member struct {
	pid   int
	start string
}

// members gives those processes that have the program's mark, and the descendants of these: some wipe out their environment, to show
// something in its place.
func (p *Process) members() (all []member) {
	if p == nil {
		return nil
	}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	found := map[int]bool{}
	children := map[int][]member{}
	var add func(m member)
	add = func(m member) {
		if found[m.pid] {
			return
		}
		found[m.pid] = true
		all = append(all, m)
		for _, child := range children[m.pid] {
			add(child)
		}
	}
	var marked []member
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		f := stat(pid)
		if f == nil {
			continue
		}
		m := member{pid, f[19]}
		parent, _ := strconv.Atoi(f[1])
		children[parent] = append(children[parent], m)
		env, err := os.ReadFile(dir + "/environ")
		if pid == p.cmd.Process.Pid && p.running() || err == nil && bytes.Contains(env, []byte(p.mark)) {
			marked = append(marked, m)
		}
	}
	for _, m := range marked {
		add(m)
	}
	return all
}

// running: until then the program's id is its own.
func (p *Process) running() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

func (m member) alive() bool {
	f := stat(m.pid)
	return f != nil && f[19] == m.start
}

// stat gives the fields of proc_pid_stat(5) from the third on, or nil if the process has ended.
func stat(pid int) []string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return nil
	}
	return f
}
