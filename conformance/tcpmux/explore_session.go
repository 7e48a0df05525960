package tcpmux

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// sessionMoves are what is done with a session of the echo service.
func sessionMoves() []engine.Move {
	return []engine.Move{
		onCaller("echo", session, echo),
		onCaller("end", session, func(w *engine.World, p *callers, c *caller) []engine.Line {
			p.left(c)
			if w.IntN(2) == 0 {
				w.Reach(endAndReset)
				return engine.Lines("TCPMUX-40", "shutdown", "reset")
			}
			return slices.Concat(engine.Lines("TCPMUX-25", "send 'last words'", "shutdown", "until 'last words'"),
				engine.Lines("TCPMUX-64", "closed"))
		}),
		onCaller("leave", session, func(w *engine.World, p *callers, c *caller) []engine.Line {
			if p.others(c, session) {
				w.Reach(leftBeside)
			}
			p.left(c)
			return engine.Lines("TCPMUX-40", w.One("reset", "close"))
		}),
		onCaller("leave output unread", session, func(w *engine.World, p *callers, c *caller) []engine.Line {
			p.left(c)
			w.Reach(unreadReset)
			return engine.Lines("TCPMUX-40", fmt.Sprintf("send -filler %d", 1<<(16+w.IntN(6))), "reset")
		}),
	}
}

// echo sends bytes to the echo service and gets them back.
func echo(w *engine.World, p *callers, c *caller) []engine.Line {
	p.used[c.name] = true
	for _, o := range p.open {
		if o != c && o.stage == session && p.used[o.name] {
			w.Reach(twoSessions)
		}
	}
	if p.waited {
		w.Reach(wokenUp)
	}
	p.between = true
	n := w.IntN(8)
	switch n {
	case 0:
		return engine.Lines("TCPMUX-20", "echo all")
	case 1:
		w.Reach(muchEchoed)
		return engine.Lines("TCPMUX-18", "echo 1048576")
	}
	return engine.Lines("TCPMUX-18", fmt.Sprintf("echo %d", 1<<(2*n)))
}

// malformed sends what is no request.
func malformed(w *engine.World, p *callers, c *caller) []engine.Line {
	if p.others(c, session) {
		w.Reach(malformedBeside)
	}
	p.left(c)
	switch w.IntN(4) {
	case 0:
		return engine.Lines("TCPMUX-28", `send '{echo}\x00junk\r\n'`, "shutdown", "unserved")
	case 1:
		return engine.Lines("TCPMUX-29", `send '{echo}\rjunk\r\n'`, "shutdown", "unserved")
	case 2:
		return engine.Lines("TCPMUX-26", fmt.Sprintf(`send '%s'`, w.One("{echo}", `{echo}\r`)), "shutdown", "unserved")
	}
	return engine.Lines("TCPMUX-27", `send '\r\n'`, "reply -")
}
