package agent

import (
	"net/netip"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

// axes are what the scenarios of both agents are played over: how the daemon cuts its writes, and where the server is
// that datagrams go to.
func axes(role string) []engine.Axis {
	if role == Server {
		return []engine.Axis{sockets.Frames("UDPMUX-93", func(s *engine.Session) { of(s).bytes = true })}
	}
	return []engine.Axis{{
		Name:   "server",
		Help:   "The server's address is an IPv4 address, an IPv6 address, or an IPv4 address in IPv6 form.",
		Values: []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"}, Rule: "UDPMUX-112",
		Needs: map[string][]string{"::1": {"ipv6"}, "::ffff:127.0.0.1": {"ipv6"}},
		Apply: func(s *engine.Session, value string) error {
			of(s).host = netip.MustParseAddr(value)
			return nil
		},
	}}
}
