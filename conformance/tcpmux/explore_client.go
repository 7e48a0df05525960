package tcpmux

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// asked is what an exploration has of a client: the one that runs, if any.
type asked struct {
	stage           stage  // empty if none runs
	eager           string // typed before the reply
	inputEnded      bool
	in, out, waited bool
	over            int // clients that have ended
}

// waiting: the client has sent its request and has no reply yet.
const waiting stage = "waiting"

// The states of a client's exploration.
const (
	replyInPieces  = "a reply in pieces was understood"
	wordsAtOnce    = "the service's first words came with the reply"
	eagerInput     = "input was there before the reply"
	bothWaysPassed = "bytes passed both ways"
	muchPassed     = "64 KiB passed each way"
	outputAfterEnd = "output came after the end of the input"
	endedBySession = "a session ended after bytes of both directions"
	resetInSession = "a session was reset after bytes had passed"
	cutReply       = "a reply was cut short"
	refusedClient  = "a request was refused"
	badReply       = "a reply began with another byte"
	pausedSession  = "bytes passed after a pause"
	wokenInput     = "input came after a pause"
	severalClients = "one client followed another"
)

// exploreClient is what a server of a client, and its user, can do next.
func exploreClient() *engine.Explorer {
	passing := []engine.Move{
		asking("output", session, output), asking("input", session, input), asking("much", session, much),
	}
	return &engine.Explorer{
		Begin: func() any { return &asked{} },
		Moves: slices.Concat([]engine.Move{{Name: "client", Do: beginClient}}, replyMoves(),
			passing, passing, endingMoves()),
		End: func(w *engine.World) []engine.Line {
			switch w.State.(*asked).stage {
			case waiting:
				return engine.Lines("TCPMUX-57", "close", "ends failed")
			case sessionOpen:
				return engine.Lines("TCPMUX-46", "close", "ends ok")
			}
			return nil
		},
		States: []string{replyInPieces, wordsAtOnce, eagerInput, bothWaysPassed, muchPassed,
			outputAfterEnd, endedBySession, resetInSession, cutReply, refusedClient, badReply,
			pausedSession, severalClients, wokenInput},
	}
}

// sessionOpen is the stage of a client that has got a positive reply.
const sessionOpen = session

// asking makes a move of what is done with a client at a stage.
func asking(name string, at stage, do func(w *engine.World, p *asked) []engine.Line) engine.Move {
	return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
		p := w.State.(*asked)
		if p.stage != at {
			return nil
		}
		return do(w, p)
	}}
}

func beginClient(w *engine.World) []engine.Line {
	p := w.State.(*asked)
	if p.stage != "" {
		return nil
	}
	if p.over > 0 {
		w.Reach(severalClients)
	}
	*p = asked{stage: waiting, over: p.over}
	lines := slices.Concat(engine.Lines("TCPMUX-46", "client", "accept"), engine.Lines("TCPMUX-47", "request"))
	if w.IntN(3) == 0 {
		p.eager = "eager words"
		lines = append(lines, engine.Lines("TCPMUX-60", "type 'eager words'", "quiet")...)
	}
	return lines
}

// left takes note that the client has ended.
func (p *asked) left() { p.stage, p.over = "", p.over+1 }

// replyMoves are the replies of a server.
func replyMoves() []engine.Move {
	return []engine.Move{
		asking("reply", waiting, agree), asking("reply", waiting, agree),
		asking("refuse", waiting, func(w *engine.World, p *asked) []engine.Line {
			p.left()
			w.Reach(refusedClient)
			return engine.Lines("TCPMUX-53", fmt.Sprintf("send '-%s\\r\\n'", w.One("", "Not today", "+")), "close",
				"ends failed")
		}),
		asking("bad reply", waiting, func(w *engine.World, p *asked) []engine.Line {
			p.left()
			w.Reach(badReply)
			return engine.Lines("TCPMUX-56", fmt.Sprintf("send '%s+Go\\r\\n'", w.One(" ", `\x00`, "a", `\r\n`, `\xab`)),
				"close", "ends failed")
		}),
		asking("cut reply", waiting, func(w *engine.World, p *asked) []engine.Line {
			p.left()
			w.Reach(cutReply)
			return engine.Lines("TCPMUX-57", fmt.Sprintf("send '%s'", w.One("+", "+Go", `+Go\r`, "-", "-No")),
				w.One("close", "reset"), "ends failed")
		}),
	}
}

