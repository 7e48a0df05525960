package accept

import (
	"net"
	"syscall"
	"time"
)

// breakTime is how long readers and writers of a broken connection have to notice it, and to get what came before.
const breakTime = time.Second

// Watch calls broken when c breaks: the peer has reset it, or no longer answers. Readers and writers of c notice that;
// but there may be none, when the peer's direction has ended, or while the other end of a relay takes nothing. stop
// ends the watch; broken may still be running then.
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
