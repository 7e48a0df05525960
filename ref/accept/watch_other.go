//go:build !linux

package accept

import (
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch checks for an error now and then. It ends when the connection is closed.
func watch(raw syscall.RawConn, broken func()) (stop func()) {
	var over atomic.Bool
	var look func()
	look = func() {
		why := 0
		err := raw.Control(func(fd uintptr) { why, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR) })
		switch {
		case over.Load() || err != nil:
		case why != 0:
			broken()
		default:
			time.AfterFunc(breakTime, look)
		}
	}
	time.AfterFunc(breakTime, look)
	return func() { over.Store(true) }
}
