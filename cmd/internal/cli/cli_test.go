package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cli"
)

// TestMain makes the test binary the programs, too: they are in PATH for scripts and for the other tests.
func TestMain(m *testing.M) {
	// With the race detector every program would sleep for a second at its end.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	testscript.Main(m, map[string]func(){
		"tcpmuxd":             func() { os.Exit(cli.TCPMuxD(os.Args[1:])) },
		"tcpmux":              func() { os.Exit(cli.TCPMux(os.Args[1:])) },
		"hmacsocketserver":    func() { os.Exit(cli.HMACSocketServer(os.Args[1:])) },
		"hmacsocketclient":    func() { os.Exit(cli.HMACSocketClient(os.Args[1:])) },
		"moshd":               func() { os.Exit(cli.MoshD(os.Args[1:])) },
		"mosh-server-mux":     func() { os.Exit(cli.MoshServerMux(os.Args[1:])) },
		"mosh-client-mux":     func() { os.Exit(cli.MoshClientMux(os.Args[1:])) },
		"standin-mosh-server": standInServer,
		"standin-mosh-client": standInClient,
		"activate":            activate,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(condition string) (bool, error) {
			if condition != "ipv6" {
				return false, errors.New("unknown condition")
			}
			return hasIPv6(), nil
		},
		Setup: func(env *testscript.Env) error {
			env.Values[stateKey{}] = &state{connections: make(map[string]*conn)}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exit":      verb("exit CODE PROGRAM [ARG]...", 2, -1, verbExit),
			"serve":     verb("serve [ARG]...", 0, -1, verbServe),
			"start":     verb("start NAME PROGRAM [ARG]...", 2, -1, verbStart),
			"echo":      verb("echo", 0, 0, verbEcho),
			"signal":    verb("signal NAME", 1, 1, verbSignal),
			"ends":      verb("ends CODE", 1, 1, verbEnds),
			"await":     verb("await FILE REGEXP", 2, 2, verbAwait),
			"oddserver": verb("oddserver close|endless|keep|reset [TEXT]", 1, 2, verbOddServer),
			"got":       verb("got TEXT", 1, 1, verbGot),
			"nobody":    verb("nobody", 0, 0, verbNobody),
			"connect":   verb("connect NAME ADDRESS [SOURCE]", 2, 3, verbConnect),
			"send":      verb("send NAME TEXT", 2, 2, verbSend),
			"receive":   verb("receive NAME TEXT", 2, 2, verbReceive),
			"drip":      verb("drip NAME TEXT", 2, 2, verbDrip),
			"shut":      verb("shut NAME", 1, 1, verbShut),
			"ended":     verb("ended NAME", 1, 1, verbEnded),
			"rest":      verb("rest NAME REGEXP", 2, 2, verbRest),
			"dropped":   verb("dropped NAME", 1, 1, verbDropped),
			"refuses":   verb("refuses ADDRESS", 1, 1, verbRefuses),
			"turnsaway": verb("turnsaway ADDRESS", 1, 1, verbTurnsAway),
		},
	})
}

// state is what the verbs of one script share.
type state struct {
	server      *server
	odd         *oddServer
	connections map[string]*conn
}

type stateKey struct{}

func stateOf(ts *testscript.TestScript) *state { return ts.Value(stateKey{}).(*state) }

// verb checks the number of arguments and reports the error; max -1 is no limit.
func verb(usage string, min, max int, do func(ts *testscript.TestScript, args []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < min || max >= 0 && len(args) > max {
			ts.Fatalf("usage: %s", usage)
		}
		ts.Check(do(ts, args))
	}
}

// verbExit runs a program, whose exit code must be CODE; stdout and stderr look at what it wrote.
func verbExit(ts *testscript.TestScript, args []string) error {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		return err
	}
	return expectCode(code, args[0])
}

// verbServe starts tcpmuxd with an address file and waits for that. Its log is in the file log; the addresses are in $address,
// $address2 and so on.
func verbServe(ts *testscript.TestScript, args []string) error {
	cmd := exec.Command("tcpmuxd", args...)
	cmd.Dir = ts.MkAbs(".")
	s, err := startServer(cmd, cmd.Dir)
	if err != nil {
		return err
	}
	ts.Defer(s.kill)
	stateOf(ts).server = s
	for i, address := range s.addresses {
		name := "address"
		if i > 0 {
			name += strconv.Itoa(i + 1)
		}
		ts.Setenv(name, address)
	}
	return nil
}

