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
	last := 255 // the list does not have all everywhere
	list, _ := os.ReadDir("/dev/fd")
	for _, entry := range list {
		fd, _ := strconv.Atoi(entry.Name())
		last = max(last, fd)
	}
	for fd := 3; fd <= last; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			open = append(open, fd)
		}
	}
	return open
}
