package conformance

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// An agentStep is what a verb for agents does: it is given the words behind it, and says what it found out.
type agentStep = func(s *session, a *agentPart, args []string) (Outcome, string)

// badStep: the words are wrong, a mistake of the suite.
func badStep(usage string) (Outcome, string) {
	return Inconclusive, "mistake in the scenario: usage: " + usage
}

func init() {
	for name, step := range map[string]agentStep{
		"start": startStep, "greet": greetStep, "registers": registersStep, "relay": relayStep,
		"target": oneOf("target", targetSteps), "moshd": oneOf("moshd", moshdSteps), "mosh": oneOf("mosh", moshSteps),
		"local": localStep, "far": oneOf("far", farSteps),
	} {
		verbs[name] = alone(step)
	}
}

// oneOf makes a verb's step of those that its second word tells apart.
func oneOf(name string, steps map[string]agentStep) agentStep {
	return func(s *session, a *agentPart, args []string) (Outcome, string) {
		if len(args) == 0 || steps[args[0]] == nil {
			return badStep(name + " " + strings.Join(slices.Sorted(maps.Keys(steps)), "|"))
		}
		return steps[args[0]](s, a, args[1:])
	}
}

// alone makes a verb of its step.
func alone(step agentStep) verb {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		usageError(ts, neg, true, "no !")
		s := of(ts)
		a, err := s.agentWork()
		if err != nil {
			s.inconclusive(ts, "%v", err)
		}
		words := make([]string, len(args))
		for i := range args {
			words[i] = string(texts(ts, args[i:i+1]))
		}
		if o, reason := step(s, a, words); o != Pass {
			s.end(ts, o, reason)
		}
	}
}

// start ARGUMENT...: start the agent with these arguments.
func startStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if !a.daemon.forbidden {
		return s.startAgent(args)
	}
	var o Outcome
	var reason string
	if err := withoutOverride(func() { o, reason = s.startAgent(args) }); err != nil {
		return Unsupported, fmt.Sprintf("needs a user whom permissions keep out: %v", err)
	}
	return o, reason
}

// greet MODES: the agent says HELLO, gets WELCOME with these modes, and starts mosh-server, which is a good one.
func greetStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if len(args) != 1 {
		return badStep("greet MODES")
	}
	return s.greet(modesNamed(args[0]))
}

// registers learn|token ARGUMENT...: the agent is started with the arguments, registers that mode, and does all else that is right.
func registersStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if len(args) < 1 {
		return badStep("registers learn|token ARGUMENT...")
	}
	for _, step := range []func() (Outcome, string){
		func() (Outcome, string) { return s.startAgent(args[1:]) },
		func() (Outcome, string) { return s.greet(wire.ModeLearn | wire.ModeToken) },
		func() (Outcome, string) { return moshdSteps["hears"](s, a, []string{"register", args[0]}) },
		func() (Outcome, string) { return moshdSteps["says"](s, a, []string{"registered"}) },
		func() (Outcome, string) { return targetSteps["tells"](s, a, args[:1]) },
		func() (Outcome, string) { return s.agentEnds(0) },
	} {
		if o, reason := step(); o != Pass {
			return o, reason
		}
	}
	return Pass, ""
}

// relay ARGUMENT...: start a client agent with a token's N, and the arguments in front of the address; the real client is started, and is
// told where the relay is.
func relayStep(s *session, a *agentPart, args []string) (Outcome, string) { return s.relayed(args) }

// modesNamed reads learn+token, or a number.
func modesNamed(text string) (modes wire.Mode) {
	for name := range strings.SplitSeq(text, "+") {
		i := slices.IndexFunc(udpModes, func(m udpMode) bool { return m.name == name })
		if i >= 0 {
			modes |= udpModes[i].bit
		} else if n, err := strconv.ParseUint(name, 0, 8); err == nil {
			modes |= wire.Mode(n)
		}
	}
	return modes
}

var targetSteps = map[string]agentStep{
	"environment": environmentStep, "config": configStep, "ends": targetEndsStep, "tells": tellsStep, "prints": targetPrintsStep,
	"complains": complainsStep, "detached": detachedStep, "leaves": leavesStep, "hides": hidesStep, "hit": hitStep, "good": goodStep,
	"pauses": pausesStep, "proceeds": proceedsStep,
}

// target good: the baseline.
func goodStep(s *session, a *agentPart, args []string) (Outcome, string) { return s.goodAgent() }

