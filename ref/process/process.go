// Package process is what a program has to see to that starts others, whatever it speaks: what these inherit, and who
// waits for those that lose their parent.
package process

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// forOne are a service manager's words to one process, which are not for those that it starts.
var forOne = []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}

// Environment is what others are started with: this process's, without what is for this process alone, and without the
// variables named.
func Environment(without ...string) []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(forOne, name) || slices.Contains(without, name)
	})
}

// Inherited are the descriptors that this process was given and that those it starts would get, too, but for the
// standard ones: what it has opened itself is kept from them anyway.
func Inherited() (open []int) {
	const unlisted = 1024 // the list does not have all everywhere
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