// agree sends a positive reply, in one of many ways.
func agree(w *engine.World, p *asked) []engine.Line {
	p.stage = sessionOpen
	rule, lines := "TCPMUX-50", engine.Lines("TCPMUX-52", `send '+\r\n'`)
	switch w.IntN(5) {
	case 0:
		w.Reach(replyInPieces)
		lines = engine.Lines(rule, `send '+'`, "apart", `send 'Go\r\n'`)
	case 1:
		w.Reach(replyInPieces)
		lines = engine.Lines(rule, `send '+Go\r'`, "apart", `send '\n'`)
	case 2:
		w.Reach(replyInPieces)
		lines = engine.Lines(rule, `send -apart '+Go on\r\n'`)
	case 3:
		w.Reach(wordsAtOnce)
		p.in = true
		lines = engine.Lines("TCPMUX-51", `send '+Go\r\nfirst words'`, "prints 'first words'")
	}
	if p.eager != "" {
		w.Reach(eagerInput)
		p.out = true
		lines = append(lines, engine.Lines("TCPMUX-61", "until '"+p.eager+"'")...)
	}
	return lines
}

// passed takes note of bytes that have passed.
func (p *asked) passed(w *engine.World) {
	if p.in && p.out {
		w.Reach(bothWaysPassed)
	}
	if p.waited {
		w.Reach(pausedSession)
	}
	if p.in && p.inputEnded {
		w.Reach(outputAfterEnd)
	}
}

func output(w *engine.World, p *asked) []engine.Line {
	p.in = true
	p.passed(w)
	n := 1 << w.IntN(12)
	if w.IntN(2) == 0 {
		return engine.Lines("TCPMUX-61", fmt.Sprintf("send -filler %d ''", n), fmt.Sprintf("prints -filler %d", n))
	}
	return engine.Lines("TCPMUX-61", "send words", "prints words")
}

func input(w *engine.World, p *asked) []engine.Line {
	if p.inputEnded {
		return nil
	}
	if p.out = true; p.waited {
		w.Reach(wokenInput)
	}
	p.passed(w)
	n := 1 << w.IntN(12)
	if w.IntN(2) == 0 {
		return engine.Lines("TCPMUX-61", fmt.Sprintf("type -filler %d", n), fmt.Sprintf("until -filler %d", n))
	}
	return engine.Lines("TCPMUX-61", "type words", "until words")
}

func much(w *engine.World, p *asked) []engine.Line {
	if p.inputEnded {
		return nil
	}
	w.Reach(muchPassed)
	p.in, p.out = true, true
	return engine.Lines("TCPMUX-61", "type -filler 65536", "until -filler 65536",
		"send -filler 65536 ''", "prints -filler 65536")
}

// endingMoves are pauses and ends of a session.
func endingMoves() []engine.Move {
	return []engine.Move{
		asking("wait", sessionOpen, func(w *engine.World, p *asked) []engine.Line {
			p.waited = true
			return engine.Lines("TCPMUX-61", fmt.Sprintf("passes %dms", 1<<w.IntN(7)))
		}),
		asking("end of input", sessionOpen, func(w *engine.World, p *asked) []engine.Line {
			if p.inputEnded {
				return nil
			}
			p.inputEnded = true
			return engine.Lines("TCPMUX-62", "type -end", "closed -quiet")
		}),
		asking("end of session", sessionOpen, func(w *engine.World, p *asked) []engine.Line {
			if p.in && p.out {
				w.Reach(endedBySession)
			}
			p.left()
			return engine.Lines("TCPMUX-46", "close", "ends ok")
		}),
		asking("reset", sessionOpen, func(w *engine.World, p *asked) []engine.Line {
			if p.in || p.out {
				w.Reach(resetInSession)
			}
			p.left()
			return engine.Lines("TCPMUX-65", "reset", "ends failed")
		}),
	}
}
