package daemon

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func backendVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "session", Usage: "[-modes MODES] NAME...",
			Help: "Register a backend for each name, for token unless -modes says otherwise. s1..9 stands for nine " +
				"names.", Max: -1, Run: sessionVerb},
		{Name: "backend", Usage: "[-at ADDR] [-like NAME] [-uid UID] [-shared on] NAME",
			Help: "Open a backend without registering it, at 127.0.0.1 or at ADDR. -like: with the port that " +
				"another backend has or had; -uid: with a socket that belongs to that user; -shared: with a socket " +
				"whose port others can share.", Max: -1, Run: backendVerb},
		{Name: "vacate", Usage: "NAME",
			Help: "The backend closes its socket.", Min: 1, Max: 1, Run: vacateVerb},
		{Name: "occupy", Usage: "NAME",
			Help: "A TCP socket listens at the port that the backend had.", Min: 1, Max: 1, Run: occupyVerb},
		{Name: "inherits", Usage: "NAME OTHER",
			Help: "The backend takes over the other backend's keys and what is known of its clients.",
			Min:  2, Max: 2, Run: inheritsVerb},
		{Name: "enrolls", Usage: "NAME",
			Help: "The backend is registered for token, at once or within the time limit.",
			Min:  1, Max: 1, Run: enrollsVerb},
		{Name: "again", Usage: "NAME",
			Help: "The backend is registered again for the same modes, on a new connection.",
			Min:  1, Max: 1, Run: againVerb},
		{Name: "visitors", Usage: "N",
			Help: "N agents come and go. A third of them leave at once, a third after WELCOME, and a third have a " +
				"session whose backend leaves with them.", Min: 1, Max: 1, Run: visitorsVerb},
		{Name: "leave", Usage: "[-half on]",
			Help: "The agent closes its connection or, with -half, ends only its own direction.",
			Max:  -1, Run: leaveVerb},
		{Name: "outsider", Usage: "UID NAME",
			Help: "That user cannot connect, or gets WELCOME with modes 0, an ERROR, or the end of the connection, " +
				"but never REGISTERED.", Min: 2, Max: 2, Run: outsiderVerb},
		{Name: "drips", Usage: "TIME TEXT",
			Help: "Send the text byte by byte, one byte every TIME, until the daemon ends the connection.",
			Min:  2, Max: 2, Run: dripsVerb},
	}
}

func sessionVerb(s *engine.Session, args []string) error {
	o, names := options(args, "-modes")
	if len(names) == 0 {
		return engine.ErrUsage
	}
	modes := wire.ModeToken
	if o["-modes"] != "" {
		modes = parseUDPModes(o["-modes"])
	}
	if modes = offered(s.In.Target, modes); modes == 0 {
		return engine.Unsupported("the target has none of the modes %s", o["-modes"])
	}
	s.Given = true
	defer func() { s.Given = false }()
	for _, name := range namesIn(names) {
		b := bindBackend(s, name, netip.AddrPortFrom(sockets.Loopback4, 0))
		enroll(s, b, modes)
	}
	return nil
}

// enroll registers the backend on a connection of its name, which is then the one at work.
func enroll(s *engine.Session, b *backend, modes wire.Mode) {
	a, err := register(s, b, modes)
	if err != nil {
		engine.Must(err)
	}
	b.modes = modes
	workAt(s, a)
}

func bindBackend(s *engine.Session, name string, at netip.AddrPort) *backend {
	anyPort := at.Port() == 0
	for tries := 1; ; tries++ {
		if anyPort { // one that nobody else gets when it is free for a moment
			port, err := sockets.PortToBind()
			if err != nil {
				engine.Must(engine.Inconclusive("%v", err))
			}
			at = netip.AddrPortFrom(at.Addr(), uint16(engine.Integer(port)))
		}
		b, err := newBackend(s, name, at)
		switch {
		case err == nil:
			return b
		case !anyPort || tries == mostPorts || !errors.Is(err, syscall.EADDRINUSE): // else another run was faster
			engine.Must(engine.Inconclusive("binding %v for a backend: %v", at, err))
		}
	}
}

