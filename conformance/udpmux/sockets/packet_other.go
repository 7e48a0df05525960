//go:build !linux

package sockets

import (
	"errors"

	"github.com/muxspec/muxspec/conformance/internal/proc"
)

func SawDF(uint16, proc.Wait, func() []byte) (df bool, err error) {
	return false, errors.New("only Linux shows the packets")
}
