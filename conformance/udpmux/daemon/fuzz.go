package daemon

import (
	"fmt"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/vectors"
)

// A fuzzed sequence has a session that its datagrams are meant for.
type fuzzed struct{ session, agents int }

// The states of fuzzing.
const (
	strangeDatagram = "a datagram meant nothing"
	strangeToken    = "a datagram had a session's token and meant nothing"
	strangeAnswer   = "a backend sent what is no answer"
	strangeAgent    = "an agent sent something in place of HELLO"
	strangeLater    = "an agent sent something in place of REGISTER"
)

// fuzzDaemon is what clients, backends and agents send that nobody should.
func fuzzDaemon() *engine.Explorer {
	datagrams, frames := vectors.Inputs("udpmux", vectors.Datagram, vectors.Answer),
		vectors.Inputs("udpmux", vectors.OneFrame)
	sent := func(name, state, text string) engine.Move {
		return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
			f := w.State.(*fuzzed)
			if f.session == 0 {
				return nil
			}
			w.Reach(state)
			return engine.Lines("UDPMUX-132", fmt.Sprintf(text, engine.Escaped(w.Mangled(datagrams, 2100))))
		}}
	}
	agent := func(name, state string, first ...string) engine.Move {
		return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
			f := w.State.(*fuzzed)
			f.agents++
			w.Reach(state)
			lines := append([]string{fmt.Sprintf("agent a%d", f.agents)}, first...)
			return engine.Lines("UDPMUX-132", append(lines, "raw "+engine.Escaped(w.Mangled(frames, 2100)), "leave")...)
		}}
	}
	return &engine.Explorer{
		Begin: func() any { return &fuzzed{} },
		Moves: []engine.Move{
			{Name: "session", Do: fuzzedSession},
			sent("datagram", strangeDatagram, "sends c raw s %s"),
			sent("datagram", strangeDatagram, "sends c raw s %s"),
			sent("token", strangeToken, `sends c raw s '\x01{T}'%s`),
			{Name: "answer", Do: fuzzedAnswer},
			agent("agent", strangeAgent), agent("agent later", strangeLater, "hello", "welcome"),
		},
		Holds:   engine.Lines("UDPMUX-132", "baseline"),
		Before:  exploreDaemon().Before,
		Settles: exploreDaemon().Settles,
		States:  []string{strangeDatagram, strangeToken, strangeAnswer, strangeAgent, strangeLater},
	}
}

// fuzzedSession begins the session of a sequence.
func fuzzedSession(w *engine.World) []engine.Line {
	f := w.State.(*fuzzed)
	if f.session++; f.session > 1 {
		return nil
	}
	return engine.Lines("UDPMUX-1", "session -modes learn,token,port s", "carries c token s")
}

// fuzzedAnswer sends the client what is no answer.
func fuzzedAnswer(w *engine.World) []engine.Line {
	if w.State.(*fuzzed).session == 0 {
		return nil
	}
	w.Reach(strangeAnswer)
	return engine.Lines("UDPMUX-132", fmt.Sprintf("answers -first %d -len %d s c", w.IntN(256), w.IntN(2200)))
}
