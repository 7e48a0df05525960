package conformance

import "net/netip"

// profileSession finds out what a UDP mux daemon chose where the page leaves the choice (section 5).
func (s *session) profileSession() map[string]string {
	facts := make(map[string]string)
	b, err := s.newBackend("backend", netip.AddrPortFrom(loopback4, 0))
	if err != nil {
		return facts
	}
	if _, o, _ := s.register(b, s.mode().bit); o != Pass {
		return facts
	}
	var flows []netip.AddrPort
	for _, name := range []string{"first", "second"} {
		c, err := s.newClient(name, netip.AddrPortFrom(s.nearby(), 0))
		if err != nil {
			return facts
		}
		if o, _ := s.carries(c, s.mode().name, b); o == Pass {
			flows = append(flows, b.flows[name])
		}
	}
	if len(flows) == 2 {
		facts["a flow's loopback source"] = map[[2]bool]string{
			{true, false}: "an address of its own", {false, true}: "a port of its own", {true, true}: "an address and a port of its own",
		}[[2]bool{flows[0].Addr() != flows[1].Addr(), flows[0].Port() != flows[1].Port()}]
	}
	if a, err := s.dialAgent("agent"); err == nil {
		a.send([]byte{0}, s.wait())
		a.CloseWrite()
		got, err := a.ends(window(profileWindow))
		facts["a frame that is cut short"] = map[bool]string{true: "ERROR, then closed", false: "closed"}[len(got) > 0]
		if err != nil {
			facts["a frame that is cut short"] = "left open"
		}
	}
	return facts
}
