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
		Moves: slices.Concat([]engine.Move{{Name: "session", Do: newSession}, {Name: "session", Do: newSession}},
			traffic, traffic, crewMoves(), hostileMoves()),
		Holds:   engine.Lines("UDPMUX-132", "baseline"),
		Before:  engine.Lines("UDPMUX-1", "baseline", "measure"),
		Settles: engine.Lines("UDPMUX-131", "settled descriptors"),
		States: []string{twoSessions, twoClients, anotherAddress, byPort, byLearn, unknownToMany,
			withoutAgent, registeredAgain, otherBackend, startedAgain, afterPause, garbageBeside, intrudersBeside,
			agentsBeside, refusedBeside, manyAtOnce, answeredAgain, answeredTwice, backendEnded},
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
	s := &member{name: fmt.Sprintf("s%d", p.count),
		modes: w.One("token", "token", "learn,token", "token,port", "learn,token,port")}
	p.sessions = append(p.sessions, s)
	return engine.Lines("UDPMUX-1", "session -modes "+s.modes+" "+s.name)
}

// with makes a move of what is done with one of the sessions that fit.
func with(name string, fits func(s *member) bool,
	do func(w *engine.World, p *crew, s *member) []engine.Line) engine.Move {
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
func hasAgent(s *member) bool      { return !s.gone }
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
			if o := p.sessions[w.IntN(len(p.sessions))]; hasTokenGuest(o) { // perhaps another session's client
				g = tokenGuest(o)
			}
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
	return append(lines, engine.Lines("UDPMUX-70", fmt.Sprintf("answers %s %s", s.name, g.name),
		fmt.Sprintf("gets %s %s", g.name, s.name))...)
}
