package agent

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// user is what an exploration has of a client agent.
type user struct {
	runs        bool
	talked      []string // local ports that were answered
	away        bool     // the server was away for a while
	waited, hit bool
	over        int
}

// The states of a client agent's exploration.
const (
	twoPorts       = "two local ports were answered"
	roamedBack     = "a local port was answered after another had been"
	eachLength     = "the longest datagram was relayed"
	ecnPassed      = "ECN bits were passed on"
	strangersSent  = "a stranger sent to an outgoing port"
	noAnswers      = "the server sent what is no answer"
	localGarbage   = "a bad local datagram came after good ones"
	serverAway     = "the relay went on after the server had been away"
	afterSignals   = "the relay went on after a terminal's signals"
	relayedLater   = "a local port was answered after a pause"
	clientExited   = "the real client ended after it had been answered"
	clientKilled   = "the real client was killed"
	relaysInTurn   = "one relay followed another"
	notTheRelaysAt = "an agent was started without a token"
)

// relaying makes a move of a relay that runs, or of none.
func relaying(name string, runs bool, do func(w *engine.World, p *user) []engine.Line) engine.Move {
	return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
		p := w.State.(*user)
		if p.runs != runs {
			return nil
		}
		return do(w, p)
	}}
}

// talking makes a move of a local port that was answered.
func talking(name string, do func(w *engine.World, p *user, port string) []engine.Line) engine.Move {
	return relaying(name, true, func(w *engine.World, p *user) []engine.Line {
		if len(p.talked) == 0 {
			return nil
		}
		return do(w, p, p.talked[w.IntN(len(p.talked))])
	})
}

// exploreClient is what a real client, a server and strangers can do next at a client agent.
func exploreClient() *engine.Explorer {
	return &engine.Explorer{
		Begin: func() any { return &user{} },
		Moves: slices.Concat([]engine.Move{relaying("relay", false, relays), relaying("relay", false, relays),
			relaying("no token", false, noToken)},
			localMoves(), localMoves(), strangeMoves(), relayEnds()),
		States: []string{twoPorts, roamedBack, eachLength, ecnPassed, strangersSent, noAnswers,
			localGarbage, serverAway, afterSignals, relayedLater, clientExited, clientKilled,
			relaysInTurn, notTheRelaysAt},
	}
}

func relays(w *engine.World, p *user) []engine.Line {
	if p.over > 0 {
		w.Reach(relaysInTurn)
	}
	*p = user{runs: true, over: p.over}
	return engine.Lines("UDPMUX-112", w.One("relay", "relay '-# |'"))
}

// noToken starts an agent with what is no token's N.
func noToken(w *engine.World, p *user) []engine.Line {
	w.Reach(notTheRelaysAt)
	p.over++
	lines := engine.Lines("UDPMUX-115", "target environment MOSH_KEY={K}")
	if w.IntN(2) == 0 {
		return append(lines, engine.Lines("UDPMUX-116",
			"start '-# |' 127.0.0.1 "+w.One("010737478240", "00010737478240", "107374782400"), "target ends error")...)
	}
	code := w.IntN(100)
	return append(lines, engine.Lines("UDPMUX-115", "start '-# host |' 192.0.2.1 60001", "mosh starts",
		"mosh gets '-# host |' 192.0.2.1 60001", fmt.Sprintf("mosh exits %d", code),
		fmt.Sprintf("target ends %d", code))...)
}

