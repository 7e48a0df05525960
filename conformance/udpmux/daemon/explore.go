package daemon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// crew is what an exploration has at a daemon: sessions and clients.
type crew struct {
	sessions []*member
	count    int
	clients  int
	waited   bool
	rerun    bool // the daemon was started again
}

// A member is a session with its clients.
type member struct {
	name    string
	modes   string // of learn, token, port
	gone    bool   // the agent's connection has ended
	clients []*guest
}

// A guest is a client of a session, in one mode.
type guest struct{ name, mode string }

// mostSessions is how many sessions an exploration has at once, of the 64 of a user: those that it has left have not
// all ended.
const mostSessions = 4

// exploreDaemon is what agents, backends and clients of a daemon can do next.
func exploreDaemon() *engine.Explorer {
	traffic := trafficMoves()
	return &engine.Explorer{
		Begin: func() any { return &crew{} },
		Moves: slices.Concat([]engine.Move{{Name: "session", Do: newSession}, {Name: "session", Do: newSession}}, traffic, traffic,
			crewMoves(), hostileMoves()),
		Holds:   engine.Lines("UDPMUX-132", "baseline"),
		Before:  engine.Lines("UDPMUX-1", "baseline", "measure"),
		Settles: engine.Lines("UDPMUX-131", "settled descriptors"),
		States: []string{twoSessions, twoClients, anotherAddress, byPort, byLearn, unknownToMany, withoutAgent, registeredAgain,
			otherBackend, startedAgain, afterPause, garbageBeside, intrudersBeside, agentsBeside, refusedBeside, manyAtOnce, answeredAgain,
			answeredTwice, backendEnded},
	}
}

// The states of an exploration.
const (
	twoSessions     = "clients of two sessions were answered"
	twoClients      = "two clients of a session were answered"
	anotherAddress  = "a client came from another address"
	byPort          = "a client was answered in port mode"
	byLearn         = "a client was answered in learn mode"
	unknownToMany   = "an unknown client's datagram reached several learn sessions"
	withoutAgent    = "a client was answered after the agent had left"
	registeredAgain = "a client was answered after its session had been registered again"
	otherBackend    = "a session went on with another backend"
	startedAgain    = "a client was answered after the daemon had been started again"
	afterPause      = "a client was answered after a pause"
	garbageBeside   = "datagrams that mean nothing came while a client had a session"
	intrudersBeside = "somebody else sent to a client's flow"
	agentsBeside    = "agents came and left while a client had a session"
	refusedBeside   = "an agent was refused while a client had a session"
	answeredAgain   = "a client was answered, and later again"
	answeredTwice   = "a client got an answer without having asked again"
	backendEnded    = "a backend ended whose client had been answered"
	manyAtOnce      = "datagrams came without a pause"
)

func newSession(w *engine.World) []engine.Line {
	p := w.State.(*crew)
	if len(p.sessions) == mostSessions {
		return nil
	}
	p.count++
	s := &member{name: fmt.Sprintf("s%d", p.count), modes: w.One("token", "token", "learn,token", "token,port", "learn,token,port")}
	p.sessions = append(p.sessions, s)
	return engine.Lines("UDPMUX-1", "session -modes "+s.modes+" "+s.name)
}

// with makes a move of what is done with one of the sessions that fit.
func with(name string, fits func(s *member) bool, do func(w *engine.World, p *crew, s *member) []engine.Line) engine.Move {
	return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
		p := w.State.(*crew)
		var those []*member
		for _, s := range p.sessions {
			if fits(s) {
				those = append(those, s)
			}
		}
		if len(those) == 0 {
			return nil
		}
		return do(w, p, those[w.IntN(len(those))])
	}}
}

func any1(*member) bool            { return true }
func hasGuests(s *member) bool     { return len(s.clients) > 0 }
func hasPort(s *member) bool       { return strings.Contains(s.modes, "port") }
func hasLearn(s *member) bool      { return strings.Contains(s.modes, "learn") }
func hasTokenGuest(s *member) bool { return tokenGuest(s) != nil }

// tokenGuest gives the latest client of a session that sends its token.
func tokenGuest(s *member) *guest {
	for _, g := range slices.Backward(s.clients) {
		if g.mode == "token" {
			return g
		}
	}
	return nil
}

// newGuest adds a client.
func (p *crew) newGuest(s *member, mode string) *guest {
	p.clients++
	g := &guest{fmt.Sprintf("c%d", p.clients), mode}
	s.clients = append(s.clients, g)
	return g
}

