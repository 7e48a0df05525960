package hmacsocket

import (
	"fmt"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// carryMoves are what is done with a connection that goes on.
func carryMoves() []engine.Move {
	return []engine.Move{
		onPair("late Init", isLate, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			c.waits = false
			if p.beside(c) {
				w.Reach(lateInit)
			}
			switch w.IntN(3) {
			case 0:
				c.in = true
				return engine.Lines("HMACSOCKET-24", "init -with hello", "plain expect hello")
			case 1:
				return engine.Lines("HMACSOCKET-24", "init -apart", "exchange")
			}
			return engine.Lines("HMACSOCKET-1", "init", "exchange")
		}),
		onPair("in", takesIn, bytesIn),
		onPair("out", takesOut, bytesOut),
		onPair("both", isLarge, func(w *engine.World, p *pairs, c *explored) []engine.Line {
			w.Reach(bothAtOnce)
			return engine.Lines("HMACSOCKET-63", fmt.Sprintf("carry both %d", 1<<(8+w.IntN(12))))
		}),
	}
}

// carried takes note of data on a connection.
func carried(w *engine.World, p *pairs, c *explored) {
	if p.waited {
		w.Reach(afterPause)
	}
	for _, o := range p.open {
		if o != c && (o.in || o.out) {
			w.Reach(twoCarry)
		}
	}
}

func bytesIn(w *engine.World, p *pairs, c *explored) []engine.Line {
	carried(w, p, c)
	if c.in = true; c.outOver {
		w.Reach(afterOutEnd)
	}
	switch w.IntN(5) {
	case 0:
		return engine.Lines("HMACSOCKET-24", "chunk -apart hello", "plain expect hello")
	case 1:
		return engine.Lines("HMACSOCKET-25", "chunk -each abcdefghij", "plain expect abcdefghij")
	case 2:
		n := 1 << w.IntN(17)
		return engine.Lines("HMACSOCKET-27", fmt.Sprintf("chunk -fit -filler %d", n),
			fmt.Sprintf("plain expect -filler %d", n))
	}
	return engine.Lines("HMACSOCKET-27", "chunk hello", "plain expect hello")
}

func bytesOut(w *engine.World, p *pairs, c *explored) []engine.Line {
	carried(w, p, c)
	if c.out = true; c.inEnded {
		w.Reach(afterInEnd)
	}
	if c.small {
		w.Reach(smallLimit)
	}
	switch w.IntN(4) {
	case 0:
		return engine.Lines("HMACSOCKET-22", "plain send -apart hello", "chunks hello")
	case 1:
		n := 1 << w.IntN(14)
		return engine.Lines("HMACSOCKET-17", fmt.Sprintf("plain send -filler %d ''", n),
			fmt.Sprintf("chunks -filler %d", n))
	}
	return engine.Lines("HMACSOCKET-17", "plain send hello", "chunks hello")
}
