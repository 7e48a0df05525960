package daemon

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	"golang.org/x/sys/unix"
)

func listVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "lists", Usage: "[-uid UID] [-clients on] [-last N] [-up BYTES] [-down BYTES] " +
			"[-idle TIME|same|less] NAME...",
			Help: "On a connection of its own, as that user, HELLO and LIST get a list that ends as it has to, with " +
				"these backends' sessions as they are registered, and of other users' none. -clients: with each " +
				"session's clients and their loopback sources; -last: with the N clients heard last, the last one " +
				"first; -up, -down: with so many bytes forwarded. -idle: in the end idle for TIME, for no less than " +
				"in the list before (same), or for no longer than the time since then (less).",
			Max: -1, Run: listsVerb},
		{Name: "unlisted", Usage: "[-uid UID] NAME...",
			Help: "The list that this user gets does not have these backends' sessions.", Max: -1, Run: unlistedVerb},
		{Name: "list", Help: "Send LIST.", Run: listVerb},
		{Name: "cast",
			Help: "The daemon closes the connection, though nothing is read from it.", Run: castVerb},
	}
}

// A listed is a session of a list, with its clients.
type listed struct {
	wire.Session
	clients []wire.Client
}

func listVerb(s *engine.Session, args []string) error {
	agentAtWork(s).SendFrame(wire.Frame{Type: wire.List}, s.Wait())
	return nil
}

func castVerb(s *engine.Session, args []string) error {
	if w := s.Wait(); !agentAtWork(s).Closed(w) {
		return s.Meaning(w, "the connection to be closed", engine.ErrLimit)
	}
	return nil
}

// listOf asks for a list as that user, or as the suite's own.
func listOf(s *engine.Session, uid string) []listed {
	of(s).lists++
	a := new(sockets.Conn)
	var err error
	if name := fmt.Sprint("list ", of(s).lists); uid != "" {
		a, err = dialAs(s, int(engine.Integer(uid)), name)
	} else {
		a, err = dialAgent(s, name)
	}
	if err != nil {
		engine.Must(engine.Violation("connecting to the target's Unix socket failed: %v", err))
	}
	defer a.Close()
	old := of(s).agent
	defer func() { of(s).agent = old }()
	of(s).agent = a
	a.SendFrame(wire.Frame{Type: wire.Hello, Version: wire.Version}, s.Wait())
	frameNext(s, wire.Welcome)
	a.SendFrame(wire.Frame{Type: wire.List}, s.Wait())
	var list []listed
	for {
		switch e := frameNext(s, wire.Listed).Entry.(type) {
		case wire.Session:
			list = append(list, listed{Session: e})
		case wire.Client:
			if len(list) == 0 {
				engine.Must(engine.Violation("the list begins with a client"))
			}
			list[len(list)-1].clients = append(list[len(list)-1].clients, e)
		default:
			engine.Must(overVerb(s, []string{"-quiet", "on"}))
			return list
		}
	}
}

// in finds the backend's session in a list; ok says whether it is there, once.
func (b *backend) in(list []listed) (found listed, ok bool) {
	n := 0
	for _, l := range list {
		if l.ID == b.id && l.Port == b.bound().Port() {
			found, n = l, n+1
		}
	}
	return found, n == 1
}

func unlistedVerb(s *engine.Session, args []string) error {
	o, names := options(args, "-uid")
	list := listOf(s, o["-uid"])
	for _, name := range namesIn(names) {
		if l, ok := backendNamed(s, name).in(list); ok {
			return engine.Violation("the list has the session %d of uid %d", l.ID, l.UID)
		}
	}
	return nil
}

