package daemon

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func registerVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "agent", Usage: "[-uid UID] NAME",
			Help: "Connect to the Unix socket, or go on with the connection of that name. -uid: connect as that " +
				"user.", Max: -1, Run: agentVerb},
		{Name: "hello", Usage: "[VERSION]",
			Help: "Send HELLO.", Max: 1, Run: helloVerb},
		{Name: "register", Usage: "[-modes MODES] [-port N] [-key NAME] [NAME]",
			Help: "Send REGISTER for the backend, for token unless -modes says otherwise, with the backend's port " +
				"and key unless others are given.",
			Max: -1, Run: registerVerb},
		{Name: "raw", Usage: "[-apart on] TEXT...",
			Help: "Send these bytes; with -apart, send each byte after the daemon has read the one before. {hello} " +
				"stands for a HELLO, {register_NAME} for a REGISTER of that backend.", Max: -1, Run: rawVerb},
		{Name: "welcome", Usage: "[-modes MODES] [-port N|external]",
			Help: "WELCOME comes, with exactly these modes and this port.", Max: -1, Run: welcomeVerb},
		{Name: "registered", Usage: "[NAME]",
			Help: "REGISTERED comes, for that backend.", Max: 1, Run: registeredVerb},
		{Name: "denied", Usage: "CODE",
			Help: "An ERROR with this code comes.", Min: 1, Max: 1, Run: deniedVerb},
		{Name: "over", Usage: "[-quiet on]",
			Help: "The daemon ends the connection and reads no more from it. With -quiet, it sends no further byte " +
				"first.",
			Max: -1, Run: overVerb},
		{Name: "alive",
			Help: "The current connection is open, and nothing has come on it.", Run: aliveVerb},
	}
}

// options splits a verb's arguments into its options, which come first and each have a value, and the rest.
func options(args []string, names ...string) (map[string]string, []string) {
	values := make(map[string]string)
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if !(slices.Contains(names, args[0]) && len(args) > 1) {
			engine.Must(engine.ErrUsage)
		}
		values[args[0]] = args[1]
		args = args[2:]
	}
	return values, args
}

// addressAt reads ADDR or ADDR:PORT.
func addressAt(text string) netip.AddrPort {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 0)
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		engine.Must(engine.Mistake("an address is ADDR or ADDR:PORT"))
	}
	return a
}

// workAt makes a connection the one at work.
func workAt(s *engine.Session, a *sockets.Conn) {
	if of(s).agents == nil {
		of(s).agents = make(map[string]*sockets.Conn)
	}
	of(s).agents[a.Name], of(s).agent = a, a
}

func agentVerb(s *engine.Session, args []string) error {
	o, names := options(args, "-uid")
	if len(names) != 1 {
		return engine.ErrUsage
	}
	if a := of(s).agents[names[0]]; a != nil {
		of(s).agent = a
		return nil
	}
	var a *sockets.Conn
	var err error
	if o["-uid"] != "" {
		a, err = dialAs(s, int(engine.Integer(o["-uid"])), names[0])
	} else {
		a, err = dialAgent(s, names[0])
	}
	if err != nil {
		return engine.Violation("connecting to the target's Unix socket failed: %v", err)
	}
	workAt(s, a)
	return nil
}

// agentAtWork gives the connection at work.
func agentAtWork(s *engine.Session) *sockets.Conn {
	if of(s).agent == nil {
		engine.Must(engine.Mistake("agent NAME comes first"))
	}
	return of(s).agent
}

func helloVerb(s *engine.Session, args []string) error {
	version := int64(wire.Version)
	if len(args) == 1 {
		version = engine.Integer(args[0])
	}
	agentAtWork(s).SendFrame(wire.Frame{Type: wire.Hello, Version: byte(version)}, s.Wait())
	return nil
}

func registerVerb(s *engine.Session, args []string) error {
	o, names := options(args, "-modes", "-port", "-key")
	if len(names) != 1 {
		return engine.ErrUsage
	}
	b := backendNamed(s, names[0])
	frame := registerFrame(s, b, o)
	modes := wire.ModeToken
	if o["-modes"] != "" {
		modes = parseUDPModes(o["-modes"])
	}
	asks(s, b, modes)
	agentAtWork(s).Send(frame, s.Wait())
	return nil
}

func registerFrame(s *engine.Session, b *backend, o map[string]string) []byte {
	f := wire.Frame{Type: wire.Register, Modes: wire.ModeToken, Port: b.bound().Port(), S: b.s}
	if o["-modes"] != "" {
		f.Modes = parseUDPModes(o["-modes"])
	}
	if o["-port"] != "" {
		f.Port = uint16(engine.Integer(o["-port"]))
	}
	if o["-key"] != "" {
		other := backendNamed(s, o["-key"])
		f.S, b.s, b.t = other.s, other.s, other.t
	}
	bytes, _ := wire.WriteFrame(nil, f)
	return bytes
}

func overVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-quiet")
	if len(rest) != 0 {
		return engine.ErrUsage
	}
	a := agentAtWork(s)
	w := s.Wait()
	got, err := a.Ends(w)
	if len(got) > 0 && o["-quiet"] != "" {
		return engine.Violation("expected the end of the connection and not another byte; %s came", engine.Shown(got))
	}
	if err != nil {
		return s.Meaning(w, "the end of the connection", err)
	}
	if w := s.Wait(); !a.Closed(w) {
		return s.Meaning(w, "the connection to be closed, not only shut for writing", engine.ErrLimit)
	}
	return nil
}

func aliveVerb(s *engine.Session, args []string) error {
	if a := agentAtWork(s); !a.Open(s.Window(time.Millisecond)) {
		return engine.Violation("expected the connection %s to stay open and nothing to come on it; "+
			"%s came, and then: %v",
			a.Name, engine.Shown(a.In), a.End)
	}
	return nil
}
