package moshd

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/sessions"
	"github.com/muxspec/muxspec/ref/udpmux/agent"
)

// checkPlaces says what is wrong with what else the configuration names, as far as that shows without listening.
func (c *config) checkPlaces() error {
	path, err := c.socketPath()
	if most := len(unix.RawSockaddrUnix{}.Path) - 1; len(path) > most {
		err = c.fault("socket", "%q: the path is longer than %d bytes", path, most)
	}
	if _, wrong := groupID(c.SocketGroup); wrong != nil && c.SocketGroup != "" {
		err = errors.Join(err, c.fault("socket-group", "%q: there is no such group", c.SocketGroup))
	}
	return err
}

// list is --list: it asks the moshd that runs.
func (c *config) list(fs *pflag.FlagSet) int {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	defer stop()
	list, err := sessions.List(ctx, agent.SocketPaths(c.Socket, ""))
	if err == nil {
		err = sessions.Write(os.Stdout, list, c.JSON)
	}
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitFailure
	}
	return cmdline.ExitOK
}
