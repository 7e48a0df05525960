package agent

import (
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// goodAgent is the baseline of a UDP mux agent.
func goodAgent(s *engine.Session) error {
	began := time.Now()
	var err error
	if s.Role == Client {
		err = goodClientAgent(s)
	} else {
		err = goodServerAgent(s)
	}
	if err == nil {
		s.Good(time.Since(began))
	}
	return err
}

// goodServerAgent: the agent registers its mosh-server, for any mode, prints a CONNECT line with its K, and ends with
// exit code 0.
func goodServerAgent(s *engine.Session) error {
	if err := startAgent(s, []string{"new", "-s", "-c", "256"}); err != nil {
		return err
	}
	if err := greet(s, wire.ModeLearn|wire.ModeToken); err != nil {
		return err
	}
	if _, err := registered(s, s.Wait()); err != nil {
		return err
	}
	of(s).daemon.cur.SendFrame(wire.Frame{Type: wire.Registered, ID: 1}, s.Wait())
	if _, err := connectLine(s); err != nil {
		return err
	}
	return agentEnds(s, 0)
}

// goodClientAgent: with a token's N the real client runs; what it sends reaches the server's port after 0x01 and T, and
// the answer comes back.
func goodClientAgent(s *engine.Session) error {
	if err := relayed(s, nil); err != nil {
		return err
	}
	l, err := local(s, "A")
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	return talks(s, l)
}

// greet takes the agent to the point where it has got WELCOME and a good mosh-server has printed its line, in either
// order.
func greet(s *engine.Session, modes wire.Mode) error {
	a, began := of(s), time.Now()
	for greeted := false; !greeted || a.mosh == nil; {
		w := s.Wait()
		p, err := a.next(w, true)
		switch {
		case err == nil:
			if err := hello(s, w); err != nil {
				return err
			}
			a.modes = modes
			a.daemon.cur.SendFrame(wire.Frame{Type: wire.Welcome, Modes: modes, Port: a.port}, w)
			greeted = true
		case p != nil:
			a.mosh = p
			if err := p.order(goodOrders(s), w); err != nil {
				return engine.Inconclusive("%v", err)
			}
		case !greeted:
			return s.Meaning(w, "a connection to the daemon's socket", err)
		default:
			return s.Meaning(w, "the start of mosh-server", err)
		}
	}
	s.Good(time.Since(began))
	return nil
}

// goodOrders are those of a flawless mosh-server.
func goodOrders(s *engine.Session) standInOrders {
	return standInOrders{Bind: []string{"127.0.0.1:0"}, Stays: true,
		Stdout: "\nMOSH CONNECT {port} " + wire.WriteK(of(s).k) + "\n",
		Stderr: "\nstand-in for mosh-server\n\n[mosh-server detached, pid = {pid}]\n"}
}

// next waits for what the agent does: a connection to the daemon or, if allowed, the start of a stand-in.
func (a *part) next(w proc.Wait, starts bool) (*standIn, error) {
	gone, started := a.process.Gone, a.stage.arrived
	if a.done { // its end, and what it has started, are known
		gone, started = nil, nil
	}
	if !starts {
		started = nil
	}
	p, err := a.daemon.next(w, gone, started)
	if err == engine.ErrEnded { // perhaps only after it did what is waited for
		p, err = a.daemon.next(proc.Window(w.Ctx, engine.Moment), nil, started)
		if err == engine.ErrLimit {
			err = engine.ErrEnded
		}
	}
	return p, err
}

// hello takes HELLO from the connection at work.
func hello(s *engine.Session, w proc.Wait) error {
	f, err := of(s).daemon.cur.Next(w)
	if err != nil {
		return s.Meaning(w, "HELLO", err)
	}
	if f.Type != wire.Hello || f.Version != wire.Version {
		return engine.Violation("expected HELLO %d, not %s", wire.Version, sockets.FrameText(f))
	}
	return nil
}

// nextOrAgain takes a frame from the connection at work, or the next connection: if its mosh-server took long, an agent
// may connect anew, before or after it ends its old connection, since a daemon does not wait for ever.
func (a *part) nextOrAgain(w proc.Wait) (f wire.Frame, again bool, err error) {
	if a.done {
		f, err = a.daemon.cur.Next(w)
		return f, false, err
	}
	for {
		f, err = a.daemon.cur.Next(proc.Window(w.Ctx, proc.StepTime))
		if err == nil {
			return f, false, nil
		}
		patience := w
		if err == engine.ErrLimit {
			patience = proc.Window(w.Ctx, engine.Moment)
		}
		if _, gone := a.next(patience, false); gone == nil {
			return f, true, nil
		}
		if err != engine.ErrLimit || w.Over() {
			return f, false, err
		}
	}
}

// registered takes REGISTER, with the port of the started mosh-server and S from its K.
func registered(s *engine.Session, w proc.Wait) (modes wire.Mode, err error) {
	a := of(s)
	f, again, err := a.nextOrAgain(w)
	if again {
		if err := hello(s, w); err != nil {
			return 0, err
		}
		a.daemon.cur.SendFrame(wire.Frame{Type: wire.Welcome, Modes: a.modes, Port: a.port}, w)
		f, err = a.daemon.cur.Next(w)
	}
	if err != nil {
		err := s.Meaning(w, "REGISTER", err)
		return 0, err
	}
	if f.Type != wire.Register || int(f.Port) != a.mosh.Port || f.S != a.s() {
		return 0, engine.Violation("expected REGISTER with mosh-server's port %d and S %x, not %s", a.mosh.Port, a.s(),
			sockets.FrameText(f))
	}
	return f.Modes, nil
}

// connectLine waits for the CONNECT line in the agent's output, and gives its digits. Its K has to be mosh-server's.
func connectLine(s *engine.Session) (digits string, err error) {
	a, w := of(s), s.Wait()
	for {
		ended := a.process.Ended() // first, so that the output below is complete
		for line := range strings.Lines(a.process.Stdout.String()) {
			d, k, fault := wire.SplitConnectLine([]byte(strings.TrimSuffix(line, "\n")))
			switch {
			case !strings.HasSuffix(line, "\n") && ended == "", fault == wire.NotTheLine:
				continue
			case fault != wire.None:
				return "", engine.Violation("the CONNECT line %s has the fault %q", engine.Shown([]byte(line)), fault)
			case k != a.k:
				return "", engine.Violation("the CONNECT line %s does not have mosh-server's K, %s",
					engine.Shown([]byte(line)),
					wire.WriteK(a.k))
			}
			return string(d), nil
		}
		switch {
		case ended != "":
			return "", engine.Violation("expected a CONNECT line; the agent ended without one: %s", ended)
		case w.Over():
			return "", s.Meaning(w, "a CONNECT line", engine.ErrLimit)
		}
		time.Sleep(time.Millisecond)
	}
}

// relayed starts a client agent with a token's N, with the arguments before the address, and waits for the real client.
func relayed(s *engine.Session, args []string) error {
	a, err := agentWork(s)
	if err != nil {
		return err
	}
	a.env = append(a.env, "MOSH_KEY="+wire.WriteK(a.k))
	N := a.far.tokenN()
	if err := startAgent(s, append(append([]string{"-# |"}, args...), a.far.said.String(), N)); err != nil {
		return err
	}
	began := time.Now()
	if err := moshStarts(s); err != nil {
		return err
	}
	s.Good(time.Since(began))
	if a.relay, err = relayOf(a.mosh.Args); err != nil {
		return engine.Violation("expected the real client's last arguments to be an address and a port: %v", err)
	}
	return nil
}
