package conformance

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

var moshSteps = map[string]agentStep{
	"starts": moshStartsStep, "unstarted": moshUnstartedStep, "waits": moshWaitsStep, "gets": moshGetsStep, "has": moshHasStep,
	"connects": moshConnectsStep, "exits": moshExitsStep, "ends": moshEndsStep, "dies": moshDiesStep, "ended": moshEndedStep, "runs": moshRunsStep,
	"replaces": moshReplacesStep,
}

// mosh starts: the agent starts mosh-server or mosh-client. {last} is its last argument.
func moshStartsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	o, reason := s.moshStarts()
	if o != Pass || s.role != udpClientAgent {
		return o, reason
	}
	if n := len(a.mosh.Args); n > 0 {
		s.values["last"] = a.mosh.Args[n-1]
	}
	a.relay, _ = relayOf(a.mosh.Args) // what is none shows where it is needed
	return Pass, ""
}

// moshStarts waits until the agent has started the real program.
func (s *session) moshStarts() (Outcome, string) {
	a, w := s.agent, s.wait()
	for {
		select {
		case a.mosh = <-a.stage.arrived:
			s.rec.note(". %s is started with %q", a.mosh.Program, a.mosh.Args)
			return Pass, ""
		case <-a.process.gone:
			if len(a.stage.arrived) == 0 {
				return s.meaning(w, "the start of the real program", errors.New("the agent ended: "+a.process.ended()))
			}
		case <-time.After(time.Until(w.end())):
			if w.over() {
				return s.meaning(w, "the start of the real program", errLimit)
			}
		}
	}
}

// mosh unstarted: the agent, which has ended, has not started it.
func moshUnstartedStep(s *session, a *agentPart, args []string) (Outcome, string) {
	return s.noMosh("expected that no %s is started; it is, with %q")
}

// mosh waits: so far the agent has not started it.
func moshWaitsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	return s.noMosh("expected that %s is not started yet; it is, with %q")
}

// noMosh shows that none has been started: one that the suite starts now is the first that there is.
func (s *session) noMosh(violation string) (Outcome, string) {
	a := s.agent
	probe := exec.Command(filepath.Join(a.stage.bin, StandIns[0]))
	if err := probe.Start(); err != nil {
		return Inconclusive, err.Error()
	}
	defer probe.Wait()
	defer probe.Process.Kill()
	w := s.wait()
	for {
		select {
		case p := <-a.stage.arrived:
			if p.PID != probe.Process.Pid {
				return Violation, fmt.Sprintf(violation, p.Program, p.Args)
			}
			return Pass, ""
		case <-time.After(time.Until(w.end())):
			if w.over() {
				return Inconclusive, "a stand-in of the suite's own does not start"
			}
		}
	}
}

// mosh gets ARGUMENT...: these are its arguments.
func moshGetsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if !slices.Equal(a.mosh.Args, args) {
		return Violation, fmt.Sprintf("expected that %s gets the arguments %q, not %q", a.mosh.Program, args, a.mosh.Args)
	}
	return Pass, ""
}

// mosh has VARIABLE: its environment has it, NAME=VALUE.
func moshHasStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if !slices.Contains(a.mosh.Env, strings.Join(args, "")) {
		return Violation, fmt.Sprintf("expected %q in the environment of %s", strings.Join(args, ""), a.mosh.Program)
	}
	return Pass, ""
}

// mosh connects [at ADDRESS...|beside ADDRESS] [line TEXT] [before TEXT] [exit N]: mosh-server, which has started, binds 127.0.0.1 or these
// addresses, or it while somebody else has the port at that address; it leaves a process in the background, prints the CONNECT line, or this
// one, with that text before it, and ends with exit code 0, or this one.
func moshConnectsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	o := s.goodOrders()
	line, before := "MOSH CONNECT {port} "+wire.WriteK(a.k)+"\n", "\n"
	for at := []string(nil); len(args) > 1; args = args[2:] {
		switch args[0] {
		case "at":
			at = append(at, args[1])
			o.Bind = at
		case "beside":
			port, err := s.bindBeside(args[1])
			if err != nil {
				return Unsupported, err.Error()
			}
			o.Bind = []string{"127.0.0.1:" + port}
		case "line":
			line = args[1]
		case "before":
			before = args[1]
		case "exit":
			o.Exit, _ = strconv.Atoi(args[1])
		default:
			return badStep("mosh connects [at ADDRESS...|beside ADDRESS] [line TEXT] [before TEXT] [exit N]")
		}
	}
	o.Stdout = before + line
	return s.direct(o)
}

