package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/ref/udpmux"
)

const moshdUsage = `Usage: moshd [OPTION]...

Put many mosh sessions behind one UDP port (docs/udpmux.md). Sessions are registered by mosh-server-mux, over a Unix socket:
--socket, else $MOSHD_SOCKET, else /run/moshd/moshd.sock with --multi-user, else $XDG_RUNTIME_DIR/moshd.sock. MODES is a list of

  learn   stock clients; every session sees what clients send that are not known yet
  token   clients with mosh-client-mux
  port    clients that put the session's port in front

The configuration file is --config, else the user's $XDG_CONFIG_HOME/moshd.toml or ~/.config/moshd.toml (not root's), else
/etc/moshd.toml. Its keys are the options' names; listen is a list; options win over it. SIGHUP reads it again: limits, times,
modes and the advertised port change, sockets need a restart. SIGUSR1 logs what was dropped and why. SIGTERM and SIGINT end the
daemon: sessions go on, and are registered again with the next one. With systemd's socket activation the sockets come from there,
UDP sockets and a Unix listener, and --listen adds to them.

Exit codes: 0 ended by a signal; 1 cannot listen or write; 2 wrong usage or configuration.
`

// MoshD is the program moshd: the daemon of UDP mux.
func MoshD(args []string) int {
	c := newMoshdConfig()
	fs := cmdline.New(moshdUsage)
	c.define(fs)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	config, err := c.read(fs)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	again := func() (*moshdConfig, udpmux.Config, error) {
		c, fs := newMoshdConfig(), cmdline.New(moshdUsage)
		c.define(fs)
		if err := fs.Parse(args); err != nil {
			return nil, udpmux.Config{}, err
		}
		config, err := c.read(fs)
		return c, config, err
	}
	lines := newLineWriter(os.Stderr)
	err = c.run(config, slog.New(newFairHandler(lines)), again)
	lines.Close()
	if wrong := (misuse{}); errors.As(err, &wrong) {
		return cmdline.Usage(fs, "%v", err)
	} else if err != nil {
		cmdline.Complain(fs, "%v", err)
		return exitFailure
	}
	return cmdline.ExitOK
}

// A misuse is an error of the usage or the configuration that shows only when it is used.
type misuse struct{ error }

// run opens the sockets and serves until a signal ends it. again reads options and configuration anew.
func (c *moshdConfig) run(config udpmux.Config, log *slog.Logger, again func() (*moshdConfig, udpmux.Config, error)) error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGUSR1, unix.SIGHUP)
	defer signal.Stop(signals)
	external, agents, err := c.open(config.ReceiveBuffer, log)
	if err != nil {
		return err
	}
	defer agents.Close()
	server, err := udpmux.NewServer(config, log, external)
	if err != nil {
		return fmt.Errorf("the sessions' side: %w", err)
	}
	for _, socket := range external {
		log.Info("listening", "address", socket.Addr(), "receive buffer", socket.ReceiveBuffer())
	}
	log.Info("listening", "socket", agents.Addr(), "modes", config.Modes)
	if c.AddressFile != "" {
		if err := writeAddresses(c.AddressFile, listenersOf(external)); err != nil {
			return err
		}
		defer os.Remove(c.AddressFile)
	}
	served := make(chan error)
	go func() { served <- server.Serve(ctx, agents) }()
	daemon.SdNotify(false, daemon.SdNotifyReady)
	for {
		select {
		case s := <-signals:
			if s == unix.SIGUSR1 {
				logState(log, server)
			} else {
				c.reload(log, server, again)
			}
		case err := <-served:
			daemon.SdNotify(false, daemon.SdNotifyStopping)
			logState(log, server)
			return err
		}
	}
}

// reload takes the configuration file's new state. A bad one changes nothing.
func (c *moshdConfig) reload(log *slog.Logger, server *udpmux.Server, again func() (*moshdConfig, udpmux.Config, error)) {
	now, config, err := again()
	switch {
	case err != nil:
		log.Error("SIGHUP: the old configuration stays", "error", err)
		return
	case now.file == "":
		log.Warn("SIGHUP: there is no configuration file to read again")
		return
	}
	server.SetConfig(config)
	log.Info("SIGHUP: configuration read again", "file", now.file)
	if !c.sameSockets(now) {
		log.Warn("SIGHUP: a change of the sockets needs a restart")
	}
}

// logState logs what there is and how many datagrams were dropped.
func logState(log *slog.Logger, server *udpmux.Server) {
	sessions, flows := server.Counts()
	log.Info("state", "sessions", sessions, "flows", flows)
	drops := server.Drops()
	var attributes []any
	for _, reason := range slices.Sorted(maps.Keys(drops)) {
		attributes = append(attributes, reason, drops[reason])
	}
	if attributes == nil {
		attributes = []any{"all reasons", 0}
	}
	log.Info("dropped datagrams", attributes...)
}

// parseModes reads a list of modes.
func parseModes(text string) (modes udpmux.Mode, err error) {
	for name := range strings.SplitSeq(text, ",") {
		mode := udpmux.Mode(0)
		for _, m := range []udpmux.Mode{udpmux.Learn, udpmux.Token, udpmux.Port} {
			if m.String() == name {
				mode = m
			}
		}
		if mode == 0 {
			return 0, fmt.Errorf("%q is none of learn, token, port", name)
		}
		modes |= mode
	}
	return modes, nil
}
