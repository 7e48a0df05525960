package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/ref/udpmux"
)

const moshServerUsage = `Usage: mosh-server-mux [OPTION]... new [MOSH-SERVER-OPTION]... [-- COMMAND [ARG]...]
       mosh-server-mux [ARG]...

Start the first mosh-server on PATH behind moshd, which serves many mosh sessions on one UDP port; on the client's side:

  mosh --server=mosh-server-mux HOST                            any mosh; moshd's learn mode has to be on
  mosh --client=mosh-client-mux --server=mosh-server-mux HOST   token mode

Without moshd, and without the word new and an option below, mosh-server runs as if this program were not there. The configuration file is
moshd's, the keys socket and require count here.

Exit codes: 0 the session is ready; 1 it cannot be had; 2 wrong usage or configuration; where mosh-server runs alone, its own.
`

// Ours: how long mosh-server may take for its CONNECT line, and how old a connection may be for REGISTER: moshd closes one
// after 10 s, unless it was told otherwise.
const (
	moshServerTime = 30 * time.Second
	freshTime      = 5 * time.Second
)

// MoshServerMux is the program mosh-server-mux: UDP mux's session agent.
func MoshServerMux(args []string) int {
	if slices.Equal(args, []string{backgroundArg}) {
		return keepSession()
	}
	fs := cmdline.New(moshServerUsage)
	fs.SetInterspersed(false)
	fs.Bool("token", false, "register token mode, whatever the client seems to have")
	fs.Bool("learn", false, "register learn mode, whatever the client seems to have")
	fs.Bool("require", false, "end with an error where there is no moshd")
	fs.String("socket", "", "moshd's Unix socket, `PATH` (default: $MOSHD_SOCKET, else /run/moshd/moshd.sock, else $XDG_RUNTIME_DIR/moshd.sock)")
	fs.String("config", "", "read socket and require from `FILE` (default: moshd's)")
	if !slices.Contains(args, "new") && !isOwnOption(fs, args) {
		return runAlone(fs, args)
	}
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.Arg(0) != "new" {
		if fs.NFlag() > 0 {
			return cmdline.Usage(fs, "behind the options the word new is missing")
		}
		return runAlone(fs, fs.Args())
	}
	config, err := readAgentConfig(fs, args)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	defer stop()
	// Nobody who reads is an error of the write, not the end: there is a mosh-server to end first, or the daemon's ERROR to read.
	// Caught, not ignored: mosh-server would inherit that.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	switch err := serveSession(ctx, config, fs.Args()); {
	case err == nil:
		return cmdline.ExitOK
	case errors.Is(err, udpmux.ErrNoDaemon) && !config.require:
		cmdline.Complain(fs, "%v: mosh-server listens by itself", err)
		return runAlone(fs, fs.Args())
	case errors.Is(err, udpmux.ErrNoDaemon):
		cmdline.Complain(fs, "%v, and one is required", err)
		return exitFailure
	default:
		cmdline.Complain(fs, "%v", err)
		return exitFailure
	}
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

// runAlone becomes mosh-server.
func runAlone(fs *pflag.FlagSet, args []string) int {
	path, err := realProgram("mosh-server")
	if err == nil {
		err = unix.Exec(path, append([]string{"mosh-server"}, args...), os.Environ())
	}
	cmdline.Complain(fs, "mosh-server: %v", err)
	return exitFailure
}

// serveSession does all that is to be done in the foreground; args begins with new. With an error no mosh-server is left, and with
// [udpmux.ErrNoDaemon] none was started.
func serveSession(ctx context.Context, config *agentConfig, args []string) error {
	path, err := realProgram("mosh-server")
	if err != nil {
		return err
	}
	daemon, err := config.dialer().Connect(ctx)
	if err != nil {
		return fmt.Errorf("moshd: %w", err)
	}
	defer func() { daemon.Close() }()
	mode, err := config.mode(daemon.Modes, scanMoshServer(args[1:]).colours)
	if err != nil {
		return err
	}
	server, err := startMoshServer(path, behindUsers(args, "-i", "127.0.0.1", "-p", "0"))
	if err != nil {
		return err
	}
	if err = serveStarted(ctx, config, server, mode, daemon); err != nil {
		server.end()
	}
	if err == nil || !server.works {
		// Behind the CONNECT line, as when mosh-server runs alone: mosh shows what comes before.
		server.speak()
	}
	return err
}

// serveStarted registers a mosh-server that was started, leaves its keeper in the background, and prints the CONNECT line.
func serveStarted(ctx context.Context, config *agentConfig, server *moshServer, mode udpmux.Mode, daemon *udpmux.AgentConn) error {
	port, K, err := server.ready(ctx)
	if err != nil {
		return fmt.Errorf("mosh-server: %w", err)
	}
	process, err := server.process(port)
	if err != nil {
		return fmt.Errorf("mosh-server: %w", err)
	}
	defer process.Close()
	server.works = true
	if daemon.Age() > freshTime {
		again, err := config.dialer().Connect(ctx)
		if err != nil {
			return fmt.Errorf("moshd went away: %v", err) // not %w: mosh-server was started, there is no falling back
		}
		daemon.Close()
		*daemon = *again
	}
	r := udpmux.Frame{Type: udpmux.Register, Modes: mode, Port: port, S: udpmux.RegistrationKey(K)}
	if err := daemon.Register(ctx, r); err != nil {
		return fmt.Errorf("moshd: %w", err)
	}
	if err := leaveKeeper(config.args, &keeperState{config.sockets, r.Modes, r.Port, r.S[:], server.group()}, daemon.Conn, process); err != nil {
		return err
	}
	N := uint64(daemon.Port)
	if mode == udpmux.Token {
		N = udpmux.TokenNumber(daemon.Port)
	}
	_, err = os.Stdout.Write(udpmux.AppendConnect(nil, N, K))
	return err
}