// localMoves are what local ports and the server do.
func localMoves() []engine.Move {
	return []engine.Move{
		relaying("local port", true, func(w *engine.World, p *user) []engine.Line {
			if len(p.talked) == 4 {
				return nil
			}
			port := string(rune('A' + len(p.talked)))
			if p.talked = append(p.talked, port); len(p.talked) > 1 {
				w.Reach(twoPorts)
			}
			p.answered(w)
			return engine.Lines("UDPMUX-112", "local "+port+" talks")
		}),
		talking("again", func(w *engine.World, p *user, port string) []engine.Line {
			if p.answered(w); port != p.talked[len(p.talked)-1] {
				w.Reach(roamedBack)
			}
			return engine.Lines("UDPMUX-112", "local "+port+" talks")
		}),
		talking("lengths", func(w *engine.World, p *user, port string) []engine.Line {
			n := []int{24, 25, 1252, 2047, 2048}[w.IntN(5)]
			if n == 2048 {
				w.Reach(eachLength)
			}
			return append(engine.Lines("UDPMUX-112", fmt.Sprintf("local %s sends %d", port, n), "far hears "+port),
				engine.Lines("UDPMUX-142", fmt.Sprintf("far answers %s %d", port, n), "local "+port+" gets")...)
		}),
		talking("ecn", func(w *engine.World, p *user, port string) []engine.Line {
			w.Reach(ecnPassed)
			return engine.Lines("UDPMUX-141", "far marks "+w.One("up", "down")+" "+port+" "+
				w.One("2,3,1,0", "3,0", "0x92,0x91"))
		}),
		relaying("wait", true, func(w *engine.World, p *user) []engine.Line {
			p.waited = true
			return engine.Lines("UDPMUX-112", fmt.Sprintf("passes %dms", 1<<w.IntN(8)))
		}),
	}
}

// answered takes note of a local port that was answered.
func (p *user) answered(w *engine.World) {
	if p.waited {
		w.Reach(relayedLater)
	}
	if p.away {
		w.Reach(serverAway)
	}
	if p.hit {
		w.Reach(afterSignals)
	}
}

// strangeMoves are what nobody should do, and outages.
func strangeMoves() []engine.Move {
	return []engine.Move{
		talking("strangers", func(w *engine.World, p *user, port string) []engine.Line {
			w.Reach(strangersSent)
			return engine.Lines("UDPMUX-123", "far strays "+port+" "+w.One("port", "127.0.0.2"),
				"far answers "+port, "local "+port+" gets")
		}),
		talking("no answers", func(w *engine.World, p *user, port string) []engine.Line {
			w.Reach(noAnswers)
			return engine.Lines("UDPMUX-142", "far strays "+port+" "+w.One("0x80 23", "0x80 2049", "0x7f 60", "0 60"),
				"far answers "+port, "local "+port+" gets")
		}),
		talking("local garbage", func(w *engine.World, p *user, port string) []engine.Line {
			w.Reach(localGarbage)
			return engine.Lines("UDPMUX-124", "local "+port+" sends bad "+
				w.One("0 23", "0 2049", "1 60", "0x80 60", "0xff 60"), "local "+port+" sends",
				"far hears "+port)
		}),
		talking("server away", func(w *engine.World, p *user, port string) []engine.Line {
			p.away = true
			return engine.Lines("UDPMUX-122", "far is away", "local "+port+" sends", "local "+port+" sends",
				"far is back", "local "+port+" talks")
		}),
		talking("signals", func(w *engine.World, p *user, port string) []engine.Line {
			if p.hit {
				return nil
			}
			p.hit = true
			return engine.Lines("UDPMUX-127", "target hit", "local "+port+" talks")
		}),
	}
}

// relayEnds are ends of the real client.
func relayEnds() []engine.Move {
	return []engine.Move{
		talking("exit", func(w *engine.World, p *user, _ string) []engine.Line {
			w.Reach(clientExited)
			code := w.IntN(100)
			*p = user{over: p.over + 1}
			return append(engine.Lines("UDPMUX-119", fmt.Sprintf("mosh exits %d", code),
				fmt.Sprintf("target ends %d", code)),
				engine.Lines("UDPMUX-126", "target leaves nothing")...)
		}),
		relaying("killed", true, func(w *engine.World, p *user) []engine.Line {
			w.Reach(clientKilled)
			*p = user{over: p.over + 1}
			signal := []int{9, 15}[w.IntN(2)]
			return append(engine.Lines("UDPMUX-119", fmt.Sprintf("mosh dies %d", signal),
				fmt.Sprintf("target ends %d", 128+signal)),
				engine.Lines("UDPMUX-126", "target leaves nothing")...)
		}),
	}
}
