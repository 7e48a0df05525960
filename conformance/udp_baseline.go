package conformance

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// goodSession is the baseline of a daemon: a backend is registered for token mode, a client's P reaches it, and its answer the client.
func (s *session) goodSession() (Outcome, string) {
	began := time.Now()
	b, err := s.newBackend("backend", netip.AddrPortFrom(loopback4, 0))
	if err != nil {
		return Inconclusive, err.Error()
	}
	c, err := s.newClient("client", netip.AddrPortFrom(s.nearby(), 0))
	if err != nil {
		return Inconclusive, err.Error()
	}
	mode := s.mode()
	for w := s.wait(); ; time.Sleep(udpMoment) {
		a, o, reason := s.register(b, mode.bit)
		if o == Pass {
			break
		}
		// The sessions of a scenario that is over may not be known to be gone yet.
		if o != Violation || a == nil || a.refusal != wire.CodeLimit || w.over() {
			return o, reason
		}
	}
	o, reason := s.carries(c, mode.name, b)
	if o == Pass {
		s.run.good(time.Since(began))
	}
	return o, reason
}

// mode gives the mode of a good session: token, unless the scenario has turned that off.
func (s *session) mode() udpMode {
	for _, name := range []string{"token", "port", "learn"} {
		i := slices.IndexFunc(udpModes, func(m udpMode) bool { return m.name == name })
		if on := s.in.values["modes"]; on == "" || strings.Contains(on, name) {
			return udpModes[i]
		}
	}
	return udpModes[0]
}

// nearby is the address of a client that can reach the daemon.
func (s *session) nearby() netip.Addr {
	if at, err := s.in.external(loopback4); err == nil && at.Addr().Is6() {
		return netip.IPv6Loopback()
	}
	return loopback4
}
