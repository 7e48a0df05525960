package conformance

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// goodAgent is the baseline of an agent of UDP mux.
func (s *session) goodAgent() (Outcome, string) {
	began := time.Now()
	good := s.goodServerAgent
	if s.role == udpClientAgent {
		good = s.goodClientAgent
	}
	o, reason := good()
	if o == Pass {
		s.run.good(time.Since(began))
	}
	return o, reason
}

// goodServerAgent: the agent registers its mosh-server, for whatever mode, prints a CONNECT line with its K, and ends with exit code 0.
func (s *session) goodServerAgent() (Outcome, string) {
	if o, reason := s.startAgent([]string{"new", "-s", "-c", "256"}); o != Pass {
		return o, reason
	}
	if o, reason := s.greet(wire.ModeLearn | wire.ModeToken); o != Pass {
		return o, reason
	}
	if _, o, reason := s.registered(s.wait()); o != Pass {
		return o, reason
	}
	s.agent.daemon.cur.sendFrame(wire.Frame{Type: wire.Registered, ID: 1}, s.wait())
	if _, o, reason := s.connectLine(); o != Pass {
		return o, reason
	}
	return s.agentEnds(0)
}

// goodClientAgent: with a token's N the real client runs; what it sends comes to the server's port behind 0x01 and T, and the answer
// comes back.
func (s *session) goodClientAgent() (Outcome, string) {
	if o, reason := s.relayed(nil); o != Pass {
		return o, reason
	}
	l, err := s.local("A")
	if err != nil {
		return Inconclusive, err.Error()
	}
	return s.talks(l)
}

// greet is the agent's way to the point where it has got WELCOME and a good mosh-server has printed its line, in whatever order.
func (s *session) greet(modes wire.Mode) (Outcome, string) {
	a := s.agent
	for greeted := false; !greeted || a.mosh == nil; {
		w := s.wait()
		p, err := a.next(w, true)
		switch {
		case err == nil:
			if o, reason := s.hello(w); o != Pass {
				return o, reason
			}
			a.modes = modes
			a.daemon.cur.sendFrame(wire.Frame{Type: wire.Welcome, Modes: modes, Port: a.port}, w)
			greeted = true
		case p != nil:
			a.mosh = p
			if err := p.order(s.goodOrders(), w); err != nil {
				return Inconclusive, err.Error()
			}
		case !greeted:
			return s.meaning(w, "a connection to the daemon's socket", err)
		default:
			return s.meaning(w, "the start of mosh-server", err)
		}
	}
	return Pass, ""
}

// goodOrders are those of a mosh-server without a fault.
func (s *session) goodOrders() standInOrders {
	return standInOrders{Bind: []string{"127.0.0.1:0"}, Stays: true, Stdout: "\nMOSH CONNECT {port} " + wire.WriteK(s.agent.k) + "\n",
		Stderr: "\nstand-in for mosh-server\n\n[mosh-server detached, pid = {pid}]\n"}
}

// next waits for what the agent does: a connection to the daemon, or if it may, the start of a stand-in.
func (a *agentPart) next(w wait, starts bool) (*standIn, error) {
	gone, started := a.process.gone, a.stage.arrived
	if a.done { // that it has ended, and what it has started, is known
		gone, started = nil, nil
	}
	if !starts {
		started = nil
	}
	p, err := a.daemon.next(w, gone, started)
	if err == errEnded { // perhaps not before it did what is waited for
		p, err = a.daemon.next(window(udpMoment), nil, started)
		if err == errLimit {
			err = errEnded
		}
	}
	return p, err
}

// hello takes HELLO from the connection at work.
func (s *session) hello(w wait) (Outcome, string) {
	f, err := s.agent.daemon.cur.next(w)
	if err != nil {
		return s.meaning(w, "HELLO", err)
	}
	if f.Type != wire.Hello || f.Version != wire.Version {
		return Violation, fmt.Sprintf("expected HELLO %d, not %s", wire.Version, frameText(f))
	}
	return Pass, ""
}

// registered takes REGISTER, with the port of the mosh-server that was started and S from its K.
func (s *session) registered(w wait) (modes wire.Mode, o Outcome, reason string) {
	a := s.agent
	f, err := a.daemon.cur.next(w)
	if err != nil && err != errLimit && !a.done {
		// Where its mosh-server took long, an agent may connect anew, since a daemon does not wait for ever.
		if _, again := a.next(window(udpMoment), false); again == nil {
			if o, reason := s.hello(w); o != Pass {
				return 0, o, reason
			}
			a.daemon.cur.sendFrame(wire.Frame{Type: wire.Welcome, Modes: a.modes, Port: a.port}, w)
			f, err = a.daemon.cur.next(w)
		}
	}
	if err != nil {
		o, reason := s.meaning(w, "REGISTER", err)
		return 0, o, reason
	}
	if f.Type != wire.Register || int(f.Port) != a.mosh.Port || f.S != a.s() {
		return 0, Violation, fmt.Sprintf("expected REGISTER with mosh-server's port %d and S %x, not %s", a.mosh.Port, a.s(), frameText(f))
	}
	return f.Modes, Pass, ""
}

