package proc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A stat is what is needed from a process's or thread's file stat.
type stat struct {
	state  byte
	parent int
	group  int
	cpu    time.Duration // used by the process and by its children that were waited for
	// started is when, in the kernel's steps since the machine did.
	started int
}

// startOf is when a process of ours was started.
func startOf(pid int) int {
	s, _ := readStat(strconv.Itoa(pid))
	return s.started
}

// readStat reads proc_pid_stat(5) of a process, PID, or a thread, PID/task/TID. It is the suite's most frequent look
// at the system, hence without what the os package does to make a descriptor a file.
func readStat(of string) (s stat, err error) {
	fd, err := unix.Open("/proc/"+of+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return s, err
	}
	defer unix.Close(fd)
	var b [1024]byte
	n, err := unix.Read(fd, b[:])
	if err != nil {
		return s, err
	}
	// The program's name, in parentheses, may hold anything; numbers follow it.
	f := strings.Fields(string(b[bytes.LastIndexByte(b[:n], ')')+1 : n]))
	if len(f) < 20 {
		return s, fmt.Errorf("/proc/%s/stat: too short", of)
	}
	s.state = f[0][0]
	s.parent, _ = strconv.Atoi(f[1])
	s.started, _ = strconv.Atoi(f[19])
	s.group, err = strconv.Atoi(f[2])
	const tick = 10 * time.Millisecond // sysconf(_SC_CLK_TCK) is 100 on Linux
	for _, field := range f[11:15] {
		n, _ := strconv.Atoi(field)
		s.cpu += time.Duration(n) * tick
	}
	return s, err
}

// cpu is the time that all of the processes have used.
func (all Processes) cpu() (total time.Duration) {
	for _, pid := range all {
		if s, err := readStat(strconv.Itoa(pid)); err == nil {
			total += s.cpu
		}
	}
	return total
}

// ticks are those of all threads (schedstat, in nanoseconds).
func (all Processes) ticks() (t ticks) {
	for _, pid := range all {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, thread := range threads {
			text, _ := os.ReadFile(thread)
			var ran, waited int64
			if _, err := fmt.Sscan(string(text), &ran, &waited); err == nil {
				t.ran, t.waited = t.ran+time.Duration(ran), t.waited+time.Duration(waited)
			}
		}
	}
	return t
}

// Memory is what the processes have for themselves, in all, in bytes, and the most they had before. What they share
// does not count: the code of a program that runs many times, and what children share with their parent. Neither do the
// suite's own fixtures.
func (all Processes) Memory() (total int) {
	for _, pid := range all {
		if fixture(pid) {
			continue
		}
		status, private := kibibytes(pid, "status"), kibibytes(pid, "smaps_rollup")
		total += private["Private_Clean:"] + private["Private_Dirty:"] + max(0, status["VmHWM:"]-status["VmRSS:"])
	}
	return total << 10
}

// kibibytes reads the numbers of a file of lines such as "VmRSS: 12 kB".
func kibibytes(pid int, file string) map[string]int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	all := make(map[string]int)
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[2] == "kB" {
			all[f[0]], _ = strconv.Atoi(f[1])
		}
	}
	return all
}
