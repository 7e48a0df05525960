package sockets

import (
	"errors"

	"golang.org/x/sys/unix"
)

// unread says how many bytes the other end has not read yet, and whether that can be seen.
func (a *Conn) unread() (n int, known bool) {
	raw, err := a.SyscallConn()
	if err != nil {
		return 0, false
	}
	errControl := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCOUTQ) })
	return n, errors.Join(err, errControl) == nil
}
