package agent

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

func targetVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "target good", Help: "Run the baseline.", Max: -1, Run: alone(goodStep)},
		{Name: "target environment", Usage: "NAME=VALUE...|within",
			Help: "Everything started from now on has these variables. With within, it has mosh-server's " +
				"environment, as everything has that the user starts in that session.",
			Max: -1, Run: alone(environmentStep)},
		{Name: "target config", Usage: "TEXT...",
			Help: "Write this text to the configuration file {config}.", Max: -1, Run: alone(configStep)},
		{Name: "target inherits", Usage: "N",
			Help: "Everything started from now on gets N descriptors besides the standard ones.",
			Max:  -1, Run: alone(inheritsStep)},
		{Name: "target ends", Usage: "N|error|anyhow",
			Help: "The agent ends with exit code N, where a signal counts as 128 plus its number, as in a shell; or " +
				"with another code than 0, a reason on standard error and no CONNECT line (error); or in any way " +
				"(anyhow).", Max: -1, Run: alone(targetEndsStep)},
		{Name: "target signalled", Usage: "NAME",
			Help: "Send SIGHUP, SIGINT or SIGTERM to the agent alone, not to what it has started.",
			Max:  -1, Run: alone(signalledStep)},
		{Name: "target tells", Usage: "learn|token",
			Help: "The agent prints the CONNECT line, with mosh-server's K and the N of that mode.",
			Max:  -1, Run: alone(tellsStep)},
		{Name: "target prints", Usage: "TEXT...",
			Help: "The agent has ended, and its standard output is exactly this.",
			Max:  -1, Run: alone(targetPrintsStep)},
		{Name: "target complains", Usage: "line|TEXT",
			Help: "The agent has ended, and its standard error is one line (line), or contains this text.",
			Max:  -1, Run: alone(complainsStep)},
		{Name: "target detached",
			Help: "What the agent has left in the background is in another session than the agent was, and holds no " +
				"descriptor that the agent was started with. For a client agent: none of the real client's standard " +
				"input, output and error.", Max: -1, Run: alone(detachedStep)},
		{Name: "target leaves", Usage: "nothing [while NAME sends|gets]",
			Help: "Within the time limit nothing of the agent is left in the background, and nobody holds the " +
				"relay's port. With while, the local port keeps sending to the relay, or the server keeps sending " +
				"to the outgoing port of that local port.", Max: -1, Run: alone(leavesStep)},
		{Name: "target hit",
			Help: "Send the agent's process group the signals that a terminal sends: SIGHUP, SIGINT, SIGQUIT and " +
				"SIGTSTP.", Max: -1, Run: alone(hitStep)},
		{Name: "target pauses",
			Help: "Stop what the agent has left in the background.", Max: -1, Run: alone(pausesStep)},
		{Name: "target proceeds", Help: "Let it go on.", Max: -1, Run: alone(proceedsStep)},
	}
}

func agentVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "start", Usage: "ARGUMENT...",
			Help: "Start the agent with these arguments.", Max: -1, Run: alone(startStep)},
		{Name: "greet", Usage: "MODES",
			Help: "The agent sends HELLO, gets WELCOME with these modes, and starts mosh-server, which works.",
			Max:  -1, Run: alone(greetStep)},
		{Name: "registers", Usage: "learn|token ARGUMENT...",
			Help: "Start the agent with these arguments. It registers this mode, and everything else works.",
			Max:  -1, Run: alone(registersStep)},
		{Name: "relay", Usage: "ARGUMENT...",
			Help: "Start a client agent with the N of a token, and with these arguments before the address. It " +
				"starts the real client and tells it where the relay is.", Max: -1, Run: alone(relayStep)},
	}
}

// An agentStep is what a verb for agents does: it gets the words after the verb, and returns what it found.
type agentStep = func(s *engine.Session, a *part, args []string) error

// alone makes a verb from its step.
func alone(step agentStep) func(s *engine.Session, args []string) error {
	return func(s *engine.Session, args []string) error {
		a, err := agentWork(s)
		if err != nil {
			return err
		}
		words := make([]string, len(args))
		for i := range args {
			words[i] = string(s.Texts(args[i : i+1]))
		}
		return step(s, a, words)
	}
}

