package tcpmux

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// stage is how far a connection of an exploration has come.
type stage string

const (
	fresh   stage = "fresh"   // nothing was sent
	partial stage = "partial" // a request without its line end was sent
	session stage = "session" // with the echo service
)

// callers are the connections of an exploration.
type callers struct {
	open    []*caller
	count   int
	used    map[string]bool // sessions that carried data
	between bool            // a client was served while a request was partial
	waited  bool            // the target had nothing to do for a while
}

type caller struct {
	name  string
	stage stage
}

// mostCallers is how many connections an exploration has at once.
const mostCallers = 6

// at gives one of the connections of a stage, or nil.
func (p *callers) at(w *engine.World, s stage) *caller {
	var those []*caller
	for _, c := range p.open {
		if c.stage == s {
			those = append(those, c)
		}
	}
	if len(those) == 0 {
		return nil
	}
	return those[w.IntN(len(those))]
}

// left forgets a connection that has ended.
func (p *callers) left(c *caller) {
	p.open = slices.DeleteFunc(p.open, func(o *caller) bool { return o == c })
}

// others says whether another connection of a stage is open.
func (p *callers) others(c *caller, s stage) bool {
	return slices.ContainsFunc(p.open, func(o *caller) bool { return o != c && o.stage == s })
}

// using gives lines on a connection, the first of which makes it the current one.
func using(c *caller, lines ...engine.Line) []engine.Line {
	return append([]engine.Line{{Rule: lines[0].Rule, Text: "use " + c.name}}, lines...)
}

// onCaller makes a move of what is done with one of the connections of a stage.
func onCaller(name string, s stage, do func(w *engine.World, p *callers, c *caller) []engine.Line) engine.Move {
	return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
		p := w.State.(*callers)
		c := p.at(w, s)
		if c == nil {
			return nil
		}
		if lines := do(w, p, c); len(lines) > 0 {
			return using(c, lines...)
		}
		return nil
	}}
}

// exploreServer is what clients of a server can do next.
func exploreServer() *engine.Explorer {
	return &engine.Explorer{
		Begin: func() any { return &callers{used: make(map[string]bool)} },
		Moves: slices.Concat([]engine.Move{{Name: "connect", Do: connect}, {Name: "wait", Do: waitAWhile},
			{Name: "crowd", Do: crowd}},
			requestMoves(), requestMoves()[:1], sessionMoves(), sessionMoves()[:1], sessionMoves()[:1]),
		End: func(w *engine.World) (all []engine.Line) {
			for _, c := range w.State.(*callers).open {
				all = append(all, engine.Lines("TCPMUX-39", "use "+c.name, "close")...)
			}
			return all
		},
		Holds:  engine.Lines("TCPMUX-63", "baseline"),
		Before: engine.Lines("TCPMUX-1", "baseline", "measure"),
		Settles: slices.Concat(engine.Lines("TCPMUX-43", "settled processes"),
			engine.Lines("TCPMUX-44", "settled descriptors"),
			engine.Lines("TCPMUX-42", "settled cpu")),
		States: []string{inSegments, twoSessions, muchEchoed, finishedLater, refusedBeside,
			helpBeside, crowdBeside, wokenUp, endAndReset, unreadReset, endedPartial, pipelinedWords,
			malformedBeside, leftBeside},
	}
}

// The states of a server's exploration.
const (
	inSegments      = "a request cut into segments was answered"
	twoSessions     = "two sessions carried data in turn"
	muchEchoed      = "a session carried 1 MiB"
	finishedLater   = "a request was completed after another client had been served"
	refusedBeside   = "a name was refused while a session was open"
	helpBeside      = "the list was sent while a session was open"
	crowdBeside     = "a crowd came while a session was open"
	wokenUp         = "a session carried data after a pause"
	endAndReset     = "a session was reset after its client's end"
	unreadReset     = "a session was reset while its output was unread"
	endedPartial    = "a connection ended within a request"
	pipelinedWords  = "words sent with a request reached the service"
	malformedBeside = "a malformed request came while a session was open"
	leftBeside      = "a client left while another had a session"
)

func connect(w *engine.World) []engine.Line {
	p := w.State.(*callers)
	if len(p.open) == mostCallers {
		return nil
	}
	p.count++
	c := &caller{fmt.Sprintf("c%d", p.count), fresh}
	p.open = append(p.open, c)
	return engine.Lines("TCPMUX-63", "dial "+c.name)
}

func waitAWhile(w *engine.World) []engine.Line {
	w.State.(*callers).waited = true
	return engine.Lines("TCPMUX-63", fmt.Sprintf("passes %dms", 1<<w.IntN(7)))
}

