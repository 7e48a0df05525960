package conformance

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// session [-modes MODES] NAME...: for each name a backend that is registered, for token unless it says otherwise.
func sessionVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "session [-modes MODES] NAME..."
	o, names := options(ts, usage, args, "-modes")
	usageError(ts, neg, len(names) > 0, usage)
	s, modes := of(ts), wire.ModeToken
	if o["-modes"] != "" {
		modes = parseUDPModes(ts, o["-modes"])
	}
	s.given = true
	defer func() { s.given = false }()
	for _, name := range names {
		b := s.bindBackend(ts, name, netip.AddrPortFrom(loopback4, 0))
		s.enroll(ts, b, modes)
	}
}

// enroll registers the backend, on a connection of its name, which is at work then.
func (s *session) enroll(ts *testscript.TestScript, b *backend, modes wire.Mode) {
	a, o, reason := s.register(b, modes)
	if o != Pass {
		s.end(ts, o, reason)
	}
	b.modes = modes
	s.workAt(a)
}

func (s *session) bindBackend(ts *testscript.TestScript, name string, at netip.AddrPort) *backend {
	if at.Port() == 0 { // one that nobody else gets when it is left for a moment
		port, err := freeUDPPort()
		if err != nil {
			s.inconclusive(ts, "%v", err)
		}
		at = netip.AddrPortFrom(at.Addr(), uint16(integer(ts, port)))
	}
	b, err := s.newBackend(name, at)
	if err != nil {
		s.inconclusive(ts, "binding %v for a backend: %v", at, err)
	}
	return b
}

// backend [-at ADDR] [-like NAME] [-uid UID] [-shared on] NAME: a backend that is not registered, at 127.0.0.1 or that address; with
// the port that another one has or had; with a socket that is that user's; with one that others can share.
func backendVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "backend [-at ADDR] [-like NAME] [-uid UID] [-shared on] NAME"
	o, names := options(ts, usage, args, "-at", "-like", "-uid", "-shared")
	usageError(ts, neg, len(names) == 1, usage)
	s, at := of(ts), netip.AddrPortFrom(loopback4, 0)
	if o["-at"] != "" {
		at = addressAt(ts, o["-at"])
	}
	if o["-like"] != "" {
		at = netip.AddrPortFrom(at.Addr(), s.backend(ts, o["-like"]).bound().Port())
	}
	s.udp.shared = o["-shared"] != ""
	defer func() { s.udp.shared = false }()
	if o["-uid"] == "" {
		s.bindBackend(ts, names[0], at)
		return
	}
	err := asUser(int(integer(ts, o["-uid"])), func() error {
		_, err := s.newBackend(names[0], at)
		return err
	})
	if err != nil {
		s.inconclusive(ts, "binding a backend's socket as another user: %v", err)
	}
}

// dialAs connects to the Unix socket as that user. Its own mode is what may keep him out: the folders above it are passed by.
func (s *session) dialAs(ts *testscript.TestScript, uid int, name string) (a *agentConn, err error) {
	dir, err := os.Open(filepath.Dir(s.in.socket))
	if err == nil {
		defer dir.Close()
		err = dir.Chmod(0o711)
	}
	if err != nil {
		s.inconclusive(ts, "the Unix socket's folder: %v", err)
	}
	path := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(s.in.socket))
	err = asUser(uid, func() (err error) {
		a, err = s.dialAt(name, path)
		return err
	})
	return a, err
}

// backend gives the backend of that name.
func (s *session) backend(ts *testscript.TestScript, name string) *backend {
	usageError(ts, false, s.udp.backends[name] != nil, "there is no backend "+name)
	return s.udp.backends[name]
}

// vacate NAME: the backend closes its socket.
func vacateVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "vacate NAME")
	b := of(ts).backend(ts, args[0])
	b.at = b.address()
	b.Close()
	if err := untilFree(func() error { return bindable("udp", b.at) }); err != nil {
		of(ts).inconclusive(ts, "the socket of the backend %s was closed, and is still there: %v", b.name, err)
	}
	b.rec.note("%s. the backend has closed its socket", b.name)
}

