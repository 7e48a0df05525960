package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/process"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// Ours.
const (
	moshServerTime = 30 * time.Second // for the CONNECT line
	freshTime      = 5 * time.Second  // how old a connection may be for REGISTER: moshd closes it after 10 s or as told
)

// A Session is UDP mux's session agent, as options, environment and configuration file describe it.
type Session struct {
	Args         []string        // all of the program's arguments, to run itself again
	Sockets      []string        // of the daemon, to be tried in turn: see [SocketPaths]
	Require      bool            // a daemon
	Token, Learn bool            // what the user wants instead of what the client seems to have
	Warn         func(err error) // is told why mosh-server runs alone
}

// Serve starts mosh-server, registers it, leaves a process in the background that keeps it registered, and prints the
// CONNECT line; args begin with new. If there is no daemon, and none is required, it becomes mosh-server. After an
// error no mosh-server is left.
func (a *Session) Serve(ctx context.Context, args []string) error {
	if len(triedByThis()) > 0 { // another agent has taken this one for mosh-server
		return Alone(args)
	}
	err := a.serve(ctx, args)
	switch {
	case errors.Is(err, ErrNoDaemon) && !a.Require:
		a.Warn(fmt.Errorf("%w: mosh-server listens by itself", err))
		return Alone(args)
	case errors.Is(err, ErrNoDaemon):
		return fmt.Errorf("%w, and one is required", err)
	}
	return err
}

// Alone becomes mosh-server, with its arguments; it returns only an error.
func Alone(args []string) error {
	path, environment, err := realProgram("mosh-server")
	if err == nil {
		err = unix.Exec(path, append([]string{"mosh-server"}, args...), environment)
	}
	return fmt.Errorf("mosh-server: %w", err)
}

// serve does everything in the foreground. With [ErrNoDaemon] no mosh-server was started.
func (a *Session) serve(ctx context.Context, args []string) error {
	path, environment, err := realProgram("mosh-server")
	if err != nil {
		return err
	}
	daemon, err := SocketDialer(a.Sockets...).Connect(ctx)
	if err != nil {
		return fmt.Errorf("moshd: %w", err)
	}
	defer func() { daemon.Close() }()
	mode, err := a.mode(daemon.Modes, scanMoshServer(args[1:]).colours)
	if err != nil {
		return err
	}
	server, err := startMoshServer(path, environment, behindUsers(args, "-i", "127.0.0.1", "-p", "0"))
	if err != nil {
		return err
	}
	if err = a.serveStarted(ctx, server, mode, daemon); err != nil {
		server.end()
	}
	if err == nil || !server.works {
		// After the CONNECT line, as when mosh-server runs alone: mosh shows what comes before.
		server.speak()
	}
	return err
}

// serveStarted registers a started mosh-server, leaves its keeper in the background, and prints the CONNECT line.
func (a *Session) serveStarted(ctx context.Context, server *moshServer, mode udpmux.Mode, daemon *Conn) error {
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
	if time.Since(daemon.welcome) > freshTime {
		daemon.Close() // first: the daemon may have room for only one
		again, err := SocketDialer(a.Sockets...).Connect(ctx)
		if err != nil {
			return fmt.Errorf("moshd went away: %v", err) // not %w: with mosh-server started there is no falling back
		}
		*daemon = *again
	}
	r := udpmux.Frame{Type: udpmux.Register, Modes: mode, Port: port, S: udpmux.RegistrationKey(K)}
	if err := daemon.Register(ctx, r); err != nil {
		return fmt.Errorf("moshd: %w", err)
	}
	state := &keeperState{a.Sockets, r, server.group()}
	if err := startInBackground(a.Args, state, daemon.Conn.(*net.UnixConn), process); err != nil {
		return err
	}
	N := uint64(daemon.Port)
	if mode == udpmux.Token {
		N = udpmux.TokenNumber(daemon.Port)
	}
	_, err = os.Stdout.Write(udpmux.AppendConnect(nil, N, K))
	return err
}

// keeperState is what the keeper, the session agent's process in the background, is told through a pipe. Its socket is
// the connection to the daemon; its end is mosh-server's process, if the system has files for processes.
type keeperState struct {
	Sockets  []string
	Register udpmux.Frame
	Group    int
}

// KeepSession is the keeper: it registers the session whenever the daemon has been away, and ends with mosh-server.
func KeepSession() error {
	var state keeperState
	daemon, pidfd, err := beInBackground(&state)
	if err != nil {
		return err
	}
	go SocketDialer(state.Sockets...).Keep(context.Background(), daemon, state.Register)
	process.WaitForEnd(pidfd, state.Group)
	return nil
}

// SocketPaths are where the daemon's Unix socket may be, in the order in which to try them (docs/udpmux-agents.md,
// section 4.1). option and file are what was said there, or empty.
func SocketPaths(option, file string) []string {
	if path := cmp.Or(option, file, os.Getenv("MOSHD_SOCKET")); path != "" {
		// Absolute, for the keeper; unchanged if the current directory no longer exists.
		if absolute, err := filepath.Abs(path); err == nil {
			path = absolute
		}
		return []string{path}
	}
	paths := []string{"/run/moshd/moshd.sock"}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		paths = append(paths, filepath.Join(dir, "moshd.sock"))
	}
	return paths
}

// mode chooses one of the modes that are on, for a client that sent this number of colours (UDPMUX-97 to 101).
func (a *Session) mode(on udpmux.Mode, colours string) (udpmux.Mode, error) {
	hasAgent := udpmux.HasAgent(colours)
	mode := udpmux.Learn
	if a.Token || !a.Learn && hasAgent && (on&udpmux.Token != 0 || on&udpmux.Learn == 0) {
		mode = udpmux.Token
	}
	switch {
	case on&mode != 0:
		return mode, nil
	case on&(udpmux.Learn|udpmux.Token) == 0:
		return 0, errors.New("moshd has no mode for this user")
	case mode == udpmux.Token:
		return 0, errors.New("moshd's token mode is off")
	case hasAgent:
		return 0, errors.New("moshd's learn mode is off")
	}
	return 0, errors.New("moshd's learn mode is off: on the client install mosh-client-mux and use mosh " +
		"--client=mosh-client-mux --server=mosh-server-mux")
}

// moshServerArgs is what the session agent has to know of mosh-server's arguments after new.
type moshServerArgs struct {
	colours string // -c's, the last one's
	options int    // how many arguments there are before --, or at all

	isTalkative bool // with -v
}

// scanMoshServer reads the arguments as mosh-server does.
func scanMoshServer(args []string) (s moshServerArgs) {
	const withValue = "ipcl"
	for s.options < len(args) && args[s.options] != "--" {
		letters, isOption := strings.CutPrefix(args[s.options], "-")
		s.options++
		for i := 0; isOption && i < len(letters); i++ {
			if strings.IndexByte(withValue, letters[i]) < 0 {
				s.isTalkative = s.isTalkative || letters[i] == 'v'
				continue
			}
			value := letters[i+1:]
			if value == "" && s.options < len(args) {
				value = args[s.options]
				s.options++
			}
			if letters[i] == 'c' {
				s.colours = value
			}
			break
		}
	}
	return s
}

// behindUsers returns args, which begin with new, with more options after the user's.
func behindUsers(args []string, more ...string) []string {
	return slices.Insert(slices.Clone(args), 1+scanMoshServer(args[1:]).options, more...)
}
