package daemon

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// crewMoves are what sessions, agents and the daemon do.
func crewMoves() []engine.Move {
	return []engine.Move{
		{Name: "wait", Do: func(w *engine.World) []engine.Line {
			w.State.(*crew).waited = true
			return engine.Lines("UDPMUX-132", fmt.Sprintf("passes %dms", 1<<w.IntN(7)))
		}},
		{Name: "restart", Do: restart},
		with("agent leaves", hasAgent, func(w *engine.World, p *crew, s *member) []engine.Line {
			s.gone = true
			return engine.Lines("UDPMUX-52", "agent "+s.name, w.One("leave", "leave -half on"))
		}),
		with("register again", any1, func(w *engine.World, p *crew, s *member) []engine.Line {
			if s.gone = false; hasTokenGuest(s) {
				w.Reach(registeredAgain)
				return engine.Lines("UDPMUX-48", "again "+s.name, fmt.Sprintf("carries %s token %s",
					tokenGuest(s).name, s.name))
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
				fmt.Sprintf("register -key %s %s", old, name), "registered",
				fmt.Sprintf("carries %s token %s", g.name, name))
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
		with("garbage", hasTokenGuest, garbage),
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
			return engine.Lines("UDPMUX-132", fmt.Sprintf("agent a%d", p.count),
				"raw '"+w.One("", `\x00`, `\x00\x02\x01\x01`, `\x00\x24\x03\x02`)+"'", "leave")
		}),
		with("refused", hasGuests, func(w *engine.World, p *crew, s *member) []engine.Line {
			w.Reach(refusedBeside)
			p.count++
			agent := fmt.Sprintf("agent a%d", p.count)
			switch w.IntN(3) {
			case 0:
				return engine.Lines("UDPMUX-36", agent, fmt.Sprintf("hello %d", 2+w.IntN(254)), "denied 1")
			case 1:
				return engine.Lines("UDPMUX-40", agent, "raw '"+w.One(`\x00\x00`, `\xff\xff\xff`)+"'",
					"denied 7", "over -quiet on")
			}
			return engine.Lines("UDPMUX-41", agent, "hello", "welcome",
				"register -modes "+w.One("0x8", "0x82", "0xff")+" "+s.name, "denied 6")
		}),
	}
}

// garbage is a datagram that is none of the client's, in a session that goes on.
func garbage(w *engine.World, p *crew, s *member) []engine.Line {
	w.Reach(garbageBeside)
	c := tokenGuest(s).name
	rule, bad := "UDPMUX-6", fmt.Sprintf("sends -len %s %s token %s",
		w.One("0,1,8,23", "2049,4096", "65000"), c, s.name)
	switch w.IntN(4) {
	case 0:
		rule, bad = "UDPMUX-7", fmt.Sprintf("sends -first %s %s token %s",
			w.One("0x01,0x02", "0x7f,0x80", "0xff"), c, s.name)
	case 1:
		rule, bad = "UDPMUX-88", fmt.Sprintf("sends -flip %d %s token %s", w.IntN(15), c, s.name)
	case 2:
		rule, bad = "UDPMUX-8", fmt.Sprintf(`sends %s raw %s '%s'`,
			c, s.name, w.One(`\x02{T}{P}`, `\x03{P}`, `\x02`))
	}
	return append(engine.Lines(rule, bad), engine.Lines(rule, fmt.Sprintf("carries %s token %s", c, s.name))...)
}
