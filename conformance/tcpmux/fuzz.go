package tcpmux

import (
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/vectors"
)

// longestText is how much a fuzzed peer sends at once.
const longestText = 4096

// The states of fuzzing.
const (
	sentAndReset   = "a peer sent something and reset the connection"
	sentAndClosed  = "a peer sent something and closed the connection"
	sentAndEnded   = "a peer sent something and ended its direction"
	sentInPieces   = "a peer sent something in pieces"
	sentInSession  = "a peer sent something after a good request"
	sentToClient   = "a server sent a client something and closed the connection"
	sentThenReset  = "a server sent a client something and reset the connection"
	typedMeanwhile = "a user typed something meanwhile"
)

// fuzzServer is what a hostile client sends.
func fuzzServer() *engine.Explorer {
	requests := vectors.Inputs("tcpmux", vectors.Request)
	return &engine.Explorer{
		Begin: func() any { return nil },
		Moves: []engine.Move{{Name: "client", Do: func(w *engine.World) []engine.Line {
			lines := engine.Lines("TCPMUX-63", "dial")
			if w.IntN(20) == 0 {
				w.Reach(sentInSession)
				lines = append(lines, engine.Lines("TCPMUX-1", `send '{any}\r\n'`)...)
			}
			pieces := w.IntN(3)
			for range 1 + pieces {
				lines = append(lines, engine.Lines("TCPMUX-63",
					"send "+engine.Escaped(w.Mangled(requests, longestText)))...)
			}
			if pieces > 0 {
				w.Reach(sentInPieces)
			}
			switch w.IntN(4) {
			case 0:
				w.Reach(sentAndReset)
				return append(lines, engine.Lines("TCPMUX-40", "reset")...)
			case 1:
				w.Reach(sentAndEnded)
				return append(lines, engine.Lines("TCPMUX-39", "shutdown", "close")...)
			}
			w.Reach(sentAndClosed)
			return append(lines, engine.Lines("TCPMUX-39", "close")...)
		}}},
		Holds:   engine.Lines("TCPMUX-63", "baseline"),
		Before:  exploreServer().Before,
		Settles: append(exploreServer().Settles, engine.Lines("TCPMUX-35", "grown")...),
		States:  []string{sentAndReset, sentAndClosed, sentAndEnded, sentInPieces, sentInSession},
	}
}

// fuzzClient is what a hostile server sends.
func fuzzClient() *engine.Explorer {
	replies := append(vectors.Inputs("tcpmux", vectors.Reply), vectors.Inputs("tcpmux", vectors.List)...)
	return &engine.Explorer{
		Begin: func() any { return nil },
		Moves: []engine.Move{{Name: "server", Do: func(w *engine.World) []engine.Line {
			lines := slices.Concat(engine.Lines("TCPMUX-46", "client", "accept"), engine.Lines("TCPMUX-47", "request"))
			if w.IntN(3) == 0 {
				w.Reach(typedMeanwhile)
				lines = append(lines, engine.Lines("TCPMUX-57",
					"type "+engine.Escaped(w.Mangled(replies, longestText)))...)
			}
			lines = append(lines, engine.Lines("TCPMUX-57", "send "+engine.Escaped(w.Mangled(replies, longestText)))...)
			end := w.One("close", "reset")
			w.Reach(map[string]string{"close": sentToClient, "reset": sentThenReset}[end])
			return append(lines, engine.Lines("TCPMUX-57", end, "ends anyhow")...)
		}}},
		States: []string{sentToClient, sentThenReset, typedMeanwhile},
	}
}