// answered takes note of a client that was answered.
func (p *crew) answered(w *engine.World, s *member) {
	if len(s.clients) > 1 {
		w.Reach(twoClients)
	}
	if slices.ContainsFunc(p.sessions, func(o *member) bool { return o != s && hasGuests(o) }) {
		w.Reach(twoSessions)
	}
	if s.gone {
		w.Reach(withoutAgent)
	}
	if p.waited {
		w.Reach(afterPause)
	}
	if p.rerun {
		w.Reach(startedAgain)
	}
}

// trafficMoves are datagrams of clients and their answers.
func trafficMoves() []engine.Move {
	return []engine.Move{
		with("client", any1, func(w *engine.World, p *crew, s *member) []engine.Line {
			g, at := p.newGuest(s, "token"), ""
			if w.IntN(3) == 0 {
				w.Reach(anotherAddress)
				at = fmt.Sprintf("-at 127.0.0.%d ", 2+w.IntN(200))
			}
			p.answered(w, s)
			return engine.Lines("UDPMUX-87", fmt.Sprintf("carries %s%s token %s", at, g.name, s.name))
		}),
		with("client again", hasTokenGuest, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(answeredAgain)
			p.answered(w, s)
			g := tokenGuest(s)
			return engine.Lines("UDPMUX-87", fmt.Sprintf("carries %s token %s", g.name, s.name))
		}),
		with("answers apart", hasTokenGuest, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(answeredTwice)
			g := tokenGuest(s)
			return engine.Lines("UDPMUX-13", fmt.Sprintf("carries %s token %s", g.name, s.name),
				fmt.Sprintf("answers %s %s", s.name, g.name), fmt.Sprintf("gets %s %s", g.name, s.name))
		}),
		with("client by port", hasPort, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(byPort)
			g := p.newGuest(s, "port")
			p.answered(w, s)
			return engine.Lines("UDPMUX-91", fmt.Sprintf("carries %s port %s", g.name, s.name))
		}),
		with("client to learn", hasLearn, learned),
		with("many", hasTokenGuest, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(manyAtOnce)
			rule, way := "UDPMUX-2", "up"
			if w.IntN(2) == 0 {
				rule, way = "UDPMUX-3", "down"
			}
			g := tokenGuest(s)
			return append(engine.Lines("UDPMUX-87", fmt.Sprintf("carries %s token %s", g.name, s.name)),
				engine.Lines(rule, fmt.Sprintf("burst %s %s token %s %d", way, g.name, s.name, 2+w.IntN(30)))...)
		}),
	}
}

// learned lets an unknown client send: all learn sessions get the datagram, and one of them answers.
func learned(w *engine.World, p *crew, s *member) []engine.Line {
	g := p.newGuest(s, "learn")
	w.Reach(byLearn)
	lines := engine.Lines("UDPMUX-69", "sends "+g.name+" learn")
	for _, o := range p.sessions {
		if hasLearn(o) {
			lines = append(lines, engine.Lines("UDPMUX-69", fmt.Sprintf("reaches %s %s", o.name, g.name))...)
			if o != s {
				w.Reach(unknownToMany)
			}
		}
	}
	p.answered(w, s)
	return append(lines, engine.Lines("UDPMUX-70", fmt.Sprintf("answers %s %s", s.name, g.name), fmt.Sprintf("gets %s %s", g.name, s.name))...)
}

