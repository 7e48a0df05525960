package agent

import (
	"fmt"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/vectors"
)

// The states of fuzzing.
const (
	strangeWelcome   = "a daemon sent something in place of WELCOME"
	strangeAgreement = "a daemon sent something in place of REGISTERED"
	strangeOutput    = "mosh-server printed something in place of its CONNECT line"
	strangeColours   = "an argument of -c was something else"
	strangeLocal     = "a local port sent what no client sends"
	strangeExit      = "the real client ended after all that"
	strangeServer    = "the server sent what is no answer"
)

// fuzzServer is what a hostile daemon sends a server agent, and a mosh-server prints.
func fuzzServer() *engine.Explorer {
	frames, output := vectors.Inputs("udpmux", vectors.OneFrame), vectors.Inputs("udpmux", vectors.Connect)
	signals := vectors.Inputs("udpmux", vectors.Signal)
	move := func(name, state string, do func(w *engine.World) []engine.Line) engine.Move {
		return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
			w.Reach(state)
			return do(w)
		}}
	}
	return &engine.Explorer{
		Begin: func() any { return nil },
		Moves: []engine.Move{
			move("daemon", strangeWelcome, func(w *engine.World) []engine.Line {
				return engine.Lines("UDPMUX-96", "start new -s", "moshd hears hello",
					"moshd says bytes "+engine.Escaped(w.Mangled(frames, 600)), "moshd leaves", "target ends anyhow")
			}),
			move("daemon later", strangeAgreement, func(w *engine.World) []engine.Line {
				return engine.Lines("UDPMUX-96", "start new -s", "greet learn", "moshd hears register learn",
					"moshd says bytes "+engine.Escaped(w.Mangled(frames, 600)), "moshd leaves", "target ends anyhow")
			}),
			move("mosh-server", strangeOutput, func(w *engine.World) []engine.Line {
				return engine.Lines("UDPMUX-106", "start new -s", "moshd hears hello", "moshd says welcome learn",
					"mosh starts", "mosh exits 0 "+engine.Escaped(w.Mangled(output, 2000)), "target ends anyhow")
			}),
			move("colours", strangeColours, func(w *engine.World) []engine.Line {
				return engine.Lines("UDPMUX-98", "start new -s -c "+argument(w, signals), "moshd hears hello",
					"moshd says welcome learn+token", "mosh starts", `mosh exits 0 '' ''`, "target ends anyhow")
			}),
		},
		States: []string{strangeWelcome, strangeAgreement, strangeOutput, strangeColours},
	}
}

// argument gives a fuzzed argument of a command line, which cannot hold NUL.
func argument(w *engine.World, corpus [][]byte) string {
	b := w.Mangled(corpus, 200)
	for i, c := range b {
		if c == 0 {
			b[i] = '0'
		}
	}
	return engine.Escaped(b)
}

// fuzzClient is what a user, a real client and a hostile server give a client agent.
func fuzzClient() *engine.Explorer {
	return &engine.Explorer{
		Begin: func() any { return &user{} },
		Moves: []engine.Move{
			relaying("relay", false, func(w *engine.World, p *user) []engine.Line {
				p.runs, p.talked = true, []string{"A"}
				return engine.Lines("UDPMUX-112", "relay", "local A talks")
			}),
			talking("local", func(w *engine.World, p *user, port string) []engine.Line {
				w.Reach(strangeLocal)
				return engine.Lines("UDPMUX-124", fmt.Sprintf("local %s sends bad %d %d",
					port, 1+w.IntN(255), w.IntN(2400)))
			}),
			talking("server", func(w *engine.World, p *user, port string) []engine.Line {
				w.Reach(strangeServer)
				return engine.Lines("UDPMUX-142", fmt.Sprintf("far strays %s %d %d", port, w.IntN(128), w.IntN(2400)),
					"far answers "+port, "local "+port+" gets")
			}),
			talking("exit", func(w *engine.World, p *user, _ string) []engine.Line {
				w.Reach(strangeExit)
				*p = user{over: p.over + 1}
				return engine.Lines("UDPMUX-119", "mosh exits 0", "target ends 0")
			}),
		},
		States: []string{strangeLocal, strangeServer, strangeExit},
	}
}
