package conformance

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func init() {
	maps.Copy(verbs, map[string]verb{
		"session": sessionVerb, "backend": backendVerb, "agent": agentVerb, "hello": helloVerb, "register": registerVerb, "raw": rawVerb,
		"welcome": welcomeVerb, "registered": registeredVerb, "denied": deniedVerb, "over": overVerb, "leave": leaveVerb,
		"alive": aliveVerb, "vacate": vacateVerb, "occupy": occupyVerb, "inherits": inheritsVerb, "enrolls": enrollsVerb,
		"outsider": outsiderVerb, "drips": dripsVerb, "again": againVerb, "visitors": visitorsVerb,
	})
}

// options splits a verb's arguments into its options, which stand in front and each have a value, and the rest.
func options(ts *testscript.TestScript, usage string, args []string, names ...string) (map[string]string, []string) {
	values := make(map[string]string)
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		usageError(ts, false, slices.Contains(names, args[0]) && len(args) > 1, usage)
		values[args[0]] = args[1]
		args = args[2:]
	}
	return values, args
}

// parseUDPModes reads a list of modes, or a number.
func parseUDPModes(ts *testscript.TestScript, text string) (modes wire.Mode) {
	if n, err := strconv.ParseUint(text, 0, 8); err == nil {
		return wire.Mode(n)
	}
	for name := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(udpModes, func(m udpMode) bool { return m.name == name })
		usageError(ts, false, i >= 0, "modes are learn, token, port")
		modes |= udpModes[i].bit
	}
	return modes
}

// addressAt reads ADDR or ADDR:PORT.
func addressAt(ts *testscript.TestScript, text string) netip.AddrPort {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 0)
	}
	a, err := netip.ParseAddrPort(text)
	usageError(ts, false, err == nil, "an address is ADDR or ADDR:PORT")
	return a
}

// workAt makes a connection the one at work.
func (s *session) workAt(a *agentConn) {
	if s.udp.agents == nil {
		s.udp.agents = make(map[string]*agentConn)
	}
	s.udp.agents[a.name], s.udp.agent = a, a
}

// agent [-uid UID] NAME: connect to the Unix socket, or go on with that connection. -uid: as that user.
func agentVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "agent [-uid UID] NAME"
	o, names := options(ts, usage, args, "-uid")
	usageError(ts, neg, len(names) == 1, usage)
	s := of(ts)
	if a := s.udp.agents[names[0]]; a != nil {
		s.udp.agent = a
		return
	}
	var a *agentConn
	var err error
	if o["-uid"] != "" {
		a, err = s.dialAs(ts, int(integer(ts, o["-uid"])), names[0])
	} else {
		a, err = s.dialAgent(names[0])
	}
	if err != nil {
		s.violation(ts, "connecting to the target's Unix socket failed: %v", err)
	}
	s.workAt(a)
}

// agentAtWork gives the connection at work.
func agentAtWork(ts *testscript.TestScript) *agentConn {
	usageError(ts, false, of(ts).udp.agent != nil, "agent NAME comes first")
	return of(ts).udp.agent
}

// hello [VERSION]: send HELLO.
func helloVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1, "hello [VERSION]")
	version := int64(wire.Version)
	if len(args) == 1 {
		version = integer(ts, args[0])
	}
	agentAtWork(ts).sendFrame(wire.Frame{Type: wire.Hello, Version: byte(version)}, of(ts).wait())
}

// register [-modes MODES] [-port N] [-key NAME] [NAME]: send REGISTER for the backend, token unless it says otherwise, with its port and
// key or other ones.
func registerVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "register [-modes MODES] [-port N] [-key NAME] NAME"
	o, names := options(ts, usage, args, "-modes", "-port", "-key")
	usageError(ts, neg, len(names) == 1, usage)
	s := of(ts)
	b := s.backend(ts, names[0])
	agentAtWork(ts).send(s.registerFrame(ts, b, o), s.wait())
}

