// Package moshagent is the programs mosh-server-mux and mosh-client-mux, the agents of UDP mux: their options and exit
// codes. What they do is in ref/udpmux/agent.
package moshagent

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/moshd"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

const serverUsage = `Usage: mosh-server-mux [OPTION]... new [MOSH-SERVER-OPTION]... [-- COMMAND [ARG]...]
       mosh-server-mux --reap TIME [--dry-run]
       mosh-server-mux [ARG]...

Start the first mosh-server on PATH behind moshd, which serves many mosh sessions on one UDP port; on the client's
side:

  mosh --server=mosh-server-mux HOST                            any mosh; moshd's learn mode has to be on
  mosh --client=mosh-client-mux --server=mosh-server-mux HOST   token mode

Without moshd, and without the word new and an option below, mosh-server runs as if this program were not there. The
configuration file is moshd's, the keys socket and require count here.

--reap asks the moshd that runs, which counts from its own start: after a restart a session is not idle for longer
than that.

Exit codes: 0 the session is ready; 1 it cannot be had; 2 wrong usage or configuration; where mosh-server runs alone,
its own.
`

// endTime is the time that a signal leaves for ending mosh-server.
const endTime = 5 * time.Second

// Server is the program mosh-server-mux: UDP mux's session agent.
func Server(args []string) int {
	if agent.InBackground(args) {
		return exitCode(agent.KeepSession())
	}
	fs := cmdline.New(serverUsage)
	fs.SetInterspersed(false)
	fs.Bool("token", false, "register token mode, whatever the client seems to have")
	fs.Bool("learn", false, "register learn mode, whatever the client seems to have")
	fs.Bool("require", false, "end with an error where there is no moshd")
	fs.String("socket", "", "moshd's Unix socket, `PATH` (default: $MOSHD_SOCKET, else /run/moshd/moshd.sock, "+
		"else $XDG_RUNTIME_DIR/moshd.sock)")
	fs.String("config", "", "read socket and require from `FILE` (default: moshd's)")
	fs.String("reap", "", "end your own sessions that no client has used for `TIME`, such as 7d or 12h, and exit")
	fs.Bool("dry-run", false, "with --reap: only say which sessions those are")
	if !slices.Contains(args, "new") && !isOwnOption(fs, args) {
		return alone(fs, args)
	}
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.Changed("reap") {
		return reap(fs)
	}
	if fs.Arg(0) != "new" {
		if fs.NFlag() > 0 {
			return cmdline.Usage(fs, "the word new is missing after the options")
		}
		return alone(fs, fs.Args())
	}
	config, err := readSession(fs, args)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	defer stop()
	// Who should take what it prints may stand still.
	defer context.AfterFunc(ctx, func() { time.AfterFunc(endTime, func() { os.Exit(cmdline.ExitFailure) }) })()
	if err := config.Serve(ctx, fs.Args()); err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitFailure
	}
	return cmdline.ExitOK
}

// isOwnOption says whether the first argument is one of this program's options: all others are mosh-server's.
func isOwnOption(fs *pflag.FlagSet, args []string) bool {
	if len(args) == 0 {
		return false
	}
	name, isLong := strings.CutPrefix(args[0], "--")
	name, _, _ = strings.Cut(name, "=")
	return args[0] == "-h" || isLong && fs.Lookup(name) != nil
}

// alone lets mosh-server run as if this program were not there.
func alone(fs *pflag.FlagSet, args []string) int {
	cmdline.Complain(fs, "%v", agent.Alone(args))
	return cmdline.ExitFailure
}

// exitCode is the exit code of what has nobody to complain to.
func exitCode(err error) int {
	if err != nil {
		return cmdline.ExitFailure
	}
	return cmdline.ExitOK
}

// readSession reads the options in fs, and the file.
func readSession(fs *pflag.FlagSet, args []string) (*agent.Session, error) {
	a := agent.Session{Args: args, Warn: func(err error) { cmdline.Complain(fs, "%v", err) }}
	a.Token, _ = fs.GetBool("token")
	a.Learn, _ = fs.GetBool("learn")
	if a.Token && a.Learn {
		return nil, errors.New("--token and --learn exclude each other")
	}
	var require bool
	var err error
	if a.Sockets, require, err = findDaemon(fs); err != nil {
		return nil, err
	}
	if a.Require = require; fs.Changed("require") {
		a.Require, _ = fs.GetBool("require")
	}
	return &a, nil
}

// findDaemon reads where moshd's Unix socket may be, and whether there must be a moshd.
func findDaemon(fs *pflag.FlagSet) (sockets []string, require bool, err error) {
	ofFile, require, err := moshd.ReadForAgent(fs)
	if err != nil {
		return nil, false, err
	}
	socket, _ := fs.GetString("socket")
	if fs.Changed("socket") && socket == "" {
		return nil, false, errors.New("--socket: the path is empty")
	}
	return agent.SocketPaths(socket, ofFile), require, nil
}
