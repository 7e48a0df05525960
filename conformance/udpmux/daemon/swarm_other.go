//go:build !linux

package daemon

import (
	"errors"
	"net/netip"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func swarm(s *engine.Session, _ netip.AddrPort, _ int, _ func(int) []byte) error {
	return errors.New("only Linux sends from any address of 127.0.0.0/8")
}
