package daemon

import (
	"maps"
	"net/netip"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

// listeners are the addresses of a daemon's second listener, by the values of the axis, and of an IPv4 client's way to
// an inherited one that serves both families.
var listeners = map[string]string{"second": "127.0.0.2", "::1": "::1", "both": "127.0.0.1"}

// axes are what a daemon's scenarios are played over: how agents cut their writes, which of the daemon's listeners
// clients send to, and whether others are served meanwhile.
func axes() []engine.Axis {
	return []engine.Axis{
		sockets.Frames("UDPMUX-35", func(s *engine.Session) { of(s).bytes = true }),
		{
			Name: "listener",
			Help: "Clients send to the daemon's only address; or to the second of two, which is 127.0.0.2 or ::1; " +
				"or over IPv4 to an inherited listener for both families.",
			Values: []string{"first", "second", "::1", "both"}, Rule: "UDPMUX-12",
			Needs: map[string][]string{"second": {"config"}, "::1": {"config", "ipv6"},
				"both": {"config", "ipv6", activation}},
			Fits: func(s engine.Scenario) bool { return s.Set["listen"]+s.Set["inherit"] == "" },
			Head: func(s *engine.Scenario, value string) {
				set := map[string]string{"listen": "127.0.0.1:0,127.0.0.2:0"}
				switch value {
				case "::1":
					set["listen"] = "127.0.0.1:0,[::1]:0"
				case "both":
					set = map[string]string{"inherit": "::"}
				}
				maps.Copy(set, s.Set)
				s.Set, s.Own = set, true
			},
			Apply: func(s *engine.Session, value string) error {
				of(s).host = netip.MustParseAddr(listeners[value])
				return nil
			},
		},
		engine.Company("UDPMUX-1"),
	}
}
