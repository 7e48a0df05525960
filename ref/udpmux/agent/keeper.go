package agent

import (
	"context"
	"net"

	"github.com/muxspec/muxspec/ref/udpmux"
)

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
