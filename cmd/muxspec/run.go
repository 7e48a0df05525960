package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
	"github.com/muxspec/muxspec/docs"
)

const runUsage = `Usage: muxspec run [OPTION]... [ROLE]
       muxspec run [OPTION]... ROLE -- COMMAND [ARGUMENT]...

Judge a target: the reference implementation, one from a target file, or the program that COMMAND starts. ROLE is
tcpmux-server, tcpmux-client, hmacsocket-server, hmacsocket-client, udpmux-daemon, udpmux-server-agent or udpmux-client-agent; it
may be left out with a target file, which then is judged in all its roles. Behind an agent's COMMAND stands what mosh gives it.
In COMMAND these are replaced:

  {listen}           HOST:PORT to listen on; {host} and {port} are its parts
  {address_file}     the file to write HOST:PORT to, if the program chooses the port
  {request_timeout}  of a TCPMUX server: the time limit for a request
  {program} {service_tcp} {service_unix} {max_name}  of a TCPMUX server: what is behind services, and its limit
  {address}          of a TCPMUX client: HOST:PORT of the suite's server; {host} and {port} are its parts
  {name}             of a TCPMUX client: the service to ask for
  {reply_timeout}    of a TCPMUX client: the time limit for the reply
  {keyfile}          of HMACSocket: the file that holds the key
  {connect}          of HMACSocket: HOST:PORT of the service or the server, which the suite plays
  {hash}             of HMACSocket: the name of the hash
  {init_timeout}     of HMACSocket: the time limit for the peer's Init
  {config}           of a UDP mux daemon: its configuration file, in the form of moshd's
  {socket}           of UDP mux: the Unix socket's path
  {modes} {flow_idle} ...  of a UDP mux daemon: moshd's options, for one that reads no such file
  {muxspec}          this program; 'muxspec service NAME' is the services that --has names
  {dir} {user}       an empty folder, who it runs as
  {long} {blanks}    a service name of 64 bytes, and one with white space

Exit codes: 0 no MUST rule broken that is not listed; 1 one is, or a listed deviation did not occur; 2 wrong usage; 3 the suite
lacks something here, some rule is inconclusive, or a MUST rule blocked for no reason that the run shows, none was judged, or a
report could not be written.
`

// runFlags are the options of run that are more than a value of [conformance.Options].
type runFlags struct {
	target                                *once
	address, json, junit, markdown, known *string
	has                                   *[]string
	timers                                *map[string]string
	quiet, verbose                        *bool
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
		return errors.New("it is given twice, and a run judges one target")
	}
	o.value, o.given = value, true
	return nil
}

func defineRun(fs *pflag.FlagSet, o *conformance.Options) runFlags {
	f := runFlags{
		target:  &once{value: "reference"},
		address: fs.String("address", "", "judge the server that runs at `HOST:PORT`"),
		has:     fs.StringSlice("has", nil, "the fixture `SERVICES`, with commas between them, that COMMAND or the server at the address has (default echo); of HMACSocket the hashes (default sha256); of a UDP mux daemon \"activation\""),
		timers: fs.StringToString("timer", nil, "the value of the time limit `NAME` that COMMAND or the server cannot be told, "+
			"or none, as request_timeout=75s; repeatable"),
		json:     fs.String("json", "", "write the report as JSON to `FILE`; - is standard output, and then nothing else goes there"),
		junit:    fs.String("junit", "", "write the report as JUnit's XML to `FILE`"),
		markdown: fs.String("markdown", "", "write the report as Markdown to `FILE`"),
		known:    fs.String("write-known", "", "write the violations to `FILE` as known deviations for the target file, with empty reasons"),
		quiet:    fs.BoolP("quiet", "q", false, "print nothing: the exit code tells"),
		verbose:  fs.BoolP("verbose", "v", false, "print whole texts, and the evidence of known deviations, too"),
	}
	fs.Var(f.target, "target", "judge `TARGET`: a target file, or one of "+strings.Join(conformance.TargetNames(), ", "))
	fs.StringSliceVar(&o.Rules, "rule", nil, "only the rule with this `ID`; repeatable")
	fs.StringSliceVar(&o.Scenarios, "scenario", nil, "only the scenario of this `NAME`, or NAME@VARIANT; repeatable")
	fs.StringSliceVar(&o.Classes, "class", nil, "only rules of this `CLASS`: rfc, interop, robustness or hardening; repeatable")
	fs.StringVar(&o.Level, "level", "", "only rules of this `LEVEL`: MUST or SHOULD")
	fs.BoolVar(&o.Strict, "strict", false, "a broken SHOULD rule makes the run fail")
	fs.BoolVar(&o.Hostile, "hostile", false, "with --address: also what could harm the server, such as many connections at once")
	fs.BoolVar(&o.Slow, "slow", false, "also what takes many seconds")
	fs.BoolVar(&o.Keep, "keep", false, "leave the folders of the target's instances")
	fs.DurationVar(&o.Patience, "patience", conformance.DefaultPatience, "the least `TIME` to wait for an answer")
	fs.BoolVar(&o.Quick, "quick", false, "play each scenario in its plain variant alone")
	fs.BoolVar(&o.AllVariants, "all-variants", false, "play each scenario in each value of what its role varies over, too; minutes")
	fs.IntVar(&o.Draws, "draws", 1, "in how many variants that are drawn each scenario is played, besides its borders")
	fs.BoolVar(&o.FailFast, "fail-fast", false, "stop at the first violation")
	fs.DurationVar(&o.Start, "start-timeout", 0, "the `TIME` that a target has until it listens (default: its file's, or 5s)")
	fs.BoolVar(&o.Shuffle, "shuffle", false, "run the scenarios in random order")
	fs.Int64Var(&o.Seed, "seed", 0, "the `NUMBER` that the order, and what is drawn, comes from (default of the order: the time)")
	return f
}