// bindBeside binds the address and a port that is free at others, which it returns.
func (s *session) bindBeside(address string) (port string, err error) {
	if port, err = freeUDPPort(); err != nil {
		return "", err
	}
	at, err := netip.ParseAddrPort(address + ":" + port)
	if err == nil {
		_, err = s.bindUDP("beside", at)
	}
	return port, err
}

func (s *session) direct(o standInOrders) (Outcome, string) {
	if s.agent.mosh == nil {
		return badStep("mosh starts, before it does something")
	}
	err := s.agent.mosh.order(o, s.wait())
	switch {
	case err == nil:
		return Pass, ""
	case errors.Is(err, errTrouble):
		return Unsupported, err.Error()
	}
	return Inconclusive, err.Error()
}

// mosh exits N [OUTPUT [ERRORS]]: it prints this and ends with that exit code.
func moshExitsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if len(args) == 0 || len(args) > 3 {
		return badStep("mosh exits N [OUTPUT [ERRORS]]")
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return badStep("mosh exits N [OUTPUT [ERRORS]]")
	}
	args = append(args, "", "")
	return s.direct(standInOrders{Exit: code, Stdout: args[1], Stderr: args[2]})
}

// mosh ends: the mosh-server in the background ends by itself.
func moshEndsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	a.mosh.conn.CloseWrite()
	return moshEndedStep(s, a, nil)
}

// mosh dies: the real client is killed.
func moshDiesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if err := syscall.Kill(a.mosh.PID, unix.SIGKILL); err != nil {
		return Inconclusive, err.Error()
	}
	return Pass, ""
}

// mosh ended: the mosh-server that the agent has started has ended.
func moshEndedStep(s *session, a *agentPart, args []string) (Outcome, string) {
	for w := s.wait(); ; {
		select {
		case <-a.mosh.ended:
			return Pass, ""
		case <-time.After(time.Until(w.end())):
			if w.over() {
				return s.meaning(w, "the end of mosh-server", errLimit)
			}
		}
	}
}

// mosh runs: it has not ended.
func moshRunsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	select {
	case <-a.mosh.ended:
		return Violation, "expected that mosh-server goes on; it has ended"
	default:
		return Pass, ""
	}
}

// mosh replaces the agent: the real client is where the agent was started: the same process, process group, session and standard descriptors.
func moshReplacesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	pid := a.process.cmd.Process.Pid
	if a.mosh.PID != pid {
		return Violation, fmt.Sprintf("expected that the real client has the agent's process id, %d; it is process %d", pid, a.mosh.PID)
	}
	if mine, err := unix.Getsid(0); a.mosh.Group != pid || err == nil && a.mosh.Session != mine {
		return Violation, fmt.Sprintf("expected process group %d and session %d, not %d and %d", pid, mine, a.mosh.Group, a.mosh.Session)
	}
	for fd, what := range a.mosh.Descriptors {
		if !slices.Contains(a.given, what) && len(a.given) > 0 {
			return Violation, fmt.Sprintf("the real client's descriptor %d is none that the agent was started with", fd)
		}
	}
	return Pass, ""
}

// target hides: neither K nor S nor T, as text or bytes, is in the arguments or the environment of a process, but for K in the
// environment of a client agent, where mosh puts it.
func hidesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	K, S, T := a.k, a.s(), a.t()
	secrets := make(map[string]string) // to the name
	for name, b := range map[string][]byte{"K": K[:], "S": S[:], "T": T[:]} {
		text := hex.EncodeToString(b)
		base, url := base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b)
		for _, encoded := range []string{string(b), text, strings.ToUpper(text), base, url} {
			secrets[encoded] = name
		}
	}
	for _, place := range a.process.showing(secrets) {
		if s.role == udpClientAgent && place.pid == a.process.cmd.Process.Pid && place.environ && place.what == "K" {
			continue
		}
		return Violation, fmt.Sprintf("process %d shows %s, in its %s", place.pid, place.what,
			map[bool]string{true: "environment", false: "arguments"}[place.environ])
	}
	return Pass, ""
}
