package agent

import (
	"fmt"
	"slices"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// attempt is what an exploration has of a server agent.
type attempt struct {
	mode   string // that its session is registered for; empty: it has none
	outage int    // how often the daemon has left it
	refuse bool   // the daemon refused the session after it had been registered
	over   int    // attempts that are over
}

// The states of a server agent's exploration.
const (
	byLearn         = "a session was registered for learn"
	byToken         = "a session was registered for token"
	inBytes         = "the daemon's frames came byte by byte"
	secondOutage    = "a session was registered again after the second outage"
	fourthOutage    = "a session was registered again after the fourth outage"
	leftAtOnce      = "the daemon left right after it had registered a session"
	afterAbsence    = "a session was registered again after the daemon had been away"
	refusedLater    = "a session was registered again after it had been refused"
	endedLater      = "mosh-server ended after its session had been registered again"
	endedAtOnce     = "mosh-server ended right after its session had been registered"
	refusedFirst    = "an agent was refused, and the next one registered"
	badFirst        = "a daemon sent a bad frame"
	moshFailed      = "mosh-server did not start"
	endedBySignal   = "a signal ended an agent that was registering"
	withoutDaemon   = "an agent found no daemon"
	sessionsInTurn  = "one session followed another"
	outageAfterWait = "the daemon left a session that had been registered for a while"
)

// trying makes a move that an agent without a session makes, or one with a session.
func trying(name string, registered bool, do func(w *engine.World, p *attempt) []engine.Line) engine.Move {
	return engine.Move{Name: name, Do: func(w *engine.World) []engine.Line {
		p := w.State.(*attempt)
		if (p.mode != "") != registered {
			return nil
		}
		return do(w, p)
	}}
}

// exploreServer is what a daemon and a mosh-server of a server agent can do next.
func exploreServer() *engine.Explorer {
	outages := outageMoves()
	return &engine.Explorer{
		Begin: func() any { return &attempt{} },
		Moves: slices.Concat([]engine.Move{trying("register", false, registers), trying("register", false, registers)},
			failedStarts(), outages, outages),
		States: []string{byLearn, byToken, inBytes, secondOutage, fourthOutage, afterAbsence,
			refusedLater, endedLater, endedAtOnce, refusedFirst, badFirst, moshFailed, endedBySignal, withoutDaemon,
			sessionsInTurn, outageAfterWait, leftAtOnce},
	}
}

func registers(w *engine.World, p *attempt) []engine.Line {
	if p.over > 0 {
		w.Reach(sessionsInTurn)
	}
	if p.refuse {
		w.Reach(refusedFirst)
	}
	*p = attempt{mode: "learn", over: p.over}
	switch w.IntN(3) {
	case 0:
		w.Reach(byToken)
		p.mode = "token"
		return engine.Lines("UDPMUX-98", "registers token new -s -c 0256")
	case 1:
		w.Reach(inBytes)
		return engine.Lines("UDPMUX-93", "start new -s", "moshd hears hello", "moshd says -apart welcome learn",
			"mosh starts", "mosh connects", "moshd hears register learn", "moshd says -apart registered",
			"target tells learn", "target ends 0")
	}
	w.Reach(byLearn)
	return engine.Lines("UDPMUX-99", "registers learn new -s")
}

// failedStarts are attempts that come to nothing.
func failedStarts() []engine.Move {
	return []engine.Move{
		trying("refused", false, func(w *engine.World, p *attempt) []engine.Line {
			p.refuse, p.over = true, p.over+1
			lines := engine.Lines("UDPMUX-96", "start new -s", "moshd hears hello")
			if w.IntN(2) == 0 {
				lines = engine.Lines("UDPMUX-96", "start new -s", "greet learn", "moshd hears register learn")
			}
			return append(lines, engine.Lines("UDPMUX-96", fmt.Sprintf("moshd says error %d '%s'",
				1+w.IntN(9), w.One("too many", "")), "target ends error")...)
		}),
		trying("bad frame", false, func(w *engine.World, p *attempt) []engine.Line {
			w.Reach(badFirst)
			p.over++
			bytes := w.One(`\x00\x00`, `\x00\x04\x10\x03\xea\x60`, `\x00\x05\x02\x03\xea\x60\x00`,
				`\x00\x04\x02\x03\x00\x00`, `\xff\xff\xff`)
			return engine.Lines("UDPMUX-96", "start new -s", "moshd hears hello", "moshd says bytes '"+bytes+"'",
				"target ends error")
		}),
		trying("mosh-server fails", false, func(w *engine.World, p *attempt) []engine.Line {
			w.Reach(moshFailed)
			p.over++
			how := w.One(`mosh exits 3 '' 'I fail\n'`, `mosh exits 0 'hello\nMOSH CONNECTED\n'`, `mosh exits 0`)
			return engine.Lines("UDPMUX-106", "start new -s", "moshd hears hello", "moshd says welcome learn",
				"mosh starts", how, "moshd hears end", "target ends error")
		}),
		trying("signal", false, func(w *engine.World, p *attempt) []engine.Line {
			w.Reach(endedBySignal)
			p.over++
			return engine.Lines("UDPMUX-105", "start new -s", "greet learn", "moshd hears register learn",
				"target signalled "+w.One("SIGHUP", "SIGINT", "SIGTERM"), "target ends anyhow", "mosh ended")
		}),
		trying("no daemon", false, func(w *engine.World, p *attempt) []engine.Line {
			w.Reach(withoutDaemon)
			p.over++
			return engine.Lines("UDPMUX-94", "moshd is "+w.One("away", "dead"), "start new -s -c 0256 -- sh",
				"mosh starts", "mosh gets new -s -c 0256 -- sh", `mosh exits 0 '\nMOSH CONNECT 61001 {K}\n' ''`,
				"target ends 0", "moshd is back")
		}),
	}
}

// again counts an outage of the daemon.
func again(w *engine.World, p *attempt) {
	switch p.outage++; {
	case p.outage == 2:
		w.Reach(secondOutage)
	case p.outage == 4:
		w.Reach(fourthOutage)
	}
}

// outageMoves are what a daemon and a mosh-server do after a session was registered.
func outageMoves() []engine.Move {
	return []engine.Move{
		trying("daemon leaves", true, func(w *engine.World, p *attempt) []engine.Line {
			if p.outage == 0 {
				w.Reach(leftAtOnce)
			}
			again(w, p)
			return engine.Lines("UDPMUX-110", "moshd leaves", "moshd hears again "+p.mode)
		}),
		trying("daemon away", true, func(w *engine.World, p *attempt) []engine.Line {
			again(w, p)
			w.Reach(afterAbsence)
			return engine.Lines("UDPMUX-110", "moshd is "+w.One("away", "dead"), "moshd is back",
				"moshd hears again "+p.mode)
		}),
		trying("refused again", true, func(w *engine.World, p *attempt) []engine.Line {
			again(w, p)
			w.Reach(refusedLater)
			bytes := w.One(`\x00\x01\x05`, `\x00\x00`, `\x00\x02\x05\x02`, `\x00\x03\x05\x02\xff`, `\x00\x01\x7f`)
			return engine.Lines("UDPMUX-111", "moshd leaves", "moshd hears hello", "moshd says welcome "+p.mode,
				"moshd hears register "+p.mode, "moshd says bytes '"+bytes+"'", "moshd leaves",
				"moshd hears again "+p.mode, "mosh runs")
		}),
		trying("wait", true, func(w *engine.World, p *attempt) []engine.Line {
			w.Reach(outageAfterWait)
			p.outage++
			return engine.Lines("UDPMUX-110", fmt.Sprintf("passes %dms", 1<<w.IntN(8)), "moshd leaves",
				"moshd hears again "+p.mode)
		}),
		trying("mosh-server ends", true, func(w *engine.World, p *attempt) []engine.Line {
			if w.Reach(endedAtOnce); p.outage > 0 {
				w.Reach(endedLater)
			}
			*p = attempt{over: p.over + 1}
			return engine.Lines("UDPMUX-109", "mosh ends", "target leaves nothing", "moshd hears end")
		}),
	}
}
