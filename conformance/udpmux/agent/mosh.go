package agent

import (
	"errors"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func moshVerbs() []engine.Verb {
	return append(append(placedVerbs(), leadsVerbs()...), []engine.Verb{
		{Name: "mosh starts",
			Help: "The agent starts mosh-server or mosh-client. {last} stands for its last argument.",
			Max:  -1, Run: alone(moshStartsStep)},
		{Name: "mosh unstarted",
			Help: "The agent has ended without starting mosh.", Max: -1, Run: alone(moshUnstartedStep)},
		{Name: "mosh waits",
			Help: "The agent has not started mosh yet.", Max: -1, Run: alone(moshWaitsStep)},
		{Name: "mosh gets", Usage: "ARGUMENT...",
			Help: "The arguments are exactly these.", Max: -1, Run: alone(moshGetsStep)},
		{Name: "mosh has", Usage: "VARIABLE",
			Help: "The environment contains this, NAME=VALUE.", Max: -1, Run: alone(moshHasStep)},
		{Name: "mosh connects",
			Usage: "[-ended] [at ADDRESS...|beside ADDRESS|names ADDRESS] [in session] [with another] [line TEXT] " +
				"[before TEXT] [exit N]",
			Help: "mosh-server, which has started, binds 127.0.0.1 or these addresses (beside: while another socket " +
				"has the port at that address; names: the line names the port of another socket at that address), " +
				"leaves a process in the background, prints the CONNECT line, and " +
				"ends with exit code 0. in session: the process is in a session of its own; with another: a second " +
				"process in its group outlives it; line: print this line instead, in which {port+N} stands for its " +
				"port plus N; before: print this text first; exit: end with this code. -ended: mosh-server may have " +
				"ended already; if so, do nothing.",
			Max: -1, Run: alone(moshConnectsStep)},
		{Name: "mosh exits", Usage: "N [OUTPUT [ERRORS]]",
			Help: "mosh prints this output and these errors, and ends with that exit code.",
			Max:  -1, Run: alone(moshExitsStep)},
		{Name: "mosh ends",
			Help: "The mosh-server in the background ends by itself.", Max: -1, Run: alone(moshEndsStep)},
		{Name: "mosh dies", Usage: "[SIGNAL]",
			Help: "Kill the real client, or send it the signal of that number.", Max: -1, Run: alone(moshDiesStep)},
		{Name: "mosh ended",
			Help: "The mosh-server that the agent started has ended.", Max: -1, Run: alone(moshEndedStep)},
		{Name: "mosh runs",
			Help: "The mosh-server that the agent started is still running.", Max: -1, Run: alone(moshRunsStep)},
		{Name: "mosh replaces", Usage: "the agent",
			Help: "The real client has taken the agent's place: the same process group, session and standard " +
				"descriptors.", Max: -1, Run: alone(moshReplacesStep)},
		{Name: "target hides",
			Help: "K, S and T appear in no process's arguments or environment, neither as text nor as bytes. The " +
				"one exception is K in a client agent's environment, where mosh puts it.",
			Max: -1, Run: alone(hidesStep)},
	}...)
}

func moshStartsStep(s *engine.Session, a *part, args []string) error {
	err := moshStarts(s)
	if err != nil || s.Role != Client {
		return err
	}
	if n := len(a.mosh.Args); n > 0 {
		s.Values["last"] = a.mosh.Args[n-1]
	}
	a.relay, _ = relayOf(a.mosh.Args) // a bad address shows when it is needed
	if at := a.relay.Addr(); at.IsLoopback() {
		s.Values["loopback"] = at.String() // any address will do
	}
	return nil
}

// moshStarts waits until the agent has started the real program.
func moshStarts(s *engine.Session) error {
	a, w := of(s), s.Wait()
	for {
		select {
		case a.mosh = <-a.stage.arrived:
			s.Rec.Note(". %s is started with %q", a.mosh.Program, a.mosh.Args)
			return nil
		case <-a.process.Gone:
			if len(a.stage.arrived) == 0 {
				return s.Meaning(w, "the start of the real program", errors.New("the agent ended: "+a.process.Ended()))
			}
		case <-w.Tick():
			if w.Over() {
				return s.Meaning(w, "the start of the real program", engine.ErrLimit)
			}
		}
	}
}

func moshUnstartedStep(s *engine.Session, a *part, args []string) error {
	return noMosh(s, "expected no %s to be started; it is, with %q")
}

func moshWaitsStep(s *engine.Session, a *part, args []string) error {
	return noMosh(s, "expected %s not to be started yet; it is, with %q")
}

// noMosh shows that no stand-in has been started: one that the suite starts now reports first.
func noMosh(s *engine.Session, what string) error {
	a := of(s)
	probe := exec.Command(filepath.Join(a.stage.bin, standIns[0]))
	if err := probe.Start(); err != nil {
		return engine.Inconclusive("%v", err)
	}
	defer probe.Wait()
	defer probe.Process.Kill()
	w := s.Wait()
	for {
		select {
		case p := <-a.stage.arrived:
			if p.PID != probe.Process.Pid {
				return engine.Violation(what, p.Program, p.Args)
			}
			return nil
		case <-w.Tick():
			if w.Over() {
				return engine.Inconclusive("a stand-in of the suite's own does not start")
			}
		}
	}
}

func moshGetsStep(s *engine.Session, a *part, args []string) error {
	if !slices.Equal(a.mosh.Args, args) {
		return engine.Violation("expected %s to get the arguments %q, not %q", a.mosh.Program, args, a.mosh.Args)
	}
	return nil
}

func moshHasStep(s *engine.Session, a *part, args []string) error {
	if !slices.Contains(a.mosh.Env, strings.Join(args, "")) {
		return engine.Violation("expected %q in the environment of %s", strings.Join(args, ""), a.mosh.Program)
	}
	return nil
}

func moshConnectsStep(s *engine.Session, a *part, args []string) error {
	o := goodOrders(s)
	if o.MayBeLate = len(args) > 0 && args[0] == "-ended"; o.MayBeLate {
		args = args[1:]
	}
	line, before := "MOSH CONNECT {port} "+wire.WriteK(a.k)+"\n", "\n"
	for at := []string(nil); len(args) > 1; args = args[2:] {
		switch args[0] {
		case "at":
			at = append(at, args[1])
			o.Bind = at
		case "beside":
			port, err := bindBeside(s, args[1])
			if err != nil {
				return engine.Unsupported("%v", err)
			}
			o.Bind = []string{"127.0.0.1:" + port}
		case "names":
			port, err := bindBeside(s, args[1])
			if err != nil {
				return engine.Unsupported("%v", err)
			}
			line = strings.Replace(line, "{port}", port, 1)
		case "in":
			o.Apart = true
		case "with":
			o.Other = true
		case "line":
			line = args[1]
		case "before":
			before = args[1]
		case "exit":
			o.Exit, _ = strconv.Atoi(args[1])
		default:
			return engine.ErrUsage
		}
	}
	o.Stdout = before + line
	return direct(s, o)
}

// bindBeside binds the address and a port that is free at the others, and returns that port.
func bindBeside(s *engine.Session, address string) (port string, err error) {
	if port, err = sockets.FreePort(); err != nil {
		return "", err
	}
	at, err := netip.ParseAddrPort(address + ":" + port)
	if err == nil {
		_, err = sockets.Bind(s, "beside", at, "")
	}
	return port, err
}

func direct(s *engine.Session, o standInOrders) error {
	if of(s).mosh == nil {
		return engine.ErrUsage
	}
	err := of(s).mosh.order(o, s.Wait())
	switch {
	case err == nil, o.MayBeLate && errors.Is(err, errGone):
		return nil
	case errors.Is(err, errTrouble):
		return engine.Unsupported("%v", err)
	}
	return engine.Inconclusive("%v", err)
}
