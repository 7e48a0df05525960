package cli

import (
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
	"strings"

	"github.com/coreos/go-systemd/v22/activation"
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
/etc/moshd.toml. Its keys are the options' names; listen is a list; options win over it. SIGUSR1 logs what was dropped and why,
SIGTERM and SIGINT end the daemon: sessions go on, and are registered again with the next one. With systemd's socket activation
the sockets come from there, UDP sockets and a Unix listener, and --listen adds to them.

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
	if err := c.read(fs); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	config, err := c.build(fs.Changed)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	if err := c.run(config, slog.New(slog.NewTextHandler(os.Stderr, nil))); err != nil {
		cmdline.Complain(fs, "%v", err)
		return exitFailure
	}
	return cmdline.ExitOK
}

// run opens the sockets and serves until a signal ends it.
func (c *moshdConfig) run(config udpmux.Config, log *slog.Logger) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGUSR1)
	defer signal.Stop(signals)
	external, agents, err := inheritMoshd(config.ReceiveBuffer)
	if err != nil {
		return fmt.Errorf("socket activation: %w", err)
	}
	if external, err = c.openUDP(external, config.ReceiveBuffer, log); err != nil {
		return err
	}
	if agents == nil {
		if agents, err = c.listenAgents(); err != nil {
			return err
		}
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
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for s := range signals {
			if s != unix.SIGUSR1 {
				break
			}
			logDrops(log, server)
		}
		daemon.SdNotify(false, daemon.SdNotifyStopping)
		cancel()
	}()
	daemon.SdNotify(false, daemon.SdNotifyReady)
	err = server.Serve(ctx, agents)
	logDrops(log, server)
	return err
}

// logDrops logs how many datagrams were dropped.
func logDrops(log *slog.Logger, server *udpmux.Server) {
	drops := server.Drops()
	var attributes []any
	for _, reason := range slices.Sorted(maps.Keys(drops)) {
		attributes = append(attributes, reason, drops[reason])
	}
	log.Info("dropped datagrams", attributes...)
}

// inheritMoshd returns the sockets that a service manager passed: UDP sockets and at most one Unix listener.
func inheritMoshd(receiveBuffer int) (external []*udpmux.Socket, agents *net.UnixListener, err error) {
	for _, f := range activation.Files(true) {
		kind, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE)
		if err != nil || kind != unix.SOCK_STREAM {
			socket, err := udpmux.InheritUDP(f, receiveBuffer)
			if err != nil {
				return nil, nil, err
			}
			external = append(external, socket)
			continue
		}
		l, _ := net.FileListener(f)
		f.Close()
		unixListener, ok := l.(*net.UnixListener)
		if !ok || agents != nil {
			return nil, nil, errors.New("a stream socket that is not the only Unix listener")
		}
		unixListener.SetUnlinkOnClose(false)
		agents = unixListener
	}
	return external, agents, nil
}

// openUDP adds the sockets of --listen to the inherited ones, or where neither are there the default ones. All have one port.
func (c *moshdConfig) openUDP(external []*udpmux.Socket, receiveBuffer int, log *slog.Logger) ([]*udpmux.Socket, error) {
	addresses, byDefault := c.addresses, false
	if len(addresses)+len(external) == 0 {
		addresses, byDefault = defaultAddresses, true
	}
	for i, address := range addresses {
		if address.Port() == 0 && len(external) > 0 {
			address = netip.AddrPortFrom(address.Addr(), external[0].Addr().Port())
		}
		socket, err := udpmux.ListenUDP(address, receiveBuffer)
		if err != nil && byDefault && i > 0 && (errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)) {
			log.Warn("there is no IPv6 here", "error", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		external = append(external, socket)
	}
	for _, socket := range external {
		if port := external[0].Addr().Port(); socket.Addr().Port() != port {
			return nil, fmt.Errorf("listeners %v and %v have different ports, and clients are told one", external[0].Addr(), socket.Addr())
		}
	}
	return external, nil
}

// listenersOf lets [writeAddresses] write UDP sockets' addresses.
func listenersOf(sockets []*udpmux.Socket) (listeners []net.Listener) {
	for _, socket := range sockets {
		listeners = append(listeners, udpListener{address: socket.Addr()})
	}
	return listeners
}

type udpListener struct {
	net.Listener
	address netip.AddrPort
}

func (l udpListener) Addr() net.Addr { return net.UDPAddrFromAddrPort(l.address) }

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
			return 0, fmt.Errorf("modes %q: %q is none of learn, token, port", text, name)
		}
		modes |= mode
	}
	return modes, nil
}
