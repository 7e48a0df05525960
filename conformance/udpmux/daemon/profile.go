package daemon

import (
	"net/netip"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

// profileSession finds out what a UDP mux daemon chose where the page leaves a choice (section 5).
func profileSession(s *engine.Session) map[string]string {
	facts := make(map[string]string)
	b, err := newBackend(s, "backend", netip.AddrPortFrom(sockets.Loopback4, 0))
	if err != nil {
		return facts
	}
	if _, err := register(s, b, mode(s).Bit); err != nil {
		return facts
	}
	var flows []netip.AddrPort
	for _, name := range []string{"first", "second"} {
		c, err := newClient(s, name, netip.AddrPortFrom(nearby(s), 0))
		if err != nil {
			return facts
		}
		if carries(s, c, mode(s).Name, b) == nil {
			flows = append(flows, b.flows[name])
		}
	}
	if len(flows) == 2 {
		facts["a flow's loopback source"] = map[[2]bool]string{
			{true, false}: "an address of its own", {false, true}: "a port of its own", {true,
				true}: "an address and a port of its own",
		}[[2]bool{flows[0].Addr() != flows[1].Addr(), flows[0].Port() != flows[1].Port()}]
	}
	if a, err := dialAgent(s, "agent"); err == nil {
		a.Send([]byte{0}, s.Wait())
		a.CloseWrite()
		got, err := a.Ends(s.Window(engine.ProfileWindow))
		facts["a frame that is cut short"] = map[bool]string{true: "ERROR, then closed", false: "closed"}[len(got) > 0]
		if err != nil {
			facts["a frame that is cut short"] = "left open"
		}
	}
	return facts
}
