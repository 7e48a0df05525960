package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
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
  {dir} {user} {long}  an empty folder, who it runs as, a service name of 64 bytes

Exit codes: 0 no MUST rule broken that is not listed; 1 one is, or a listed deviation did not occur; 2 wrong usage; 3 some
rule inconclusive, or no MUST rule judged.
`

// runFlags are the options of run that are more than a value of [conformance.Options].
type runFlags struct {
	target, address, json, junit, markdown, known *string
	has                                           *[]string
	quiet, verbose                                *bool
}

func defineRun(fs *pflag.FlagSet, o *conformance.Options) runFlags {
	f := runFlags{
		target:   fs.String("target", "reference", "judge `TARGET`: a target file, or one of "+strings.Join(conformance.TargetNames(), ", ")),
		address:  fs.String("address", "", "judge the server that runs at `HOST:PORT`"),
		has:      fs.StringSlice("has", nil, "the fixture `SERVICES` that COMMAND or the server at the address has (default echo); of HMACSocket the hashes (default sha256); of a UDP mux daemon \"activation\""),
		json:     fs.String("json", "", "write the report as JSON to `FILE`; - is standard output, and then nothing else goes there"),
		junit:    fs.String("junit", "", "write the report as JUnit's XML to `FILE`"),
		markdown: fs.String("markdown", "", "write the report as Markdown to `FILE`"),
		known:    fs.String("write-known", "", "write the violations to `FILE` as known deviations for the target file, with empty reasons"),
		quiet:    fs.BoolP("quiet", "q", false, "print nothing: the exit code tells"),
		verbose:  fs.BoolP("verbose", "v", false, "print whole texts, and the evidence of known deviations, too"),
	}
	fs.StringSliceVar(&o.Rules, "rule", nil, "only the rule with this `ID`; repeatable")
	fs.StringSliceVar(&o.Scenarios, "scenario", nil, "only the scenario of this `NAME`; repeatable")
	fs.StringSliceVar(&o.Classes, "class", nil, "only rules of this `CLASS`: rfc, interop, robustness or hardening; repeatable")
	fs.StringVar(&o.Level, "level", "", "only rules of this `LEVEL`: MUST or SHOULD")
	fs.BoolVar(&o.Strict, "strict", false, "a broken SHOULD rule makes the run fail")
	fs.BoolVar(&o.Hostile, "hostile", false, "with --address: also what could harm the server, such as many connections at once")
	fs.BoolVar(&o.Slow, "slow", false, "also what takes many seconds")
	fs.BoolVar(&o.Keep, "keep", false, "leave the folders of the target's instances")
	fs.DurationVar(&o.Patience, "patience", conformance.DefaultPatience, "the least `TIME` to wait for an answer")
	fs.BoolVar(&o.Shuffle, "shuffle", false, "run the scenarios in random order")
	fs.Int64Var(&o.Seed, "seed", 0, "the `NUMBER` that the order comes from (default: the time)")
	return f
}

func runMain(args []string) int {
	fs := cmdline.New(runUsage)
	var o conformance.Options
	f := defineRun(fs, &o)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if err := prepare(fs, f, &o); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	// A second signal changes nothing: the targets have to be ended, and that does not take long.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	debug.SetGCPercent(runGC)
	progress := newProgress(*f.quiet)
	o.Done = progress.done
	rep, err := conformance.Run(ctx, o)
	progress.end()
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if err := write(f, rep); err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitUsage
	}
	if !*f.quiet && !f.toStdout() {
		report.Console(out, rep, report.Style{Args: again(fs), Verbose: *f.verbose, Colour: onTerminal(os.Stdout)})
	}
	return rep.Summary.Exit
}

// runGC lets a run's heap, which is small, grow further before it is collected: the processors are the targets'. They have the usual setting.
const runGC = 800

// prepare turns the command line into what [conformance.Run] needs.
func prepare(fs *pflag.FlagSet, f runFlags, o *conformance.Options) (err error) {
	o.Version = cmdline.Version()
	if o.Program, err = os.Executable(); err != nil {
		return err
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
	case fs.Changed("seed") && !o.Shuffle:
		return errors.New("--seed goes with --shuffle")
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
	case command == nil && *f.address == "":
		return conformance.LoadTarget(*f.target)
	case role == "":
		return nil, fmt.Errorf("ROLE is missing: one of %s", strings.Join(conformance.Roles, ", "))
	case command != nil && len(command) == 0:
		return nil, errors.New("the command behind -- is missing")
	}
	t := &conformance.Target{Name: *f.address, Roles: []string{role}, Command: command, Address: *f.address}
	if command != nil {
		t.Name = filepath.Base(command[0])
	}
	switch {
	case strings.HasPrefix(role, "hmacsocket-"):
		t.Hashes = has
	case role == "udpmux-daemon":
		t.Activation = slices.Contains(has, "activation")
	case len(has) == 0:
		t.Services = []string{"echo"}
	default:
		t.Services = has
	}
	return t, nil
}