// verbSignal sends a signal to the server that was started last.
func verbSignal(ts *testscript.TestScript, args []string) error {
	return stateOf(ts).server.cmd.Process.Signal(unix.SignalNum("SIG" + args[0]))
}

// verbEnds waits until the server that was started last has ended.
func verbEnds(ts *testscript.TestScript, args []string) error {
	code, err := stateOf(ts).server.wait()
	if err != nil {
		return err
	}
	return expectCode(code, args[0])
}

// verbAwait waits until FILE matches.
func verbAwait(ts *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile("(?m)" + args[1])
	if err != nil {
		return err
	}
	var text []byte
	return poll(func() error {
		if text, err = os.ReadFile(ts.MkAbs(args[0])); err != nil {
			return err
		}
		if !pattern.Match(text) {
			return errors.New(args[0] + " does not match " + args[1] + ":\n" + string(text))
		}
		return nil
	})
}

// verbOddServer starts a server for a single connection; see [oddServer]. Its address is in $address.
func verbOddServer(ts *testscript.TestScript, args []string) error {
	text := ""
	if len(args) > 1 {
		var err error
		if text, err = unquote(args[1]); err != nil {
			return err
		}
	}
	odd, err := startOddServer(args[0], text)
	if err != nil {
		return err
	}
	ts.Defer(odd.stop)
	stateOf(ts).odd = odd
	ts.Setenv("address", odd.address)
	return nil
}

// verbGot checks all that a client sent to the odd server.
func verbGot(ts *testscript.TestScript, args []string) error {
	want, err := unquote(args[0])
	if err != nil {
		return err
	}
	got, err := stateOf(ts).odd.received()
	if err == nil && got != want {
		err = errors.New("the client sent " + strconv.Quote(got))
	}
	return err
}

// verbNobody sets $address to one where nobody listens.
func verbNobody(ts *testscript.TestScript, _ []string) error {
	address, release, err := deadAddress()
	if err != nil {
		return err
	}
	ts.Defer(release)
	ts.Setenv("address", address)
	return nil
}

// verbConnect opens a connection that the verbs below call NAME, from the address SOURCE.
func verbConnect(ts *testscript.TestScript, args []string) error {
	source := ""
	if len(args) > 2 {
		source = args[2]
	}
	c, err := dial(args[1], source)
	if err != nil {
		return err
	}
	ts.Defer(func() { c.Close() })
	stateOf(ts).connections[args[0]] = c
	return nil
}

func verbSend(ts *testscript.TestScript, args []string) error {
	text, err := unquote(args[1])
	if err != nil {
		return err
	}
	return connection(ts, args).send(text)
}

func verbReceive(ts *testscript.TestScript, args []string) error {
	text, err := unquote(args[1])
	if err != nil {
		return err
	}
	return connection(ts, args).receive(text)
}

func verbDrip(ts *testscript.TestScript, args []string) error {
	text, err := unquote(args[1])
	if err != nil {
		return err
	}
	return connection(ts, args).drip(text)
}

func verbShut(ts *testscript.TestScript, args []string) error {
	return connection(ts, args).CloseWrite()
}

func verbEnded(ts *testscript.TestScript, args []string) error {
	return connection(ts, args).ended()
}

// verbRest reads until the clean end of the connection; what comes must match.
func verbRest(ts *testscript.TestScript, args []string) error {
	text, err := connection(ts, args).rest()
	if err != nil {
		return err
	}
	matched, err := regexp.MatchString(args[1], text)
	if err == nil && !matched {
		err = fmt.Errorf("received %.200q, which does not match", text)
	}
	return err
}

func verbDropped(ts *testscript.TestScript, args []string) error {
	return connection(ts, args).dropped()
}

// verbRefuses waits until nobody listens at ADDRESS any more.
func verbRefuses(ts *testscript.TestScript, args []string) error {
	return poll(func() error {
		c, err := dial(args[0], "")
		if errors.Is(err, unix.ECONNREFUSED) {
			return nil
		} else if err == nil {
			c.Close()
		}
		return fmt.Errorf("%s is still there (%v)", args[0], err)
	})
}

func connection(ts *testscript.TestScript, args []string) *conn {
	c := stateOf(ts).connections[args[0]]
	if c == nil {
		ts.Fatalf("there is no connection %q", args[0])
	}
	return c
}

func expectCode(code int, want string) error {
	if strconv.Itoa(code) != want {
		return errors.New("the exit code is " + strconv.Itoa(code) + ", not " + want)
	}
	return nil
}

// unquote makes bytes of a script's text, which has the escapes of a Go string.
func unquote(text string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
}

func onlyLinux(t *testing.T, why string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has " + why)
	}
}
