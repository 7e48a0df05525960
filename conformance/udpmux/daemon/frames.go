package daemon

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func rawVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-apart")
	if len(rest) == 0 {
		return engine.ErrUsage
	}
	a := agentAtWork(s)
	for name, b := range of(s).backends {
		s.Values["register_"+name] = escaped(registerFrame(s, b, nil))
		if strings.Contains(strings.Join(rest, " "), "{register_"+name+"}") {
			asks(s, b, wire.ModeToken)
		}
	}
	hello, _ := wire.WriteFrame(nil, wire.Frame{Type: wire.Hello, Version: wire.Version})
	s.Values["hello"] = escaped(hello)
	b := s.Texts(rest)
	if o["-apart"] == "" {
		a.Send(b, s.Wait())
		return nil
	}
	for i := range b {
		a.Send(b[i:i+1], s.Wait())
		a.Apart(s.Reading())
	}
	return nil
}

// frameNext waits for the daemon's next frame, which must be of that type.
func frameNext(s *engine.Session, want wire.Type) wire.Frame {
	a := agentAtWork(s)
	w := s.Wait()
	f, err := a.Next(w)
	if err != nil {
		engine.Must(s.Meaning(w, want.String(), err))
	}
	if f.Type != want {
		engine.Must(engine.Violation("expected %v, not %s", want, sockets.FrameText(f)))
	}
	return f
}

func welcomeVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-modes", "-port")
	if len(rest) != 0 {
		return engine.ErrUsage
	}
	f := frameNext(s, wire.Welcome)
	if o["-modes"] != "" && f.Modes != parseUDPModes(o["-modes"]) {
		return engine.Violation("expected a WELCOME with the modes %s, not %s", o["-modes"], sockets.ModesText(f.Modes))
	}
	port := o["-port"]
	if port == "external" {
		at, _ := netip.ParseAddrPort(s.In.Address)
		port = fmt.Sprint(at.Port())
	}
	if port != "" && fmt.Sprint(f.Port) != port {
		return engine.Violation("expected a WELCOME with the port %s, not %d", port, f.Port)
	}
	return nil
}

func registeredVerb(s *engine.Session, args []string) error {
	f := frameNext(s, wire.Registered)
	if r, ok := of(s).requests[of(s).agent]; ok {
		r.backend.modes = r.modes
	}
	if len(args) == 1 {
		backendNamed(s, args[0]).id = f.ID
	}
	return nil
}

func deniedVerb(s *engine.Session, args []string) error {
	if f := frameNext(s, wire.Error); int64(f.Code) != engine.Integer(args[0]) {
		return engine.Violation("expected ERROR %s, not %s", args[0], sockets.FrameText(f))
	}
	return nil
}
