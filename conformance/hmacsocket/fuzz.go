package hmacsocket

import (
	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/vectors"
)

// longestText is how much a fuzzed peer sends at once.
const longestText = 4096

// The states of fuzzing.
const (
	rawFromFirst  = "a peer sent something in place of its Init"
	rawAfterInit  = "a peer sent something after its Init"
	rawAfterChunk = "a peer sent something after a good Chunk"
	lengthTorn    = "a peer sent a Chunk with another length"
	plainLeft     = "the plain side sent something and left"
	rawAndReset   = "a peer sent something and reset the connection"
	rawAndEnded   = "a peer sent something and ended its direction"
)

// fuzzPairs is what a peer without the key sends, and one with it.
func fuzzPairs() *engine.Explorer {
	first, later := vectors.Inputs("hmacsocket", vectors.Init),
		vectors.Inputs("hmacsocket", vectors.OneMessage, vectors.Stream)
	return &engine.Explorer{
		Begin: func() any { return nil },
		Moves: []engine.Move{
			{Name: "stranger", Do: func(w *engine.World) []engine.Line {
				w.Reach(rawFromFirst)
				return left(w, append(engine.Lines("HMACSOCKET-76", "connect"), sends(w, first)...))
			}},
			{Name: "peer with an Init", Do: func(w *engine.World) []engine.Line {
				w.Reach(rawAfterInit)
				return left(w, append(engine.Lines("HMACSOCKET-76", "connect", "greeted", "init"), sends(w, later)...))
			}},
			{Name: "peer with a key", Do: func(w *engine.World) []engine.Line {
				lines := engine.Lines("HMACSOCKET-76", "open", "chunk "+w.One("hello", "-each hello", "-filler limit"))
				switch w.IntN(3) {
				case 0:
					w.Reach(lengthTorn)
					lines = append(lines, engine.Lines("HMACSOCKET-76",
						"chunk -ld "+w.One("1", "-1", "256", "65536", "-256")+" hello")...)
				case 1:
					w.Reach(plainLeft)
					return append(lines, engine.Lines("HMACSOCKET-76",
						"plain send "+engine.Escaped(w.Mangled(later, longestText)),
						"plain "+w.One("reset", "close"))...)
				default:
					w.Reach(rawAfterChunk)
					lines = append(lines, sends(w, later)...)
				}
				return left(w, lines)
			}},
		},
		Holds:   engine.Lines("HMACSOCKET-76", "baseline"),
		Before:  explorePairs().Before,
		Settles: append(explorePairs().Settles, engine.Lines("HMACSOCKET-43", "grown")...),
		States:  []string{rawFromFirst, rawAfterInit, rawAfterChunk, lengthTorn, plainLeft, rawAndReset, rawAndEnded},
	}
}

// sends gives lines that send something on the HMAC side.
func sends(w *engine.World, from [][]byte) (lines []engine.Line) {
	for range 1 + w.IntN(3) {
		lines = append(lines, engine.Lines("HMACSOCKET-76",
			"hmac send "+engine.Escaped(w.Mangled(from, longestText)))...)
	}
	return lines
}

// left ends the connection of a peer.
func left(w *engine.World, lines []engine.Line) []engine.Line {
	switch w.IntN(3) {
	case 0:
		w.Reach(rawAndReset)
		return append(lines, engine.Lines("HMACSOCKET-71", "hmac reset")...)
	case 1:
		w.Reach(rawAndEnded)
		return append(lines, engine.Lines("HMACSOCKET-70", "hmac shutdown", "hmac close")...)
	}
	return append(lines, engine.Lines("HMACSOCKET-70", "hmac close")...)
}
