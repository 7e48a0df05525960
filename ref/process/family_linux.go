package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// AdoptOrphans makes this process the parent of descendants that lose theirs.
func AdoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// Family are the processes of a group, and any other child of this process.
func Family(group int) (found []Relative) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		parent, its := relation(pid)
		if parent > 0 && (its == group || parent == os.Getpid()) {
			found = append(found, Relative{pid, its})
		}
	}
	return found
}

// relation gives a process's parent, or 0, and its group.
func relation(pid int) (parent, group int) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the name before it may hold anything
	if len(fields) < 3 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(fields[1])
	group, _ = strconv.Atoi(fields[2])
	return parent, group
}

// HasSocket says whether the process has the socket with this inode open. It fails if nobody may look.
func (r Relative) HasSocket(inode uint64) (bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd", r.PID)
	descriptors, err := os.ReadDir(dir)
	return slices.ContainsFunc(descriptors, func(descriptor os.DirEntry) bool {
		target, _ := os.Readlink(filepath.Join(dir, descriptor.Name()))
		return target == fmt.Sprintf("socket:[%d]", inode)
	}), err
}

// DescendsFrom says whether this process is pid, or comes from it.
func DescendsFrom(pid int) bool {
	at := os.Getpid()
	for at > 1 && at != pid {
		at, _ = relation(at)
	}
	return at == pid
}

// WaitForEnd waits until the process has ended or, without a pidfd, its group.
func WaitForEnd(pidfd *os.File, group int) {
	if pidfd == nil {
		groupEnded(group)
		return
	}
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pidfd.Fd()), Events: unix.POLLIN}}, -1)
		if n > 0 || err != nil && err != unix.EINTR {
			return
		}
	}
}
