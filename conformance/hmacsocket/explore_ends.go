package hmacsocket

import (
	"fmt"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// endMoves end a direction of a connection, or all of it.
func endMoves() []engine.Move {
	return []engine.Move{
		onPair("peer's end", takesIn, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			if c.inEnded = true; c.outOver {
				p.over(c)
				return engine.Lines("HMACSOCKET-54", "hmac shutdown", "plain closed -quiet")
			}
			return engine.Lines("HMACSOCKET-54", "hmac shutdown", "plain closed -quiet -fin")
		}),
		onPair("plain side's end", takesOut, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			if c.outOver = true; c.inEnded {
				p.over(c)
				return engine.Lines("HMACSOCKET-56", "plain shutdown", "hmac closed -quiet")
			}
			return engine.Lines("HMACSOCKET-56", "plain shutdown", "hmac closed -quiet -fin")
		}),
		onPair("peer's reset", isGreeted, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			p.reset(w, c, peerReset)
			if c.inEnded {
				return engine.Lines("HMACSOCKET-83", "hmac reset", "plain broken")
			}
			return engine.Lines("HMACSOCKET-59", "hmac reset", "plain closed -quiet -reset")
		}),
		onPair("plain side's reset", isGreeted, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			p.reset(w, c, plainReset)
			if c.outOver {
				return engine.Lines("HMACSOCKET-84", "plain reset", "hmac broken")
			}
			return engine.Lines("HMACSOCKET-62", "plain reset", "hmac closed -reset")
		}),
		onPair("reset of unread data", isLarge, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			p.over(c)
			w.Reach(unreadReset)
			if w.IntN(2) == 0 {
				return append(engine.Lines("HMACSOCKET-63", "stall chunks"),
					engine.Lines("HMACSOCKET-85", "hmac reset", "plain broken")...)
			}
			return append(engine.Lines("HMACSOCKET-63", "stall plain"),
				engine.Lines("HMACSOCKET-86", "plain reset", "hmac broken")...)
		}),
	}
}

// reset takes note of a reset: of a connection with an end, or of one that has carried data.
func (p *pairs) reset(w *engine.World, c *explored, whole string) {
	p.over(c)
	switch {
	case c.inEnded || c.outOver:
		w.Reach(resetAfterEnd)
	case c.in && c.out:
		w.Reach(whole)
	}
}

// wrongMoves are messages that end a connection.
func wrongMoves() []engine.Move {
	return []engine.Move{
		onPair("wrong Chunk", takesIn, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			if p.over(c); p.beside(c) {
				w.Reach(wrongBeside)
			}
			if c.in && c.out {
				w.Reach(wrongAfterData)
			}
			if c.outOver && w.IntN(2) == 0 {
				return engine.Lines("HMACSOCKET-91", "chunk -wrong hello", "hmac broken")
			}
			how := w.IntN(5)
			if how == 3 && c.outOver { // the target has ended the direction of an Error
				how = 4
			}
			switch how {
			case 0:
				return engine.Lines("HMACSOCKET-40", "chunk -part 4 -filler over", "hmac closed")
			case 1:
				return engine.Lines("HMACSOCKET-29", "chunk -key other hello", "plain nothing")
			case 2:
				return engine.Lines("HMACSOCKET-36", "chunk -moved "+w.One("1", "32", "-1")+" hello", "plain nothing")
			case 3:
				return engine.Lines("HMACSOCKET-39", "chunk -wrong hello", "told 0x20")
			}
			return engine.Lines("HMACSOCKET-60", "chunk -wrong hello", "plain "+w.One("closed -reset", "nothing"))
		}),
		onPair("Error", takesIn, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			if p.over(c); p.beside(c) {
				w.Reach(errorBeside)
			}
			rule, then := "HMACSOCKET-48", "hmac gone"
			if w.IntN(2) == 0 {
				rule, then = "HMACSOCKET-49", "plain nothing"
			}
			return engine.Lines(rule,
				fmt.Sprintf("error %s0x%02x no", w.One("", "-apart "), w.One(" ", "\x10", "a")[0]), then)
		}),
	}
}
