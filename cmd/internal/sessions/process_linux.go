package sessions

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// socketHolders gives the process that has each socket open, of those that this one may look into: the parent where a
// child has inherited it.
func socketHolders() map[uint64]int {
	holders := make(map[uint64]int)
	names, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, name := range names {
		inode, ok := socketAt(name)
		if !ok {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(name))))
		if old := holders[inode]; old == 0 || parentOf(old) == pid {
			holders[inode] = pid
		}
	}
	return holders
}

// socketAt reads a link in a process's directory of descriptors.
func socketAt(name string) (inode uint64, ok bool) {
	target, _ := os.Readlink(name)
	digits, ok := strings.CutPrefix(strings.TrimSuffix(target, "]"), "socket:[")
	inode, err := strconv.ParseUint(digits, 10, 64)
	return inode, ok && err == nil
}

func parentOf(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name before it may hold anything
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}

// Terminate sends SIGTERM to the session's mosh-server. That the process is this user's and has the session's socket is
// checked after it is held by a descriptor: its number may name another by then.
func (s *Session) Terminate() error {
	if s.PID == 0 {
		return errors.New("no process of yours has its port")
	}
	pidfd, err := unix.PidfdOpen(s.PID, 0)
	if err != nil {
		return os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(pidfd)
	var stat unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d", s.PID), &stat); err != nil {
		return err
	}
	has := false
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.PID))
	for _, name := range names {
		inode, ok := socketAt(name)
		has = has || ok && inode == s.inode
	}
	if !has || int(stat.Uid) != os.Geteuid() || s.UID != stat.Uid {
		return fmt.Errorf("process %d is not its mosh-server any more, or not yours", s.PID)
	}
	return os.NewSyscallError("pidfd_send_signal", unix.PidfdSendSignal(pidfd, unix.SIGTERM, nil, 0))
}
