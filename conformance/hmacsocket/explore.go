package hmacsocket

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// pairs are the connections through the target of an exploration.
type pairs struct {
	open   []*explored
	count  int
	former []string // connections that are over, whose numbers the target knows
	waited bool
}

// An explored connection was opened with both Inits.
type explored struct {
	name             string
	waits            bool // for the suite's Init
	inEnded, outOver bool // the peer's direction has ended, and the plain side's
	small            bool // the peer's ML is small
	in, out          bool // data went this way
}

// mostPairs is how many connections an exploration has at once.
const mostPairs = 6

// over forgets a connection that has ended.
func (p *pairs) over(c *explored) {
	p.open = slices.DeleteFunc(p.open, func(o *explored) bool { return o == c })
	p.former = append(p.former, c.name)
}

// beside says whether another connection is there, in which both directions are open.
func (p *pairs) beside(c *explored) bool {
	return slices.ContainsFunc(p.open, func(o *explored) bool { return o != c && !o.waits && !o.inEnded && !o.outOver })
}

// one gives one of the connections that fit, or nil.
func (p *pairs) one(w *engine.World, fits func(c *explored) bool) *explored {
	var those []*explored
	for _, c := range p.open {
		if fits(c) {
			those = append(those, c)
		}
	}
	if len(those) == 0 {
		return nil
	}
	return those[w.IntN(len(those))]
}

// onPair makes a move of what is done with a connection that fits.
func onPair(name string, fits func(c *explored) bool,
	do func(w *engine.World, p *pairs, c *explored) []engine.Line) engine.Move {
	return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
		p := w.State.(*pairs)
		c := p.one(w, fits)
		if c == nil {
			return nil
		}
		lines := do(w, p, c)
		return append([]engine.Line{{Rule: lines[0].Rule, Text: "use " + c.name}}, lines...)
	}}
}

func takesIn(c *explored) bool   { return !c.waits && !c.inEnded }
func takesOut(c *explored) bool  { return !c.waits && !c.outOver }
func isWhole(c *explored) bool   { return takesIn(c) && takesOut(c) }
func isLarge(c *explored) bool   { return isWhole(c) && !c.small }
func isGreeted(c *explored) bool { return !c.waits }
func isLate(c *explored) bool    { return c.waits }
func isKnown(c *explored) bool   { return !c.waits && c.in } // the target knows its numbers

// explorePairs is what peers and plain sides of a target can do next.
func explorePairs() *engine.Explorer {
	return &engine.Explorer{
		Begin: func() any { return &pairs{} },
		Moves: slices.Concat([]engine.Move{{Name: "open", Do: openPair}, {Name: "connect", Do: connectPair},
			{Name: "wait", Do: waitAWhile}, {Name: "strangers", Do: strangers},
			{Name: "known number", Do: knownNumber}},
			[]engine.Move{{Name: "open", Do: openPair}}, carryMoves(), carryMoves(), endMoves(), wrongMoves()),
		End: func(w *engine.World) (all []engine.Line) {
			for _, c := range w.State.(*pairs).open {
				all = append(all, engine.Lines("HMACSOCKET-71", "use "+c.name, "hmac reset")...)
			}
			return all
		},
		Holds:  engine.Lines("HMACSOCKET-76", "baseline"),
		Before: engine.Lines("HMACSOCKET-1", "baseline", "measure"),
		Settles: slices.Concat(engine.Lines("HMACSOCKET-74", "settled processes"),
			engine.Lines("HMACSOCKET-75", "settled descriptors"), engine.Lines("HMACSOCKET-73", "settled cpu")),
		States: []string{twoCarry, bothAtOnce, afterPause, afterInEnd, afterOutEnd, resetAfterEnd, wrongBeside,
			errorBeside, strangersBeside, splicedLive, splicedFormer, lateInit, unreadReset, wrongAfterData,
			smallLimit, peerReset, plainReset},
	}
}