func startStep(s *engine.Session, a *part, args []string) error {
	if !a.daemon.forbidden {
		return startAgent(s, args)
	}
	var started error
	if err := proc.WithoutOverride(func() { started = startAgent(s, args) }); err != nil {
		return engine.Unsupported("needs a user whom permissions keep out: %v", err)
	}
	return started
}

func greetStep(s *engine.Session, a *part, args []string) error {
	if len(args) != 1 {
		return engine.ErrUsage
	}
	return greet(s, modesNamed(args[0]))
}

func registersStep(s *engine.Session, a *part, args []string) error {
	if len(args) < 1 {
		return engine.ErrUsage
	}
	for _, step := range []func() error{
		func() error { return startAgent(s, args[1:]) },
		func() error { return greet(s, wire.ModeLearn|wire.ModeToken) },
		func() error { return moshdHearsStep(s, a, []string{"register", args[0]}) },
		func() error { return moshdSaysStep(s, a, []string{"registered"}) },
		func() error { return tellsStep(s, a, args[:1]) },
		func() error { return agentEnds(s, 0) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func relayStep(s *engine.Session, a *part, args []string) error { return relayed(s, args) }

// modesNamed reads learn+token, or a number.
func modesNamed(text string) (modes wire.Mode) {
	for name := range strings.SplitSeq(text, "+") {
		i := slices.IndexFunc(sockets.Modes, func(m sockets.Mode) bool { return m.Name == name })
		if i >= 0 {
			modes |= sockets.Modes[i].Bit
		} else if n, err := strconv.ParseUint(name, 0, 8); err == nil {
			modes |= wire.Mode(n)
		}
	}
	return modes
}

func goodStep(s *engine.Session, a *part, args []string) error { return goodAgent(s) }

func environmentStep(s *engine.Session, a *part, args []string) error {
	switch within := len(args) == 1 && args[0] == "within"; {
	case within && a.mosh == nil:
		return engine.ErrUsage
	case within:
		a.env = append(a.env, a.mosh.Env...)
	default:
		a.env = append(a.env, args...)
	}
	return nil
}

func configStep(s *engine.Session, a *part, args []string) error {
	if err := os.WriteFile(s.Values["config"], []byte(strings.Join(args, "")), 0o600); err != nil {
		return engine.Inconclusive("%v", err)
	}
	return nil
}

func inheritsStep(s *engine.Session, a *part, args []string) error {
	n, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil || n < 0 {
		return engine.ErrUsage
	}
	a.further = n
	return nil
}

func targetEndsStep(s *engine.Session, a *part, args []string) error {
	if len(args) == 1 && args[0] == "error" {
		return agentFails(s)
	}
	if len(args) == 1 && args[0] == "anyhow" {
		_, err := agentEnded(s)
		return err
	}
	code, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil {
		return engine.ErrUsage
	}
	return agentEnds(s, code)
}

func tellsStep(s *engine.Session, a *part, args []string) error {
	want := wire.WriteLearnN(a.port)
	if strings.Join(args, "") == "token" {
		want = wire.WriteTokenN(a.port)
	}
	digits, err := connectLine(s)
	if err == nil && digits != strconv.FormatUint(want, 10) {
		return engine.Violation("expected the N of %s, %d, in the CONNECT line, not %s", args[0], want, digits)
	}
	return err
}

func targetPrintsStep(s *engine.Session, a *part, args []string) error {
	if want, got := strings.Join(args, ""), a.process.Stdout.String(); got != want {
		return engine.Violation("expected the output %s, not %s", engine.Shown([]byte(want)), engine.Shown([]byte(got)))
	}
	return nil
}

func complainsStep(s *engine.Session, a *part, args []string) error {
	got := a.process.Stderr.String()
	switch want := strings.Join(args, ""); {
	case want == "line" && (strings.Count(got, "\n") != 1 || !strings.HasSuffix(got,
		"\n") || strings.TrimSpace(got) == ""):
		return engine.Violation("expected one line on standard error, not %s", engine.Shown([]byte(got)))
	case want != "line" && !strings.Contains(got, want):
		return engine.Violation("expected %s on standard error, not %s", engine.Shown([]byte(want)),
			engine.Shown([]byte(got)))
	}
	return nil
}

const notInBackground = "what stays in the background is not found: " +
	"it lacks the environment that the agent was started with"
