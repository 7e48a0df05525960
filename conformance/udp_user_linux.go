package conformance

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// asUser does f in a thread that is the user's, and ends the thread. Only root can.
func asUser(uid int, f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: nothing else is done as that user
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			result <- errno
			return
		}
		result <- f()
	}()
	return <-result
}

// unread says how many bytes the other end has not read yet, and whether that can be seen.
func (a *agentConn) unread() (n int, known bool) {
	raw, err := a.SyscallConn()
	if err != nil {
		return 0, false
	}
	errControl := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	return n, errors.Join(err, errControl) == nil
}