// The states of an exploration.
const (
	twoCarry        = "two connections carried data in turn"
	bothAtOnce      = "a connection carried data both ways at once"
	afterPause      = "a connection carried data after a pause"
	afterInEnd      = "data went out after the peer's end"
	afterOutEnd     = "data came in after the plain side's end"
	resetAfterEnd   = "a connection was reset after an end"
	wrongBeside     = "a wrong Chunk came while another connection was open"
	wrongAfterData  = "a wrong Chunk came after data in both directions"
	errorBeside     = "an Error came while another connection was open"
	strangersBeside = "peers without a key came while a connection was open"
	splicedLive     = "an Init had the N of a live connection"
	splicedFormer   = "an Init had the N of a former connection"
	lateInit        = "an Init came after another connection had been served"
	smallLimit      = "data went out to a peer with a small ML"
	peerReset       = "a peer reset a connection that carried data"
	plainReset      = "a plain side reset a connection that carried data"
	unreadReset     = "a connection was reset while a side did not read"
)

func openPair(w *engine.World) []engine.Line {
	p := w.State.(*pairs)
	if len(p.open) == mostPairs {
		return nil
	}
	p.count++
	c := &explored{name: fmt.Sprintf("c%d", p.count)}
	p.open = append(p.open, c)
	how := w.One("", "-apart", "-ml 1", "-ml 100", "-ml 70000", "")
	c.small = how == "-ml 1" || how == "-ml 100"
	return engine.Lines("HMACSOCKET-1", fmt.Sprintf("open %s%s %s", w.One("-small ", ""), c.name, how))
}

// connectPair opens a connection whose Init comes later.
func connectPair(w *engine.World) []engine.Line {
	p := w.State.(*pairs)
	if len(p.open) == mostPairs {
		return nil
	}
	p.count++
	c := &explored{name: fmt.Sprintf("c%d", p.count), waits: true}
	p.open = append(p.open, c)
	return append(engine.Lines("HMACSOCKET-1", "connect "+c.name), engine.Lines("HMACSOCKET-2", "greeted")...)
}

func waitAWhile(w *engine.World) []engine.Line {
	w.State.(*pairs).waited = true
	return engine.Lines("HMACSOCKET-76", fmt.Sprintf("passes %dms", 1<<w.IntN(7)))
}

// strangers come without the key.
func strangers(w *engine.World) []engine.Line {
	if w.State.(*pairs).beside(nil) {
		w.Reach(strangersBeside)
	}
	switch w.IntN(4) {
	case 0:
		return engine.Lines("HMACSOCKET-70", "break end "+w.One("init", "chunk", "error"))
	case 1:
		return engine.Lines("HMACSOCKET-71", "break reset "+w.One("init", "chunk", "error"))
	}
	return engine.Lines("HMACSOCKET-72",
		fmt.Sprintf(`crowd %d '%s'`, 2+w.IntN(20), w.One("", `\x00`, `\xff\xff\xff\xff\xff\xff`)))
}

// knownNumber plays the numbers of one connection on another.
func knownNumber(w *engine.World) []engine.Line {
	p := w.State.(*pairs)
	rule, of := "HMACSOCKET-80", ""
	if len(p.former) > 0 && w.IntN(2) == 0 {
		w.Reach(splicedFormer)
		of = "ours=" + p.former[w.IntN(len(p.former))]
	} else if live := p.one(w, isKnown); live != nil {
		w.Reach(splicedLive)
		rule, of = "HMACSOCKET-79", "ours="+live.name
		if w.IntN(2) == 0 {
			rule, of = "HMACSOCKET-78", "theirs="+live.name
		}
	} else {
		return nil
	}
	p.count++
	name := fmt.Sprintf("c%d", p.count)
	return slices.Concat(engine.Lines("HMACSOCKET-1", "connect "+name), engine.Lines("HMACSOCKET-2", "greeted"),
		engine.Lines(rule, "init -n "+of, "refused"))
}