// crewMoves are what sessions, agents and the daemon do.
func crewMoves() []engine.Move {
	return []engine.Move{
		{Name: "wait", Do: func(w *engine.World) []engine.Line {
			w.State.(*crew).waited = true
			return engine.Lines("UDPMUX-132", fmt.Sprintf("passes %dms", 1<<w.IntN(7)))
		}},
		{Name: "restart", Do: restart},
		with("agent leaves", func(s *member) bool { return !s.gone }, func(w *engine.World, p *crew, s *member) []engine.Line {
			s.gone = true
			return engine.Lines("UDPMUX-52", "agent "+s.name, w.One("leave", "leave -half on"))
		}),
		with("register again", any1, func(w *engine.World, p *crew, s *member) []engine.Line {
			if s.gone = false; hasTokenGuest(s) {
				w.Reach(registeredAgain)
				return engine.Lines("UDPMUX-48", "again "+s.name, fmt.Sprintf("carries %s token %s", tokenGuest(s).name, s.name))
			}
			return engine.Lines("UDPMUX-48", "again "+s.name)
		}),
		with("another backend", hasGuests, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(otherBackend)
			p.count++
			old, name := s.name, fmt.Sprintf("s%d", p.count)
			s.name, s.gone, s.modes, s.clients = name, false, "token", nil
			g := p.newGuest(s, "token")
			return engine.Lines("UDPMUX-50", "vacate "+old, "backend "+name, "agent "+name, "hello", "welcome",
				fmt.Sprintf("register -key %s %s", old, name), "registered", fmt.Sprintf("carries %s token %s", g.name, name))
		}),
		with("backend ends", hasGuests, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(backendEnded)
			p.sessions = slices.DeleteFunc(p.sessions, func(o *member) bool { return o == s })
			return engine.Lines("UDPMUX-132", "vacate "+s.name)
		}),
	}
}

// restart ends the daemon and starts it again; all sessions are registered again.
func restart(w *engine.World) []engine.Line {
	p := w.State.(*crew)
	if len(p.sessions) == 0 || w.IntN(4) > 0 {
		return nil
	}
	p.rerun = true
	lines := engine.Lines("UDPMUX-128", "restart "+w.One("stop", "kill"))
	for _, s := range p.sessions {
		s.gone = false
		lines = append(lines, engine.Lines("UDPMUX-128", "again "+s.name)...)
		for _, g := range s.clients {
			if g.mode == "token" {
				lines = append(lines, engine.Lines("UDPMUX-128", fmt.Sprintf("carries %s token %s", g.name, s.name))...)
			}
		}
	}
	return lines
}

// hostileMoves are what strangers do, while a client has a session.
func hostileMoves() []engine.Move {
	return []engine.Move{
		with("garbage", hasTokenGuest, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(garbageBeside)
			c := tokenGuest(s).name
			rule, bad := "UDPMUX-6", fmt.Sprintf("sends -len %s %s token %s", w.One("0,1,8,23", "2049,4096", "65000"), c, s.name)
			switch w.IntN(4) {
			case 0:
				rule, bad = "UDPMUX-7", fmt.Sprintf("sends -first %s %s token %s", w.One("0x01,0x02", "0x7f,0x80", "0xff"), c, s.name)
			case 1:
				rule, bad = "UDPMUX-88", fmt.Sprintf("sends -flip %d %s token %s", w.IntN(15), c, s.name)
			case 2:
				rule, bad = "UDPMUX-8", fmt.Sprintf(`sends %s raw %s '%s'`, c, s.name, w.One(`\x02{T}{P}`, `\x03{P}`, `\x02`))
			}
			return append(engine.Lines(rule, bad), engine.Lines(rule, fmt.Sprintf("carries %s token %s", c, s.name))...)
		}),
		with("intruders", hasTokenGuest, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(intrudersBeside)
			c := tokenGuest(s).name
			like := w.One("", "-like "+s.name+" ")
			return engine.Lines("UDPMUX-15", fmt.Sprintf("carries %s token %s", c, s.name),
				fmt.Sprintf("intrudes %s127.0.0.%d %s %s", like, 2+w.IntN(200), s.name, c),
				fmt.Sprintf("answers %s %s", s.name, c), fmt.Sprintf("gets %s %s", c, s.name))
		}),
		with("agents", hasGuests, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(agentsBeside)
			p.count++
			return engine.Lines("UDPMUX-132", fmt.Sprintf("agent a%d", p.count), "raw '"+w.One("", `\x00`, `\x00\x02\x01\x01`, `\x00\x24\x03\x02`)+"'", "leave")
		}),
		with("refused", hasGuests, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(refusedBeside)
			p.count++
			agent := fmt.Sprintf("agent a%d", p.count)
			switch w.IntN(3) {
			case 0:
				return engine.Lines("UDPMUX-36", agent, fmt.Sprintf("hello %d", 2+w.IntN(254)), "denied 1")
			case 1:
				return engine.Lines("UDPMUX-40", agent, "raw '"+w.One(`\x00\x00`, `\xff\xff\xff`)+"'", "denied 7", "over -quiet on")
			}
			return engine.Lines("UDPMUX-41", agent, "hello", "welcome", "register -modes "+w.One("0x8", "0x82", "0xff")+" "+s.name, "denied 6")
		}),
	}
}
