package daemon

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func daemonVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "restart", Usage: "stop|kill",
			Help: "End the daemon with SIGTERM (stop) or SIGKILL (kill), and start it again with the same socket " +
				"addresses.",
			Max: -1, Run: restartVerb},
		{Name: "another",
			Usage: "[-refused on] [-socket own] [-listen same|ADDRESS,...] [-writable MODE] " +
				"[-below on] [-link in|to] [-inherit none|address|port|both,...] [-at ADDR]",
			Help: "Start a second daemon. -socket own: with a Unix socket of its own, otherwise the first daemon's. " +
				"-listen: at the first daemon's port (same) or at these addresses, in which {a} and {b} stand for " +
				"two free ports; otherwise at a free port. -writable MODE: its Unix socket is in a folder of this " +
				"mode; -below: in a good folder inside such a folder; -link: in a good folder reached through a " +
				"link inside that folder (in), or in that folder, reached through a link inside a good one (to). " +
				"-inherit: it is passed a UDP socket of 127.0.0.2, or of the address in -at, as sd_listen_fds(3) " +
				"describes, with SO_REUSEADDR, SO_REUSEPORT or both, or several such sockets at different ports. " +
				"-refused: it does not start, and ends with a failure. Except for unshared, the next verbs still " +
				"use the first daemon.", Max: -1, Run: anotherVerb},
		{Name: "unshared", Usage: "first|passed",
			Help: "No other socket, with any options, can bind the daemon's address and port (first), or those of " +
				"the socket that was passed to the second daemon (passed).", Max: -1, Run: unsharedVerb},
		{Name: "socket", Usage: "MODE",
			Help: "The Unix socket's file has this mode.", Min: 1, Max: 1, Run: socketVerb},
		{Name: "loiter", Usage: "N [TEXT]",
			Help: "N agents connect, send the text, and then do nothing.", Max: -1, Run: loiterVerb},
	}
}

func restartVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "stop" || args[0] == "kill")) {
		return engine.ErrUsage
	}
	if args[0] == "kill" {
		syscall.Kill(-s.In.Process.Cmd.Process.Pid, syscall.SIGKILL)
	}
	s.In.End()
	s.Rec.Note("the target was ended: %v", s.In.Process.Cmd.ProcessState)
	values := maps.Clone(daemonIn(s.In).values)
	os.Remove(values["address_file"])
	if err := startDaemon(s.Context(), s.In, daemonIn(s.In).scenario, values); errors.Is(err, engine.ErrLate) {
		return engine.Inconclusive("starting the target again: %v", err) // as at the start for a scenario
	} else if err != nil {
		return engine.Violation("the target did not start again: %v", err)
	}
	return nil
}

func unsharedVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "first" || args[0] == "passed")) {
		return engine.ErrUsage
	}
	at, err := external(s.In, sockets.Loopback4)
	if args[0] == "passed" {
		at = of(s).passed
	}
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	all, one := netip.IPv4Unspecified(), sockets.Loopback4
	if at.Addr().Is6() {
		all, one = netip.IPv6Unspecified(), netip.IPv6Loopback()
	}
	beside := all // another address that takes datagrams sent to this one
	if at.Addr() == all {
		beside = one
	}
	for _, options := range []string{"none", "address", "port", "both"} {
		for _, host := range []netip.Addr{at.Addr(), beside} {
			if host == beside && options == "none" {
				continue // shows nothing new
			}
			to := netip.AddrPortFrom(host, at.Port())
			config := net.ListenConfig{Control: sockets.Reuse(options)}
			c, err := config.ListenPacket(s.Context(), sockets.NetworkOf(host), to.String())
			s.Rec.Note("binding %v with SO_REUSE: %s: %v", to, options, err)
			if err == nil {
				c.Close()
				return engine.Violation("another socket can be bound to %v, with SO_REUSE: %s", to, options)
			}
		}
	}
	return nil
}

func socketVerb(s *engine.Session, args []string) error {
	info, err := os.Stat(daemonIn(s.In).socket)
	if err != nil {
		return engine.Violation("the Unix socket: %v", err)
	}
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		return engine.Violation("expected the mode %s of the Unix socket, not %s", args[0], got)
	}
	return nil
}

func loiterVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 || len(args) == 2) {
		return engine.ErrUsage
	}
	s.Values["hello"] = `\x00\x02\x01\x01`
	text := s.Texts(args[1:])
	for i := range engine.Integer(args[0]) {
		a, err := dialAgent(s, fmt.Sprint("idle ", i))
		if err != nil {
			return engine.Violation("connection %d to the target's Unix socket failed: %v", i, err)
		}
		if len(text) > 0 {
			a.Send(text, s.Wait())
		}
	}
	return nil
}
