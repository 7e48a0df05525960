package udpmux

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// clearDF lets routers cut an outlet's datagrams: mosh does not discover the path's MTU, and does the same on its own sockets.
func clearDF(network, _ string, c syscall.RawConn) (err error) {
	level, option, value := unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT
	if network == "udp6" {
		level, option, value = unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DONT
	}
	controlErr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), level, option, value) })
	if err == nil {
		err = controlErr
	}
	return err
}
