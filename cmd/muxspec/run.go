package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

const runUsage = `Usage: muxspec run [OPTION]... [ROLE]
       muxspec run [OPTION]... ROLE -- COMMAND [ARGUMENT]...

Judge a target: the reference implementation, the one in a target file, or the program that COMMAND starts. ROLE is
tcpmux-server, tcpmux-client, hmacsocket-server, hmacsocket-client, udpmux-daemon, udpmux-server-agent or
udpmux-client-agent. A target file names its roles; without ROLE, the target is judged in all of them. For an agent,
COMMAND is only its beginning: the suite appends the arguments that mosh passes. COMMAND may contain these
placeholders:

  {listen}           HOST:PORT to listen on; {host} and {port} are its parts
  {address_file}     the file to write HOST:PORT to, if the program chooses the port
  {request_timeout}  TCPMUX server: the time limit for a request
  {program} {service_tcp} {service_unix} {max_name}
                     TCPMUX server: what some services need, and the longest name
  {address}          TCPMUX client: HOST:PORT of the suite's server; {host} and {port} are its parts
  {name}             TCPMUX client: the service to ask for
  {reply_timeout}    TCPMUX client: the time limit for the reply
  {keyfile}          HMACSocket: the file that holds the key
  {connect}          HMACSocket: HOST:PORT to connect to; the suite plays that service or server
  {hash}             HMACSocket: the name of the hash
  {init_timeout}     HMACSocket: the time limit for the peer's Init
  {config}           UDP mux daemon: its configuration file, in moshd's format
  {socket}           UDP mux: the path of the Unix socket
  {modes} {flow_idle} ...
                     UDP mux daemon: moshd's options one by one, for a program that reads no such file
  {muxspec}          this program; 'muxspec service NAME' provides the services named in --has
  {dir} {user}       an empty folder, and the user that the program runs as
  {long} {blanks}    a service name of 64 bytes, and one with white space

Exit codes: 0 no MUST rule is broken, apart from listed deviations; 1 one is, or with --strict a SHOULD rule, or a
listed deviation did not occur; 2 wrong usage; 3 no conclusion: the machine lacks something, a rule is inconclusive, a
MUST rule is blocked without a broken rule that explains it, no rule was judged, or a report could not be written.
`

// runFlags are the options of run that are more than a value of [conformance.Options].
type runFlags struct {
	target                               *once
	address, json, junit, markdown, html *string
	github, known, badge, inToto, pcap   *string
	has                                  *[]string
	timers                               *map[string]string
	quiet, verbose                       *bool
	colour                               *colour
}

// A once is the value of an option that may be given only once.
type once struct {
	value string
	given bool
}

func (o *once) String() string { return o.value }

func (o *once) Type() string { return "string" }

func (o *once) Set(value string) error {
	if o.given {
		return errors.New("it may be given only once: a run judges one target")
	}
	o.value, o.given = value, true
	return nil
}

func defineRun(fs *pflag.FlagSet, o *conformance.Options) runFlags {
	f := runFlags{
		target:  &once{value: "reference"},
		address: fs.String("address", "", "judge the server that runs at `HOST:PORT`"),
		has: fs.StringSlice("has", nil, "the fixture `SERVICES`, separated by commas, that COMMAND or the server "+
			"at --address offers (default echo); for HMACSocket, its hashes (default sha256); for a UDP mux daemon, "+
			"\"activation\" if it takes sockets from a service manager, \"listing\" if it answers LIST, "+
			"and its modes if it does not have all"),
		timers: fs.StringToString("timer", nil, "a time limit that cannot be set from outside, as `NAME=VALUE`, "+
			"such as request_timeout=75s or request_timeout=none; repeatable"),
		json: fs.String("json", "", "write the report as JSON to `FILE`; - means standard output, "+
			"and then nothing else is printed there"),
		junit:    fs.String("junit", "", "write the report as JUnit's XML to `FILE`"),
		markdown: fs.String("markdown", "", "write the report as Markdown to `FILE`"),
		html: fs.String("html", "", "write the report as a page to `FILE` that shows the evidence of each rule; "+
			"'muxspec matrix' compares targets"),
		github: fs.String("github", "", "write annotations for GitHub Actions to `FILE`"),
		known: fs.String("write-known", "", "write the violations to `FILE` as entries for the target file, "+
			"with empty reasons to fill in"),
		badge: fs.String("badge", "", "write a badge for a page to `FILE`, as SVG"),
		inToto: fs.String("in-toto", "", "write the report as an in-toto statement, a test-result that you can sign, "+
			"to `FILE`"),
		pcap: fs.String("pcap", "",
			"write what the scenarios sent and received over TCP and UDP as packets to `FILE`, "+
				"for Wireshark (pcapng); each play of a scenario is an interface of its own"),
		quiet:   fs.BoolP("quiet", "q", false, "print nothing; the exit code is the result"),
		verbose: fs.BoolP("verbose", "v", false, "print full texts, and the evidence of known deviations"),
	}
	f.colour = colourFlag(fs)
	fs.Lookup("timer").DefValue = "" // --help would show an empty map
	fs.Var(f.target, "target", "the `TARGET` to judge: a target file, or one of "+
		strings.Join(conformance.TargetNames(), ", "))
	defineJudging(fs, o)
	fs.BoolVar(&o.Strict, "strict", false, "fail if a SHOULD rule is broken, too")
	fs.BoolVar(&o.Hostile, "hostile", false, "with --address: also run scenarios that could harm the server, "+
		"such as many connections at once")
	fs.BoolVar(&o.Keep, "keep", false, "keep the folders of the target's instances")
	fs.BoolVar(&o.AllVariants, "all-variants", false,
		"also play each scenario with each value of everything its role varies; takes minutes")
	fs.BoolVar(&o.FailFast, "fail-fast", false, "stop at the first violation")
	fs.DurationVar(&o.Timeout, "timeout", 0, "the `TIME` for the whole run; what is not judged by then is inconclusive")
	fs.BoolVar(&o.Shuffle, "shuffle", false, "play the scenarios in random order")
	return f
}