func crowd(w *engine.World) []engine.Line {
	p := w.State.(*callers)
	if p.others(nil, session) {
		w.Reach(crowdBeside)
	}
	switch w.IntN(3) {
	case 0:
		return engine.Lines("TCPMUX-39", `cut end '{any}\r\n'`)
	case 1:
		return engine.Lines("TCPMUX-40", `cut reset '{any}\r\n'`)
	}
	return engine.Lines("TCPMUX-41",
		fmt.Sprintf(`flood %d '%s'`, 2+w.IntN(10), w.One(`{any}\r\n`, `no-such-service\r\n`, `ec`, `HELP\r\n`)))
}

// requestMoves are what is done with a connection that has no session yet.
func requestMoves() []engine.Move {
	return []engine.Move{
		onCaller("request", fresh, request),
		onCaller("refused", fresh, refused),
		onCaller("help", fresh, help),
		onCaller("malformed", fresh, malformed),
		onCaller("part of a request", fresh, func(w *engine.World, p *callers, c *caller) []engine.Line {
			c.stage, p.between = partial, false
			return engine.Lines("TCPMUX-16", `send '{echo}'`, `apart`)
		}),
		onCaller("rest of a request", partial, func(w *engine.World, p *callers, c *caller) []engine.Line {
			c.stage = session
			if p.between {
				w.Reach(finishedLater)
			}
			end := engine.Lines("TCPMUX-16", `send '\r\n'`, `reply +`)
			switch w.IntN(3) {
			case 0:
				end = engine.Lines("TCPMUX-16", `send '\r'`, `apart`, `send '\n'`, `reply +`)
			case 1:
				end = engine.Lines("TCPMUX-21", `send '\r\nwords'`, `reply +`, `until words`)
			}
			return append(end, engine.Lines("TCPMUX-18", "sync")...)
		}),
		onCaller("end within a request", partial, func(w *engine.World, p *callers, c *caller) []engine.Line {
			p.left(c)
			w.Reach(endedPartial)
			return engine.Lines("TCPMUX-39", w.One("reset", "close"))
		}),
	}
}

// request asks for the echo service, in one of many ways to cut a line.
func request(w *engine.World, p *callers, c *caller) []engine.Line {
	c.stage, p.between = session, true
	synced := engine.Lines("TCPMUX-18", "sync")
	switch w.IntN(6) {
	case 0:
		w.Reach(inSegments)
		return append(engine.Lines("TCPMUX-16", `send -apart '{echo}\r\n'`, `reply +`), synced...)
	case 1:
		w.Reach(inSegments)
		return append(engine.Lines("TCPMUX-16", `send '{echo}'`, `apart`, `send '\r\n'`, `reply +`), synced...)
	case 2:
		w.Reach(inSegments)
		return append(engine.Lines("TCPMUX-16", `send '{echo}\r'`, `apart`, `send '\n'`, `reply +`), synced...)
	case 3:
		w.Reach(pipelinedWords)
		return engine.Lines("TCPMUX-21", fmt.Sprintf(`send '{echo}\r\n%s'`,
			w.One("words", `\nwords`, `\x00words`, `+words`)), `reply +`, `until words`)
	case 4:
		return slices.Concat(engine.Lines("TCPMUX-1", `send '{echo}\r\n'`, `reply +`), synced,
			engine.Lines("TCPMUX-5", "junk"))
	}
	return append(engine.Lines("TCPMUX-1", `send '{echo}\r\n'`, `reply +`), synced...)
}

// refused asks for what there is not.
func refused(w *engine.World, p *callers, c *caller) []engine.Line {
	if p.others(c, session) {
		w.Reach(refusedBeside)
	}
	p.left(c)
	lines := engine.Lines("TCPMUX-7", `send 'no-such-service\r\n'`, `reply -`)
	switch w.IntN(3) {
	case 0:
		lines = engine.Lines("TCPMUX-16", `send -apart 'no-such-service\r\n'`, `reply -`)
	case 1:
		lines = engine.Lines("TCPMUX-16", `send 'no-such-'`, `apart`, `send 'service\r\n'`, `reply -`)
	}
	return append(lines, engine.Lines("TCPMUX-22", "closed")...)
}

func help(w *engine.World, p *callers, c *caller) []engine.Line {
	if p.others(c, session) {
		w.Reach(helpBeside)
	}
	p.left(c)
	lines := engine.Lines("TCPMUX-11", fmt.Sprintf(`send '%s\r\n'`, w.One("HELP", "help", "hELp")), "list")
	return slices.Concat(lines, engine.Lines("TCPMUX-13", "listed crlf"), engine.Lines("TCPMUX-12", "listed once"))
}