func listsVerb(s *engine.Session, args []string) error {
	o, names := options(args, "-uid", "-clients", "-last", "-up", "-down", "-idle")
	if len(names) == 0 {
		return engine.ErrUsage
	}
	least, isTime := time.ParseDuration(o["-idle"])
	for w := s.WaitFor(least); ; s.Pause(100 * time.Millisecond) {
		list := listOf(s, o["-uid"])
		for _, l := range list {
			if o["-uid"] != "" && fmt.Sprint(l.UID) != o["-uid"] {
				return engine.Violation("the list has the session %d of uid %d", l.ID, l.UID)
			}
		}
		late := false
		for _, name := range namesIn(names) {
			b := backendNamed(s, name)
			l, ok := b.in(list)
			if !ok {
				return engine.Violation("the list does not have the session %d, port %d, or not once",
					b.id, b.bound().Port())
			}
			engine.Must(b.check(s, l, o))
			late = late || isTime == nil && time.Duration(l.Idle)*time.Second < least
			b.idle, b.listed = l.Idle, time.Now()
		}
		if !late {
			return nil
		}
		if w.Over() {
			return s.Meaning(w, fmt.Sprintf("a session that is idle for %v", least), engine.ErrLimit)
		}
	}
}

// check compares what is listed with what the suite knows.
func (b *backend) check(s *engine.Session, l listed, o map[string]string) error {
	var stat unix.Stat_t
	sockets.Control(b.UDPConn, func(fd int) { unix.Fstat(fd, &stat) })
	want := wire.Session{ID: b.id, UID: stat.Uid, Modes: b.modes, Port: b.Address().Port(), Inode: stat.Ino}
	got := wire.Session{ID: l.ID, UID: l.UID, Modes: l.Modes, Port: l.Port, Inode: l.Inode}
	elapsed := uint32(time.Since(b.listed)/time.Second) + 1
	for name, have := range map[string]uint64{"-up": l.ToBackend, "-down": l.ToClients} {
		if o[name] != "" && fmt.Sprint(have) != o[name] {
			return engine.Violation("expected %s bytes forwarded (%s), not %d", o[name], name, have)
		}
	}
	switch {
	case got != want:
		return engine.Violation("expected the session %+v, not %+v", want, got)
	case o["-clients"] != "" && len(l.clients) != int(l.Clients):
		return engine.Violation("%d clients are listed, and the session has %d", len(l.clients), l.Clients)
	case o["-idle"] != "" && l.Idle > l.Age:
		return engine.Violation("idle for %d s, and registered for %d s", l.Idle, l.Age)
	case o["-idle"] == "same" && l.Idle < b.idle:
		return engine.Violation("idle for %d s, and before for %d s", l.Idle, b.idle)
	case o["-idle"] == "less" && l.Idle > elapsed:
		return engine.Violation("idle for %d s, although heard within the last %d s", l.Idle, elapsed)
	case o["-clients"] != "":
		return b.checkClients(s, l, len(b.flows), len(b.flows), false)
	case o["-last"] != "":
		return b.checkClients(s, l, int(engine.Integer(o["-last"])), len(b.flows), true)
	}
	return nil
}

// checkClients wants the n clients that sent last, of so many; ordered, the last one first.
func (b *backend) checkClients(s *engine.Session, l listed, n, of int, ordered bool) error {
	var want []wire.Client
	for _, c := range b.heard(s) {
		source, at := b.flows[c.Name], c.Address()
		want = append(want, wire.Client{Address: at.Addr().As16(), Port: at.Port(), Source: source.Addr().As4(),
			SourcePort: source.Port()})
	}
	if len(l.clients) != n || int(l.Clients) != of {
		return engine.Violation("expected %d clients of %d, not %d of %d", n, of, len(l.clients), l.Clients)
	}
	for i, c := range l.clients {
		at := slices.Index(want, c)
		if at < 0 {
			return engine.Violation("the listed client %v with the source %v is none of this session's",
				netip.AddrPortFrom(netip.AddrFrom16(c.Address).Unmap(), c.Port),
				netip.AddrPortFrom(netip.AddrFrom4(c.Source), c.SourcePort))
		}
		if ordered && at != i {
			return engine.Violation("client %d of the list was heard as the last but %d", i, at)
		}
	}
	return nil
}

// heard gives the clients whose datagrams the backend has seen, the one that sent last first.
func (b *backend) heard(s *engine.Session) (all []*client) {
	for name := range b.flows {
		if c := of(s).clients[name]; c != nil {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *client) int { return b.Sent.Compare(a.Sent) })
	return all
}
