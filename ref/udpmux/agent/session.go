package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// Ours: how long mosh-server may take for its CONNECT line, and how old a connection may be for REGISTER: moshd closes
// it after 10 s, unless told otherwise.
const (
	moshServerTime = 30 * time.Second
	freshTime      = 5 * time.Second
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

// KeepSession is the keeper: it registers the session again whenever the daemon has been away, and ends with
// mosh-server.
func KeepSession() error {
	var state keeperState
	socket, pidfd, err := beInBackground(&state)
	if err != nil {
		return err
	}
	daemon, err := net.FileConn(socket)
	if err != nil {
		return err
	}
	socket.Close()
	go SocketDialer(state.Sockets...).Keep(context.Background(), daemon, state.Register)
	waitForEnd(pidfd, state.Group)
	return nil
}
