//go:build !linux

package conformance

import (
	"errors"
	"net/netip"
)

func (s *session) swarm(netip.AddrPort, int, func(int) []byte) error {
	return errors.New("sending from any address of 127.0.0.0/8 is something that Linux does")
}