// mostPorts is how many ports are tried for a backend.
const mostPorts = 10

func backendVerb(s *engine.Session, args []string) error {
	o, names := options(args, "-at", "-like", "-uid", "-shared")
	if len(names) != 1 {
		return engine.ErrUsage
	}
	at := netip.AddrPortFrom(sockets.Loopback4, 0)
	if o["-at"] != "" {
		at = addressAt(o["-at"])
	}
	if o["-like"] != "" {
		at = netip.AddrPortFrom(at.Addr(), backendNamed(s, o["-like"]).bound().Port())
	}
	of(s).shared = o["-shared"] != ""
	defer func() { of(s).shared = false }()
	if o["-uid"] == "" {
		bindBackend(s, names[0], at)
		return nil
	}
	err := sockets.AsUser(int(engine.Integer(o["-uid"])), func() error {
		_, err := newBackend(s, names[0], at)
		return err
	})
	if err != nil {
		return engine.Inconclusive("binding a backend's socket as another user: %v", err)
	}
	return nil
}

// backendNamed gives the backend of that name.
func backendNamed(s *engine.Session, name string) *backend {
	if of(s).backends[name] == nil {
		engine.Must(engine.Mistake("there is no backend " + name))
	}
	return of(s).backends[name]
}

func vacateVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[0])
	b.at = b.Address()
	b.Close()
	if err := engine.UntilFree(s.Context(), func() error { return sockets.Bindable("udp", b.at) }); err != nil {
		return engine.Inconclusive("the socket of the backend %s was closed, and is still there: %v", b.Name, err)
	}
	b.Rec.Note("%s. the backend has closed its socket", b.Name)
	return nil
}

func occupyVerb(s *engine.Session, args []string) error {
	l, err := net.Listen("tcp4", backendNamed(s, args[0]).bound().String())
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	s.Keep(l)
	return nil
}

func inheritsVerb(s *engine.Session, args []string) error {
	b, other := backendNamed(s, args[0]), backendNamed(s, args[1])
	b.k, b.s, b.t, b.modes, b.flows = other.k, other.s, other.t, other.modes, other.flows
	return nil
}

func enrollsVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[0])
	for w := s.Wait(); ; time.Sleep(engine.Moment) {
		a, err := register(s, b, wire.ModeToken)
		if err == nil {
			b.modes = wire.ModeToken
			workAt(s, a)
			return nil
		}
		if w.Over() || a == nil {
			return err
		}
		a.Close()
	}
}

func againVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[0])
	enroll(s, b, b.modes)
	return nil
}

func visitorsVerb(s *engine.Session, args []string) error {
	mark := s.Rec.Mark()
	for i := range engine.Integer(args[0]) {
		s.Rec.Back(mark)
		if i%3 == 2 {
			b := bindBackend(s, "visitor", netip.AddrPortFrom(sockets.Loopback4, 0))
			enroll(s, b, wire.ModeToken)
			if err := carriesVerb(s, []string{"c", "token", "visitor"}); err != nil {
				return err
			}
			b.Close()
			if err := leaveVerb(s, nil); err != nil {
				return err
			}
			continue
		}
		if err := agentVerb(s, []string{"visitor"}); err != nil {
			return err
		}
		if i%3 == 1 {
			if err := helloVerb(s, nil); err != nil {
				return err
			}
			if err := welcomeVerb(s, nil); err != nil {
				return err
			}
		}
		if err := leaveVerb(s, nil); err != nil {
			return err
		}
	}
	return nil
}

func leaveVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-half")
	if len(rest) != 0 {
		return engine.ErrUsage
	}
	a := agentAtWork(s)
	if o["-half"] != "" {
		a.CloseWrite()
		a.Rec.Note("%s. the suite has ended its direction", a.Name)
		return nil
	}
	a.Close()
	delete(of(s).agents, a.Name)
	a.Rec.Note("%s. closed by the suite", a.Name)
	return nil
}
