package accept

import (
	"net"
	"syscall"
	"time"
)

// breakTime is what those have who read or write a connection that breaks: they see it, and what came before it.
const breakTime = time.Second

// Watch calls broken when c breaks: the peer has reset it, or does not answer any more. Who reads or writes c sees that;
// but c may have nobody to do so, when its peer's direction has ended, or while the other end of a relay takes nothing.
// stop ends the watch; broken may be running then.
func Watch(c net.Conn, broken func()) (stop func()) {
	var raw syscall.RawConn
	socket, ok := c.(syscall.Conn)
	if ok {
		var err error
		raw, err = socket.SyscallConn()
		ok = err == nil
	}
	if !ok {
		return func() {}
	}
	return watch(raw, broken)
}