// connectLine waits for the CONNECT line among what the agent prints, and gives its digits. Its K has to be mosh-server's.
func (s *session) connectLine() (digits string, o Outcome, reason string) {
	a, w := s.agent, s.wait()
	for {
		ended := a.process.ended() // before the output is looked at, which then is all
		for line := range strings.Lines(a.process.stdout.String()) {
			d, k, fault := wire.SplitConnectLine([]byte(strings.TrimSuffix(line, "\n")))
			switch {
			case !strings.HasSuffix(line, "\n") && ended == "", fault == wire.NotTheLine:
				continue
			case fault != wire.None:
				return "", Violation, fmt.Sprintf("the CONNECT line %s has the fault %q", shown([]byte(line)), fault)
			case k != a.k:
				return "", Violation, fmt.Sprintf("the CONNECT line %s does not have mosh-server's K, %s", shown([]byte(line)), wire.WriteK(a.k))
			}
			return string(d), Pass, ""
		}
		switch {
		case ended != "":
			return "", Violation, "expected a CONNECT line; the agent ended without one: " + ended
		case w.over():
			o, reason := s.meaning(w, "a CONNECT line", errLimit)
			return "", o, reason
		}
		time.Sleep(time.Millisecond)
	}
}

// agentEnded waits for the agent's end, and gives its exit code; below 0 if a signal ended it.
func (s *session) agentEnded() (code int, o Outcome, reason string) {
	a, w := s.agent, s.wait()
	for ended := false; !ended; {
		select {
		case <-a.process.gone:
			ended = true
		case <-time.After(time.Until(w.end())):
			if w.over() {
				o, reason := s.meaning(w, "the end of the agent", errLimit)
				return 0, o, reason
			}
		}
	}
	a.done = true
	s.rec.note(". the agent has ended: %v", a.process.cmd.ProcessState)
	return a.process.cmd.ProcessState.ExitCode(), Pass, ""
}

// agentEnds: the agent ends with that exit code.
func (s *session) agentEnds(want int) (Outcome, string) {
	code, o, reason := s.agentEnded()
	if o == Pass && code != want {
		return Violation, fmt.Sprintf("expected that the agent ends with exit code %d, not: %v", want, s.agent.process.cmd.ProcessState)
	}
	return o, reason
}

// agentFails: the agent ends with an error: an exit code other than 0, the reason on standard error, and no CONNECT line.
func (s *session) agentFails() (Outcome, string) {
	code, o, reason := s.agentEnded()
	if o != Pass {
		return o, reason
	}
	p := s.agent.process
	for line := range strings.Lines(p.stdout.String()) {
		if _, _, fault := wire.SplitConnectLine([]byte(strings.TrimSuffix(line, "\n"))); fault != wire.NotTheLine {
			return Violation, fmt.Sprintf("expected an error and no CONNECT line; the agent printed %s", shown([]byte(line)))
		}
	}
	switch {
	case code <= 0:
		return Violation, fmt.Sprintf("expected that the agent ends with an error: an exit code other than 0, not: %v", p.cmd.ProcessState)
	case strings.TrimSpace(p.stderr.String()) == "":
		return Violation, "the agent ends with an error and does not say the reason on standard error"
	}
	return Pass, ""
}

// relayed starts a client agent with a token's N, the arguments standing in front of the address, and waits for the real client.
func (s *session) relayed(args []string) (Outcome, string) {
	a, err := s.agentWork()
	if err != nil {
		return Inconclusive, err.Error()
	}
	a.env = append(a.env, "MOSH_KEY="+wire.WriteK(a.k))
	N := strconv.FormatUint(wire.WriteTokenN(a.far.port), 10)
	if o, reason := s.startAgent(append(append([]string{"-# |"}, args...), a.far.at.String(), N)); o != Pass {
		return o, reason
	}
	if o, reason := s.moshStarts(); o != Pass {
		return o, reason
	}
	if a.relay, err = relayOf(a.mosh.Args); err != nil {
		return Violation, fmt.Sprintf("expected that the real client's last arguments are an address and a port: %v", err)
	}
	return Pass, ""
}
