// Package sockdiag asks the kernel who owns a UDP port, and whose process is at the other end of a Unix socket.
package sockdiag

import (
	"errors"
	"net"
	"net/netip"
)

// Loopback is 127.0.0.1.
var Loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// A Socket is a UDP socket in the kernel's table.
type Socket struct {
	Address netip.Addr // local
	Port    uint16     // local
	UID     uint32
	Inode   uint64
}

// OnLoopback finds the one socket bound to 127.0.0.1; inode is 0 if there are several or it is not uid's. elsewhere are
// uid's sockets that are bound to other addresses.
func OnLoopback(sockets []Socket, uid uint32) (inode uint64, elsewhere []uint64) {
	n := 0
	for _, socket := range sockets {
		switch {
		case socket.Address == Loopback:
			n++
			if socket.UID == uid {
				inode = socket.Inode
			}
		case socket.UID == uid:
			elsewhere = append(elsewhere, socket.Inode)
		}
	}
	if n != 1 {
		inode = 0
	}
	return inode, elsewhere
}

// PeerUID is the uid of the process that connected, or that listens.
func PeerUID(c net.Conn) (uid uint32, err error) {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	controlErr := raw.Control(func(fd uintptr) { uid, err = uidOf(int(fd)) })
	return uid, errors.Join(err, controlErr)
}
