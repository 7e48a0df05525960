package progtest

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// RunScripts runs the scripts in testdata.
func RunScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(condition string) (bool, error) {
			if condition != "ipv6" {
				return false, errors.New("unknown condition")
			}
			return HasIPv6(), nil
		},
		Setup: func(env *testscript.Env) error {
			env.Values[stateKey{}] = &state{connections: make(map[string]*Conn)}
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
	server      *Server
	odd         *oddServer
	connections map[string]*Conn
}

type stateKey struct{}

func stateOf(ts *testscript.TestScript) *state { return ts.Value(stateKey{}).(*state) }

// verb checks the number of arguments and reports the error; max -1 is no limit.
func verb(usage string, min, max int,
	do func(ts *testscript.TestScript, args []string) error) func(*testscript.TestScript, bool, []string) {
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

// verbServe starts tcpmuxd with an address file and waits for that. Its log is in the file log; the addresses are in
// $address, $address2 and so on.
func verbServe(ts *testscript.TestScript, args []string) error {
	cmd := exec.Command("tcpmuxd", args...)
	cmd.Dir = ts.MkAbs(".")
	s, err := StartServer(cmd, cmd.Dir)
	if err != nil {
		return err
	}
	ts.Defer(s.Kill)
	stateOf(ts).server = s
	for i, address := range s.Addresses {
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
	return stateOf(ts).server.Cmd.Process.Signal(unix.SignalNum("SIG" + args[0]))
}

// verbEnds waits until the server that was started last has ended.
func verbEnds(ts *testscript.TestScript, args []string) error {
	code, err := stateOf(ts).server.Wait()
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
	return Poll(func() error {
		if text, err = os.ReadFile(ts.MkAbs(args[0])); err != nil {
			return err
		}
		if !pattern.Match(text) {
			return errors.New(args[0] + " does not match " + args[1] + ":\n" + string(text))
		}
		return nil
	})
}

func expectCode(code int, want string) error {
	if strconv.Itoa(code) != want {
		return errors.New("the exit code is " + strconv.Itoa(code) + ", not " + want)
	}
	return nil
}

// verbStart starts a server with an address file and waits for that. Its log is in the file NAME/log; its address is
// $NAME.
func verbStart(ts *testscript.TestScript, args []string) error {
	name := args[0]
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	dir := ts.MkAbs(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	s, err := StartServer(cmd, dir)
	if err != nil {
		return err
	}
	ts.Defer(s.Kill)
	stateOf(ts).server = s
	ts.Setenv(name, s.Addresses[0])
	return nil
}