func (s *session) registerFrame(ts *testscript.TestScript, b *backend, o map[string]string) []byte {
	f := wire.Frame{Type: wire.Register, Modes: wire.ModeToken, Port: b.bound().Port(), S: b.s}
	if o["-modes"] != "" {
		f.Modes = parseUDPModes(ts, o["-modes"])
	}
	if o["-port"] != "" {
		f.Port = uint16(integer(ts, o["-port"]))
	}
	if o["-key"] != "" {
		other := s.backend(ts, o["-key"])
		f.S, b.s, b.t = other.s, other.s, other.t
	}
	b.modes = f.Modes
	bytes, _ := wire.WriteFrame(nil, f)
	return bytes
}

// raw [-apart on] TEXT...: send these bytes; -apart: each when the daemon has read the one before. {hello} is a HELLO, {register_NAME}
// a REGISTER for that backend.
func rawVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "raw [-apart on] TEXT..."
	o, rest := options(ts, usage, args, "-apart")
	usageError(ts, neg, len(rest) > 0, usage)
	s, a := of(ts), agentAtWork(ts)
	for name, b := range s.udp.backends {
		s.values["register_"+name] = escaped(s.registerFrame(ts, b, nil))
	}
	hello, _ := wire.WriteFrame(nil, wire.Frame{Type: wire.Hello, Version: wire.Version})
	s.values["hello"] = escaped(hello)
	b := texts(ts, rest)
	if o["-apart"] == "" {
		a.send(b, s.wait())
		return
	}
	for i := range b {
		a.send(b[i:i+1], s.wait())
		a.apart(s.run.readTime())
	}
}

// frameNext waits for the daemon's next frame, which has to be of that type.
func frameNext(ts *testscript.TestScript, want wire.Type) wire.Frame {
	s, a := of(ts), agentAtWork(ts)
	w := s.wait()
	f, err := a.next(w)
	if err != nil {
		s.failed(ts, w, want.String(), err)
	}
	if f.Type != want {
		s.violation(ts, "expected %v, not %s", want, frameText(f))
	}
	return f
}

// welcome [-modes MODES] [-port N|external]: WELCOME comes; it has exactly these modes, and this port.
func welcomeVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "welcome [-modes MODES] [-port N|external]"
	o, rest := options(ts, usage, args, "-modes", "-port")
	usageError(ts, neg, len(rest) == 0, usage)
	s := of(ts)
	f := frameNext(ts, wire.Welcome)
	if o["-modes"] != "" && f.Modes != parseUDPModes(ts, o["-modes"]) {
		s.violation(ts, "expected a WELCOME with the modes %s, not %s", o["-modes"], modesText(f.Modes))
	}
	port := o["-port"]
	if port == "external" {
		at, _ := netip.ParseAddrPort(s.in.address)
		port = fmt.Sprint(at.Port())
	}
	if port != "" && fmt.Sprint(f.Port) != port {
		s.violation(ts, "expected a WELCOME with the port %s, not %d", port, f.Port)
	}
}

// registered [NAME]: REGISTERED comes, for that backend.
func registeredVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1, "registered [NAME]")
	f := frameNext(ts, wire.Registered)
	if len(args) == 1 {
		of(ts).backend(ts, args[0]).id = f.ID
	}
}

// denied CODE: an ERROR with this code comes.
func deniedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "denied CODE")
	if f := frameNext(ts, wire.Error); int64(f.Code) != integer(ts, args[0]) {
		of(ts).violation(ts, "expected ERROR %s, not %s", args[0], frameText(f))
	}
}

// over [-quiet on]: the daemon ends the connection; -quiet: without another byte.
func overVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "over [-quiet on]"
	o, rest := options(ts, usage, args, "-quiet")
	usageError(ts, neg, len(rest) == 0, usage)
	s, a := of(ts), agentAtWork(ts)
	w := s.wait()
	got, err := a.ends(w)
	if len(got) > 0 && o["-quiet"] != "" {
		s.violation(ts, "expected the end of the connection and not another byte; %s came", shown(got))
	}
	if err != nil {
		s.failed(ts, w, "the end of the connection", err)
	}
}

// alive: the connection at work is open, and nothing has come.
func aliveVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "alive")
	if a := agentAtWork(ts); !a.open() {
		of(ts).violation(ts, "expected that the connection %s stays open and nothing comes on it; %s came, and then: %v", a.name, shown(a.in), a.end)
	}
}
