// Package moshd is the program moshd, the daemon of UDP mux: its options, its configuration file, its log and its
// signals. What it does is in ref/udpmux/daemon.
package moshd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"sync"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/group"
	"github.com/muxspec/muxspec/cmd/internal/standalone"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/ref/udpmux/daemon"
)

const usage = `Usage: moshd [OPTION]...

Put many mosh sessions behind one UDP port (docs/udpmux.md). Sessions are registered by mosh-server-mux, over a Unix
socket: --socket, else $MOSHD_SOCKET, else /run/moshd/moshd.sock with --multi-user, else $XDG_RUNTIME_DIR/moshd.sock.
MODES is a list of

  learn   stock clients; every session sees what clients send that are not known yet
  token   clients with mosh-client-mux
  port    clients that put the session's port in front

The configuration file is --config, else the user's $XDG_CONFIG_HOME/moshd.toml or ~/.config/moshd.toml (not root's),
else /etc/moshd.toml. Its keys are the options' names; listen is a list; options win over it. With systemd's socket
activation the sockets come from there, UDP sockets and a Unix listener, and --listen adds to them.

SIGHUP reads the configuration file again: limits, times, modes and the advertised port change, sockets need a
restart. SIGUSR1 logs what was dropped and why. SIGTERM and SIGINT end the daemon: sessions go on, and are registered
again with the next one.

Exit codes: 0 ended by a signal; 1 cannot listen or write; 2 wrong usage or configuration.
`

// Main is the program moshd: the daemon of UDP mux.
func Main(args []string) int {
	c := newConfig()
	fs := cmdline.New(usage)
	c.define(fs)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	err := c.read(fs)
	switch {
	case c.CheckConfig:
		return cmdline.Checked(fs, cmp.Or(err, c.checkPlaces()), c.file)
	case err != nil:
		return cmdline.Usage(fs, "%v", cmdline.Faults(err)[0])
	case c.List:
		return c.list(fs)
	}
	stdio.SetLevel(c.LogLevel)
	again := func() (*config, error) {
		c, fs := newConfig(), cmdline.New(usage)
		c.define(fs)
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if err := c.read(fs); err != nil {
			return nil, cmdline.Faults(err)[0]
		}
		return c, nil
	}
	if os.Getpid() == 1 {
		group.Reap()
	}
	err = c.run(slog.New(newFairHandler(stdio.Stderr)), again)
	var wrong misuse
	if _, passed := errors.AsType[standalone.Misuse](err); passed || errors.As(err, &wrong) {
		return cmdline.Usage(fs, "%v", err)
	} else if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitFailure
	}
	return cmdline.ExitOK
}

// run opens the sockets and serves until a signal ends it. again reads options and configuration anew.
func (c *config) run(log *slog.Logger, again func() (*config, error)) error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	tell, reload := signals()
	inherited, err := standalone.Inherited()
	if err != nil {
		return err
	}
	external, agents, err := c.open(inherited, log)
	if err != nil {
		return err
	}
	defer agents.Close()
	server, err := daemon.New(c.Config, log, external)
	if err != nil {
		return fmt.Errorf("the sessions' side: %w", err)
	}
	remove, err := c.announce(log, external, agents)
	if err != nil {
		return err
	}
	removed := sync.OnceFunc(remove)
	defer removed()
	serving, end := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() {
		removed() // before the sockets are free: after that it may be a successor's
		end()
	})
	served := make(chan error)
	go func() { served <- server.Serve(serving, agents) }()
	sd.SdNotify(false, sd.SdNotifyReady)
	for {
		select {
		case <-tell:
			logState(log, server)
		case <-reload:
			c.reload(log, server, again)
		case err := <-served:
			sd.SdNotify(false, sd.SdNotifyStopping)
			logState(log, server)
			return err
		}
	}
}

// signals are those that moshd hears of without ending, each with a place of its own, so that none is lost because of
// another.
func signals() (tell, reload chan os.Signal) {
	tell, reload = make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(tell, unix.SIGUSR1)
	signal.Notify(reload, unix.SIGHUP)
	return tell, reload
}

// announce tells where the daemon listens, and gives what takes the address file away.
func (c *config) announce(log *slog.Logger, external []*daemon.Socket,
	agents *net.UnixListener) (remove func(), err error) {
	var addresses []netip.AddrPort
	for _, socket := range external {
		log.Info("listening", "address", socket.Addr(), "receive buffer", socket.ReceiveBuffer())
		addresses = append(addresses, socket.Addr())
	}
	log.Info("listening", "socket", agents.Addr(), "modes", c.Modes)
	log.Info("started", "version", cmdline.Version(), "configuration", cmp.Or(c.file, "none"), "modes", c.Modes,
		"multi-user", c.MultiUser, "advertised port", cmp.Or(c.AdvertisePort, external[0].Addr().Port()),
		"max-sessions", c.MaxSessions)
	if c.AddressFile == "" {
		return func() {}, nil
	}
	return standalone.WriteAddresses(c.AddressFile, addresses)
}

// reload takes the configuration file's new state. A bad one changes nothing.
func (c *config) reload(log *slog.Logger, server *daemon.Server, again func() (*config, error)) {
	now, err := again()
	switch {
	case err != nil:
		log.Error("SIGHUP: the old configuration stays", "error", err)
		return
	case now.file == "":
		log.Warn("SIGHUP: there is no configuration file to read again")
		return
	}
	server.SetConfig(now.Config)
	stdio.SetLevel(now.LogLevel)
	log.Info("SIGHUP: configuration read again", "file", now.file)
	if !c.sameSockets(now) {
		log.Warn("SIGHUP: a change of the sockets needs a restart")
	}
}

// logState logs what there is and how many datagrams were dropped.
func logState(log *slog.Logger, server *daemon.Server) {
	sessions, flows := server.Counts()
	log.Info("state", "sessions", sessions, "flows", flows)
	drops := server.Drops()
	var attributes []any
	for _, reason := range slices.Sorted(maps.Keys(drops)) {
		attributes = append(attributes, reason, drops[reason])
	}
	log.Info("dropped datagrams", attributes...)
}
