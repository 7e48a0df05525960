package group

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// keepDescriptors keeps what this process was given, but for the standard descriptors, from the programs that it
// starts. What it opens itself is kept from them anyway.
var keepDescriptors = sync.OnceFunc(func() {
	list, err := os.ReadDir("/dev/fd")
	for _, entry := range list {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	for fd := 3; err != nil && fd < 1024; fd++ { // there is no list
		unix.CloseOnExec(fd)
	}
})

// managers are variables that a service manager means for this process alone.
var managers = []string{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID"}

// Environment is that of the programs.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(managers, name)
	})
}
