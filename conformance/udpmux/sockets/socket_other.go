//go:build !linux

package sockets

import (
	"net"
	"syscall"
)

// SeesECN: on other systems than Linux, ECN bits are neither set nor told.
const SeesECN = false

func tellECN(*net.UDPConn) {}

func setECN(*net.UDPConn, int) {}

func ecnOf([]byte) int { return 0 }

const soReusePort = syscall.SO_REUSEPORT
