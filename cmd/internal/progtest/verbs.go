package progtest

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// verbOddServer starts a server for a single connection; see [OddServer]. Its address is in $address.
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
	address, release, err := DeadAddress()
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
	c, err := Dial(args[1], source)
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
	return connection(ts, args).Send(text)
}

func verbReceive(ts *testscript.TestScript, args []string) error {
	text, err := unquote(args[1])
	if err != nil {
		return err
	}
	return connection(ts, args).Receive(text)
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
	return connection(ts, args).Ended()
}

// verbRest reads until the clean end of the connection; what comes must match.
func verbRest(ts *testscript.TestScript, args []string) error {
	text, err := connection(ts, args).Rest()
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
	return connection(ts, args).Dropped()
}

// verbRefuses waits until nobody listens at ADDRESS any more.
func verbRefuses(ts *testscript.TestScript, args []string) error {
	return Poll(func() error {
		c, err := Dial(args[0], "")
		if errors.Is(err, unix.ECONNREFUSED) {
			return nil
		} else if err == nil {
			c.Close()
		}
		return fmt.Errorf("%s is still there (%v)", args[0], err)
	})
}

func connection(ts *testscript.TestScript, args []string) *Conn {
	c := stateOf(ts).connections[args[0]]
	if c == nil {
		ts.Fatalf("there is no connection %q", args[0])
	}
	return c
}

// unquote makes bytes of a script's text, which has the escapes of a Go string.
func unquote(text string) (string, error) {
	return strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
}

// verbEcho starts a service that sends back what it gets; its address is $echo.
func verbEcho(ts *testscript.TestScript, _ []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ts.Defer(func() { l.Close() })
	go serveEcho(l)
	ts.Setenv("echo", l.Addr().String())
	return nil
}

// verbTurnsAway demands that a connection to ADDRESS is reset.
func verbTurnsAway(_ *testscript.TestScript, args []string) error { return TurnsAway(args[0]) }