// occupy NAME: a TCP socket listens at the port that the backend had.
func occupyVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "occupy NAME")
	s := of(ts)
	l, err := net.Listen("tcp4", s.backend(ts, args[0]).bound().String())
	if err != nil {
		s.inconclusive(ts, "%v", err)
	}
	s.udp.keep(l)
}

// inherits NAME OTHER: the backend has the keys of the other one, and what is known of its clients.
func inheritsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2, "inherits NAME OTHER")
	b, other := of(ts).backend(ts, args[0]), of(ts).backend(ts, args[1])
	b.k, b.s, b.t, b.modes, b.flows = other.k, other.s, other.t, other.modes, other.flows
}

// enrolls NAME: the backend is registered for token, if not at once then within the time limit.
func enrollsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "enrolls NAME")
	s := of(ts)
	b := s.backend(ts, args[0])
	for w := s.wait(); ; time.Sleep(udpMoment) {
		a, o, reason := s.register(b, wire.ModeToken)
		if o == Pass {
			b.modes = wire.ModeToken
			s.workAt(a)
			return
		}
		if w.over() || a == nil {
			s.end(ts, o, reason)
		}
		a.Close()
	}
}

// again NAME: the backend is registered again, for the same modes, on a new connection.
func againVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "again NAME")
	b := of(ts).backend(ts, args[0])
	of(ts).enroll(ts, b, b.modes)
}

// visitors N: N agents come and go; one of three leaves at once, one behind WELCOME, one has a session whose backend goes with it.
func visitorsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "visitors N")
	s := of(ts)
	mark := s.rec.mark()
	for i := range integer(ts, args[0]) {
		s.rec.back(mark)
		if i%3 == 2 {
			b := s.bindBackend(ts, "visitor", netip.AddrPortFrom(loopback4, 0))
			s.enroll(ts, b, wire.ModeToken)
			carriesVerb(ts, false, []string{"c", "token", "visitor"})
			b.Close()
			leaveVerb(ts, false, nil)
			continue
		}
		agentVerb(ts, false, []string{"visitor"})
		if i%3 == 1 {
			helloVerb(ts, false, nil)
			welcomeVerb(ts, false, nil)
		}
		leaveVerb(ts, false, nil)
	}
}

// leave: the agent closes its connection.
func leaveVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "leave")
	a := agentAtWork(ts)
	a.Close()
	delete(of(ts).udp.agents, a.name)
	a.rec.note("%s. closed by the suite", a.name)
}

// outsider UID NAME: that user cannot connect, or gets WELCOME with modes 0, or an ERROR, or the end of the connection; and REGISTERED
// in no case.
func outsiderVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2, "outsider UID NAME")
	s, b := of(ts), of(ts).backend(ts, args[1])
	a, err := s.dialAs(ts, int(integer(ts, args[0])), "outsider")
	if err != nil {
		return
	}
	hello, _ := wire.WriteFrame(nil, wire.Frame{Type: wire.Hello, Version: wire.Version})
	a.send(append(hello, s.registerFrame(ts, b, nil)...), s.wait())
	for w := s.wait(); ; {
		f, err := a.next(w)
		switch {
		case err == errLimit:
			s.failed(ts, w, "an answer to another user, or the end of his connection", err)
		case err != nil || f.Type == wire.Error:
			return
		case f.Type != wire.Welcome || f.Modes != 0:
			s.violation(ts, "another user gets %s", frameText(f))
		}
	}
}

// drips TIME TEXT: a byte of the text is sent, and then another whenever that time has passed, until the daemon ends the connection.
func dripsVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "drips TIME TEXT"
	usageError(ts, neg, len(args) == 2, usage)
	every, err := time.ParseDuration(args[0])
	usageError(ts, false, err == nil, usage)
	s, a := of(ts), agentAtWork(ts)
	text := texts(ts, args[1:])
	for w, i := s.wait(), 0; ; i++ {
		if i < len(text) {
			a.send(text[i:i+1], w)
		}
		for step := window(every); !step.over(); {
			if err := a.fill(step); err != nil && err != errLimit {
				return
			}
		}
		if w.over() {
			s.failed(ts, w, "the end of the connection", errLimit)
		}
	}
}
