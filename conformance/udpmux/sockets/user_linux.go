package sockets

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// AsUser runs f in a thread that is the user's, and ends the thread. Only root can.
func AsUser(uid int, f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked, so that nothing else is done as that user
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			result <- errno
			return
		}
		result <- f()
	}()
	return <-result
}