func runMain(args []string) int {
	fs := cmdline.New(runUsage)
	var o conformance.Options
	f := defineRun(fs, &o)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if err := cmp.Or(prepare(fs, f, &o), writable(f.files()...)); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if code, done := supervise(*f.quiet); done {
		return code
	}
	packets, err := f.packets(&o)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	rep, code := perform(fs, o, *f.quiet)
	if err := packets(); err != nil {
		cmdline.Complain(fs, "%v", err)
		code = cmp.Or(code, report.ExitInconclusive)
	}
	if rep == nil {
		return code
	}
	rep.Again = again(fs)
	if rep.Inputs.TargetFile == "" {
		rep.Made.Has = *f.has
	}
	for _, err := range write(f, rep) {
		cmdline.Complain(fs, "%v", err)
		code = cmp.Or(code, report.ExitInconclusive)
	}
	if !*f.quiet && !f.toStdout() {
		report.Console(out, rep, report.Style{Args: rep.Again, Verbose: *f.verbose, Colour: f.colour.paints(os.Stdout),
			Width: width(os.Stdout)})
	}
	if o.Keep && !*f.quiet {
		fmt.Fprintf(stdio.Stderr, "the folders of the target's instances are in %s\n", rep.Kept)
	}
	return code
}

// prepare turns the command line into what [conformance.Run] needs.
func prepare(fs *pflag.FlagSet, f runFlags, o *conformance.Options) (err error) {
	if o.Shuffle && !fs.Changed("seed") {
		o.Seed = time.Now().UnixNano()
	}
	switch {
	case o.Hostile && *f.address == "":
		return errors.New("--hostile needs --address")
	case fs.Changed("timeout") && o.Timeout <= 0:
		return fmt.Errorf("--timeout %v: must be above 0", o.Timeout)
	case *f.inToto != "" && *f.address != "":
		return errors.New("--in-toto needs a program that the suite starts: a statement is about its hash")
	}
	if err := checkJudging(fs, o); err != nil {
		return err
	}
	var command []string
	if o.Role, command, err = roleAndCommand(fs); err != nil {
		return err
	}
	o.Target, err = chosenTarget(fs, f, o.Role, command)
	return err
}

// roleAndCommand gives what the arguments name: a role, if they do, and what comes after --.
func roleAndCommand(fs *pflag.FlagSet) (role string, command []string, err error) {
	roles := fs.Args()
	if n := fs.ArgsLenAtDash(); n >= 0 {
		roles, command = roles[:n], roles[n:]
	}
	switch {
	case len(roles) > 1:
		return "", nil, fmt.Errorf("unexpected argument %q (put -- before a command)", roles[1])
	case len(roles) == 1:
		role = roles[0]
	}
	return role, command, nil
}

// chosenTarget gives the target that the command line means: a command, an address, or a target file.
func chosenTarget(fs *pflag.FlagSet, f runFlags, role string, command []string) (*conformance.Target, error) {
	named, has := fs.Changed("target"), *f.has
	switch {
	case named && command != nil, named && *f.address != "", *f.address != "" && command != nil:
		return nil, errors.New("--target, --address and a command after -- cannot be combined")
	case command == nil && *f.address == "" && fs.Changed("has"):
		return nil, errors.New("--has needs --address or a command; a target file has its own keys for that")
	case strings.ContainsFunc(strings.Join(has, ""), unicode.IsSpace):
		return nil, fmt.Errorf("--has %q: separate names with commas, without blanks", strings.Join(has, ","))
	case command == nil && *f.address == "" && fs.Changed("timer"):
		return nil, errors.New("--timer needs --address or a command; a target file has the table [timers]")
	case command == nil && *f.address == "":
		return conformance.LoadTarget(f.target.value)
	case role == "":
		return nil, fmt.Errorf("ROLE is missing; it is one of %s", strings.Join(conformance.Roles(), ", "))
	case command != nil && len(command) == 0:
		return nil, errors.New("there is no command after --")
	}
	t := &conformance.Target{Name: *f.address, Roles: []string{role}, Command: command,
		Address: *f.address, Timers: *f.timers}
	if command != nil {
		t.Name = filepath.Base(command[0])
	}
	conformance.Offer(t, role, has)
	return t, nil
}
