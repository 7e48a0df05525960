package agent

import (
	"context"
	"net"
	"os"

	"github.com/muxspec/muxspec/ref/udpmux"
)

// keeperState is what the keeper, the session agent's process in the background, is told through a pipe. Its files are
// the connection to the daemon and, where the system has such a thing, mosh-server's process.
type keeperState struct {
	Sockets  []string
	Register udpmux.Frame
	Group    int
}

// leaveKeeper starts the keeper.
func leaveKeeper(args []string, state *keeperState, daemon net.Conn, pidfd *os.File) error {
	connection, err := daemon.(*net.UnixConn).File()
	if err != nil {
		return err
	}
	defer connection.Close()
	files := []*os.File{connection}
	if pidfd != nil {
		files = append(files, pidfd)
	}
	return startInBackground(args, state, files...)
}

// KeepSession is the keeper: it registers the session again whenever the daemon was away, and ends with mosh-server.
func KeepSession() error {
	var state keeperState
	files, err := beInBackground(&state)
	if err != nil {
		return err
	}
	daemon, err := net.FileConn(files[0])
	if err != nil {
		return err
	}
	files[0].Close()
	var pidfd *os.File
	if len(files) > 1 {
		pidfd = files[1]
	}
	go SocketDialer(state.Sockets...).Keep(context.Background(), daemon, state.Register)
	waitForEnd(pidfd, state.Group)
	return nil
}