// target environment NAME=VALUE...: what is started from now on has these variables.
func environmentStep(s *session, a *agentPart, args []string) (Outcome, string) {
	a.env = append(a.env, args...)
	return Pass, ""
}

// target config TEXT...: this is the configuration file {config}.
func configStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if err := os.WriteFile(s.values["config"], []byte(strings.Join(args, "")), 0o600); err != nil {
		return Inconclusive, err.Error()
	}
	return Pass, ""
}

// target ends N|error: it ends with that exit code; with another one than 0, the reason on standard error and no CONNECT line.
func targetEndsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if len(args) == 1 && args[0] == "error" {
		return s.agentFails()
	}
	code, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil {
		return badStep("target ends N|error")
	}
	return s.agentEnds(code)
}

// target tells learn|token: it prints the CONNECT line, with mosh-server's K and that mode's N.
func tellsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	want := wire.WriteLearnN(a.port)
	if strings.Join(args, "") == "token" {
		want = wire.WriteTokenN(a.port)
	}
	digits, o, reason := s.connectLine()
	if o == Pass && digits != strconv.FormatUint(want, 10) {
		return Violation, fmt.Sprintf("expected the N of %s, %d, in the CONNECT line, not %s", args[0], want, digits)
	}
	return o, reason
}

// target prints TEXT...: this and nothing else is on its standard output; it has ended.
func targetPrintsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if want, got := strings.Join(args, ""), a.process.stdout.String(); got != want {
		return Violation, fmt.Sprintf("expected the output %s, not %s", shown([]byte(want)), shown([]byte(got)))
	}
	return Pass, ""
}

// target complains line|TEXT: what is on its standard error is one line; holds the text. It has ended.
func complainsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	got := a.process.stderr.String()
	switch want := strings.Join(args, ""); {
	case want == "line" && (strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\n") || strings.TrimSpace(got) == ""):
		return Violation, fmt.Sprintf("expected one line on standard error, not %s", shown([]byte(got)))
	case want != "line" && !strings.Contains(got, want):
		return Violation, fmt.Sprintf("expected %s on standard error, not %s", shown([]byte(want)), shown([]byte(got)))
	}
	return Pass, ""
}

const notInBackground = "what stays in the background is not found: it has not got the environment that the agent was started with"

// target detached: what it has left in the background is in another session than it was itself, and holds nothing that it was started
// with: of a client agent, nothing that the real client has as standard input, output and error.
func detachedStep(s *session, a *agentPart, args []string) (Outcome, string) {
	pids := a.background()
	if len(pids) == 0 {
		return Inconclusive, notInBackground
	}
	given := a.given
	if s.role == udpClientAgent {
		given = a.mosh.Descriptors
	}
	mine, _ := unix.Getsid(0)
	for _, pid := range pids {
		if session, err := unix.Getsid(pid); err == nil && session == mine {
			return Violation, fmt.Sprintf("process %d, in the background, is in the session that the agent was started in", pid)
		}
		for _, held := range openIn(pid, math.MaxInt) {
			if held != null() && slices.Contains(given, held) {
				return Violation, fmt.Sprintf("process %d, in the background, holds one of the descriptors that the agent was started with", pid)
			}
		}
	}
	return Pass, ""
}

// target leaves nothing: in time nothing of it is in the background, and nobody has the relay's port.
func leavesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	for w := s.waitFor(time.Second); ; time.Sleep(time.Millisecond) {
		pids := a.background()
		switch {
		case len(pids) == 0 && (!a.relay.IsValid() || bindable("udp", a.relay) == nil):
			return Pass, ""
		case w.over():
			return s.meaning(w, fmt.Sprintf("the end of what is in the background, processes %d", pids), errLimit)
		}
	}
}

// target hit: its process group gets the signals of a terminal.
func hitStep(s *session, a *agentPart, args []string) (Outcome, string) {
	for _, signal := range []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP} {
		syscall.Kill(-a.process.cmd.Process.Pid, signal)
		s.rec.note(". %v to the agent's process group", signal)
	}
	return Pass, ""
}

// target pauses: what it has left in the background stands still.
func pausesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	pids := processes(a.background())
	if len(pids) == 0 {
		return Inconclusive, notInBackground
	}
	if err := pids.pause(s.wait()); err != nil {
		return Inconclusive, err.Error()
	}
	s.rec.note(". processes %d, in the background, stand still", pids)
	return Pass, ""
}

// target proceeds: it goes on.
func proceedsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	pids := processes(a.background())
	pids.proceed()
	s.rec.note(". processes %d go on", pids)
	return Pass, ""
}
