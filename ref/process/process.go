// Package process sees to what any program that starts others needs: what these inherit, who waits for those that lose
// their parent, and which of them are there.
package process

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// forOne are the variables by which a service manager addresses one process, not those that it starts.
var forOne = []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}

// Environment is the environment to start others with: this process's, without the variables that are for this process
// alone and those named.
func Environment(without ...string) []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(forOne, name) || slices.Contains(without, name)
	})
}

// Inherited are the descriptors that this process was given and that processes it starts would get, too, without the
// standard ones. Descriptors that it opened itself are kept from them anyway.
func Inherited() (open []int) {
	const unlisted = 1024 // not every system lists them all
	var fds []int
	for fd := 3; fd < unlisted; fd++ {
		fds = append(fds, fd)
	}
	list, _ := os.ReadDir("/dev/fd")
	for _, entry := range list {
		if fd, _ := strconv.Atoi(entry.Name()); fd >= unlisted {
			fds = append(fds, fd)
		}
	}
	for _, fd := range fds {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			open = append(open, fd)
		}
	}
	return open
}

// A Relative is a process of a group, or a child, adopted ones included.
type Relative struct{ PID, Group int }

// groupEnded waits until no process of the group is left, for lack of a better way.
func groupEnded(group int) {
	for unix.Kill(-group, 0) != unix.ESRCH {
		time.Sleep(250 * time.Millisecond)
	}
}
