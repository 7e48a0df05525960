// Command muxspec judges implementations of TCPMUX, HMACSocket and UDP mux: it starts a program, talks to it over real
// sockets, and reports for every rule whether the program follows it. See muxspec --help.
package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/hmacsocket"
	"github.com/muxspec/muxspec/cmd/internal/moshagent"
	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/cmd/internal/tcpmux"
	"github.com/muxspec/muxspec/cmd/internal/tcpmuxd"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

const usage = `Usage: muxspec COMMAND [OPTION]...

Test implementations of TCPMUX (RFC 1078), HMACSocket and UDP mux over real sockets, rule by rule.

  run       judge a target; without arguments, the reference implementation
  verify    judge again as a report says, and compare the verdicts
  badge     print a report's badge for a page
  matrix    write a page that compares targets
  explore   play random sequences of moves against a target
  fuzz      send a target what no good peer sends
  list      list the rules and their scenarios
  explain   show one rule in full
  verbs     list the verbs that scenarios are written in
  trace     list what covers each rule: scenarios, vectors, mutants
  vectors   test a codec alone, in any language, with the golden vectors
  init      print a target file to start from
  service   act as a fixture service on standard input and output, for targets to offer

The reference programs are included:

  tcpmuxd            a TCPMUX server
  tcpmux             a TCPMUX client
  hmacsocketserver   the end of an HMACSocket beside the service
  hmacsocketclient   the end beside the processes that use it
  moshd              a daemon that puts many mosh sessions behind one UDP port
  mosh-server-mux    starts mosh-server behind moshd
  mosh-client-mux    starts mosh-client for a server behind moshd

For details, run 'muxspec COMMAND --help'. Exit codes: 0 success; 1 the target breaks a MUST rule; 2 wrong usage;
3 no conclusion is possible.
`

// A command is a subcommand: it takes the arguments after its name and returns the exit code.
type command struct {
	name string
	main func(args []string) int
}

var commands = []command{
	{"run", runMain},
	{"verify", verifyMain},
	{"badge", badgeMain},
	{"matrix", matrixMain},
	{"explore", exploreMain},
	{"fuzz", fuzzMain},
	{"list", listMain},
	{"explain", explainMain},
	{"verbs", verbsMain},
	{"trace", traceMain},
	{"vectors", vectorsMain},
	{"init", initMain},
	{"service", serviceMain},
	{"tcpmuxd", tcpmuxd.Main},
	{"tcpmux", tcpmux.Main},
	{"hmacsocketserver", hmacsocket.Server},
	{"hmacsocketclient", hmacsocket.Client},
	{"moshd", moshd.Main},
	{"mosh-server-mux", moshagent.Server},
	{"mosh-client-mux", moshagent.Client},
}

func main() {
	cmdline.Suite = conformance.Digest
	stdio.Main(muxspec)
}

// muxspec is the whole program.
func muxspec(args []string) int {
	code := dispatch(args)
	if err := out.Flush(); err != nil {
		fmt.Fprintf(stdio.Stderr, "muxspec: writing standard output: %v\n", err)
		code = cmp.Or(code, report.ExitInconclusive)
	}
	return code
}

func dispatch(args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "--help")
	}
	if len(args) > 0 {
		if i := slices.IndexFunc(commands, func(c command) bool { return c.name == args[0] }); i >= 0 {
			return commands[i].main(args[1:])
		}
	}
	fs := cmdline.New(usage)
	fs.SetInterspersed(false)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() == 0 {
		return cmdline.Usage(fs, "a command is missing")
	}
	return cmdline.Usage(fs, "unknown command %q", fs.Arg(0))
}

const serviceUsage = `Usage: muxspec service NAME

Act as a fixture service on standard input and output. A target offers these services to the scenarios:

  echo   sends back what it receives
  late   sends 64 KiB after its input has ended
  much   sends 6 MiB and reads nothing
  own    sends its own reply line, "+own", and 64 KiB

The names mosh-server and mosh-client are stand-ins for mosh's programs in tests of UDP mux agents. Only the suite can
start them.
`

func serviceMain(args []string) int {
	programs := conformance.Programs()
	if len(args) > 0 && programs[args[0]] != nil {
		return programs[args[0]](args[1:])
	}
	fs := cmdline.New(serviceUsage)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	return cmdline.Usage(fs, "name one service: %s", strings.Join(slices.Sorted(maps.Keys(programs)), ", "))
}
