package conformance

import (
	"errors"
	"os"
)

// fixture says whether this program is its own fixture: [TestMain] has looked whether it was started as one.
var fixture bool

// TestMain is the body of a TestMain: it makes the test binary the program that has the fixture services, so that the
// tests need no other one and [Options.Program] stays empty. Started as a fixture, the binary acts as one and exits;
// else the tests run. Code before the call runs in fixtures, too, and must print nothing.
func TestMain(m interface{ Run() int }) {
	fixture = true
	if run := startedAs(); run != nil {
		os.Exit(run(os.Args[3:]))
	}
	os.Exit(m.Run())
}

// startedAs gives the fixture that this process was started as, by "PROGRAM service NAME ARGUMENT..."; nil if it was
// not.
func startedAs() func(args []string) int {
	if len(os.Args) < 3 || os.Args[1] != "service" {
		return nil
	}
	return Programs()[os.Args[2]]
}

// ownFixtures gives the options with a program that has the fixtures.
func ownFixtures(o Options) (_ Options, err error) {
	switch {
	case o.Target == nil:
		return o, errors.New("Options.Target is missing")
	case startedAs() != nil: // it would judge, and start itself to judge, and so on
		return o, errors.New("this program was named as Options.Program, but is no fixture: " +
			"call conformance.TestMain from its TestMain, or name a muxspec")
	case o.Program != "":
		return o, nil
	case !fixture:
		return o, errors.New("Options.Program is empty: call conformance.TestMain from the test's TestMain, " +
			"or name a muxspec")
	}
	o.Program, err = os.Executable()
	return o, err
}