func runMain(args []string) int {
	fs := cmdline.New(runUsage)
	var o conformance.Options
	f := defineRun(fs, &o)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if err := cmp.Or(prepare(fs, f, &o), f.writable()); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if code, done := supervise(*f.quiet); done {
		return code
	}
	// A second signal changes nothing: the targets have to be ended, and that does not take long.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	heard()
	debug.SetGCPercent(runGC)
	progress := newProgress(*f.quiet)
	o.Done = progress.done
	rep, err := conformance.Run(ctx, o)
	stop() // nothing is left to be ended, and whoever should read the report may not
	progress.end()
	if unable := (*conformance.Unable)(nil); errors.As(err, &unable) {
		cmdline.Complain(fs, "%v", err)
		return report.ExitInconclusive
	}
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	code := rep.Summary.Exit
	for _, err := range write(f, rep) {
		cmdline.Complain(fs, "%v", err)
		code = cmp.Or(code, report.ExitInconclusive)
	}
	if !*f.quiet && !f.toStdout() {
		report.Console(out, rep, report.Style{Args: again(fs), Verbose: *f.verbose, Colour: onTerminal(os.Stdout)})
	}
	if o.Keep && !*f.quiet {
		fmt.Fprintf(stdio.Stderr, "the instances' folders are in %s\n", rep.Kept)
	}
	return code
}

// runGC lets a run's heap, which is small, grow further before it is collected: the processors are the targets'. They have the usual setting.
const runGC = 800

// prepare turns the command line into what [conformance.Run] needs.
func prepare(fs *pflag.FlagSet, f runFlags, o *conformance.Options) (err error) {
	o.Version = cmdline.Version()
	if o.Program, err = os.Executable(); err != nil { // without /proc
		if o.Program, err = exec.LookPath(os.Args[0]); err != nil {
			return err
		}
	}
	if o.Shuffle && !fs.Changed("seed") {
		o.Seed = time.Now().UnixNano()
	}
	for i, id := range o.Rules {
		o.Rules[i] = strings.ToUpper(id)
	}
	o.Level = strings.ToUpper(o.Level)
	switch {
	case o.Patience <= 0:
		return fmt.Errorf("--patience %v: must be more than 0", o.Patience)
	case o.Hostile && *f.address == "":
		return errors.New("--hostile goes with --address")
	case o.Draws < 0:
		return fmt.Errorf("--draws %d: must not be below 0", o.Draws)
	case fs.Changed("start-timeout") && o.Start <= 0:
		return fmt.Errorf("--start-timeout %v: must be more than 0", o.Start)
	}
	if o.Level != "" && o.Level != "MUST" && o.Level != "SHOULD" {
		return fmt.Errorf("--level %s: is neither MUST nor SHOULD", o.Level)
	}
	for _, class := range o.Classes {
		if !slices.Contains(docs.Classes, class) {
			return fmt.Errorf("--class %s: there are: %s", class, strings.Join(docs.Classes, ", "))
		}
	}
	roles, command := fs.Args(), []string(nil)
	if n := fs.ArgsLenAtDash(); n >= 0 {
		roles, command = roles[:n], roles[n:]
	}
	switch {
	case len(roles) > 1:
		return fmt.Errorf("unexpected argument %q (a command stands behind --)", roles[1])
	case len(roles) == 1:
		o.Role = roles[0]
	}
	o.Target, err = chosenTarget(fs, f, o.Role, command)
	return err
}

// chosenTarget gives the target that the command line means: a command, an address, or a target file.
func chosenTarget(fs *pflag.FlagSet, f runFlags, role string, command []string) (*conformance.Target, error) {
	named, has := fs.Changed("target"), *f.has
	switch {
	case named && command != nil, named && *f.address != "", *f.address != "" && command != nil:
		return nil, errors.New("--target, --address and a command behind -- exclude each other")
	case command == nil && *f.address == "" && fs.Changed("has"):
		return nil, errors.New("--has goes with --address or a command; a target file says it itself")
	case strings.ContainsFunc(strings.Join(has, ""), unicode.IsSpace):
		return nil, fmt.Errorf("--has %q: commas stand between the names, and no blanks", strings.Join(has, ","))
	case command == nil && *f.address == "" && fs.Changed("timer"):
		return nil, errors.New("--timer goes with --address or a command; a target file says it itself")
	case command == nil && *f.address == "":
		return conformance.LoadTarget(f.target.value)
	case role == "":
		return nil, fmt.Errorf("ROLE is missing: one of %s", strings.Join(conformance.Roles(), ", "))
	case command != nil && len(command) == 0:
		return nil, errors.New("the command behind -- is missing")
	}
	t := &conformance.Target{Name: *f.address, Roles: []string{role}, Command: command, Address: *f.address, Timers: *f.timers}
	if command != nil {
		t.Name = filepath.Base(command[0])
	}
	conformance.Offer(t, role, has)
	return t, nil
}
