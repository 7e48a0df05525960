//go:build !linux

package conformance

import (
	"errors"
	"net/netip"
	"syscall"
)

const soReusePort = syscall.SO_REUSEPORT

func receiveBuffer(netip.AddrPort) (have, want int, err error) {
	return 0, 0, errors.New("only Linux's table tells")
}

func sawDF(uint16, wait, func() []byte) (df bool, err error) {
	return false, errors.New("only Linux shows the packets")
}
