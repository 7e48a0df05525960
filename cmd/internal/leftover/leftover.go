// Package leftover finds what a program that has ended has left behind.
package leftover

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// In gives the files in dir, and the processes other than this one whose TMPDIR is dir: a program that is started
// with that has it, and so has all that it starts. Processes are only seen where there is a /proc.
func In(dir string) (all []string) {
	all, _ = filepath.Glob(filepath.Join(dir, "*"))
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		pid, _ := strconv.Atoi(filepath.Base(process))
		env, _ := os.ReadFile(filepath.Join(process, "environ"))
		if pid != os.Getpid() && slices.Contains(strings.Split(string(env), "\x00"), "TMPDIR="+dir) {
			command, _ := os.ReadFile(filepath.Join(process, "cmdline"))
			all = append(all, fmt.Sprintf("process %d: %q", pid, command))
		}
	}
	return all
}
