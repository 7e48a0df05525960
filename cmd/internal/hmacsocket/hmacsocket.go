// Package hmacsocket is the programs hmacsocketserver and hmacsocketclient, the two ends of an HMACSocket.
package hmacsocket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/standalone"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/ref/accept"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

const serverUsage = `Usage: hmacsocketserver [OPTION]... -k FILE -l [HOST:]PORT -c HOST:PORT

Forward connections of hmacsocketclient to a service. Between the two programs every byte is authenticated with the key,
and none is encrypted: who sees the packets can read them, and cannot change them unnoticed.
` + usage

const clientUsage = `Usage: hmacsocketclient [OPTION]... -k FILE -l [HOST:]PORT -c HOST:PORT

Forward connections to hmacsocketserver, which leads to a service. Between the two programs every byte is authenticated
with the key, and none is encrypted: who sees the packets can read them, and cannot change them unnoticed.
` + usage

const usage = `The key is the file's content as it is, a line end included; both sides need the same, and the same
hash. 32 random bytes are a good one: (umask 077; head -c 32 /dev/urandom >FILE). With systemd's socket activation the
sockets come from there, and --listen adds to them.

SIGTERM and SIGINT end the program when its connections have ended or the grace time is over, a second one at once.
SIGHUP reads the key again, for new connections.

Exit codes: 0 ended by a signal; 1 cannot listen or write; 2 wrong usage, wrong key file or unknown host.
`

const maxConnections = 1024 // open at once, by default

// perConnection is the most descriptors that a connection needs: two sockets, and while a name is looked up and tried
// at several addresses two more.
const perConnection = 4

// dialTimeout is the time to reach what connections are forwarded to.
const dialTimeout = 10 * time.Second

// Server is the program hmacsocketserver: those who connect to it are the HMAC side.
func Server(args []string) int { return run(serverUsage, true, args) }

// Client is the program hmacsocketclient: those who connect to it are the plain side.
func Client(args []string) int { return run(clientUsage, false, args) }

// options are the options that lead to a forwarder.
type options struct {
	keyFile, connect, hash       string
	maxData                      uint32
	initTimeout                  time.Duration
	maxConnections, maxPerSource int
	clientFirst                  bool

	current current
}

func (o *options) define(fs *pflag.FlagSet) {
	fs.StringVarP(&o.keyFile, "keyfile", "k", "", "take the key from `FILE`")
	fs.StringArrayP("listen", "l", nil, "listen on `[HOST:]PORT`; repeatable; without HOST on all addresses, "+
		"[ADDRESS]:PORT for IPv6, port 0 for a free one")
	fs.StringVarP(&o.connect, "connect", "c", "", "forward to `HOST:PORT`, which is looked up for each connection")
	names := hmacsocket.HashNames()
	fs.StringVar(&o.hash, "hash", names[0], "the hash `NAME` of the HMAC: "+strings.Join(names, ", "))
	fs.Uint32Var(&o.maxData, "max-data", hmacsocket.MaxData, "the most `BYTES` of data in a message that is received")
	fs.DurationVar(&o.initTimeout, "init-timeout", hmacsocket.InitTimeout,
		"drop a peer that has not sent its whole Init by then, with --client-first its first data")
	fs.IntVar(&o.maxConnections, "max-connections", maxConnections,
		"the most connections open at once, at most what the descriptors allow; 0 is no limit; of a server's, "+
			"who has sent no authentic data gives way to who comes")
	fs.IntVar(&o.maxPerSource, "max-per-source", 0, "the most connections open at once from one address, "+
		"or one IPv6 network of 64 bits; 0 is no limit")
	fs.BoolVar(&o.clientFirst, "client-first", false, "only hmacsocketserver: say nothing, and do not connect to the "+
		"service, before the client has sent authentic data")
}

// check says what is wrong with the options.
func (o *options) check(server bool) error {
	switch {
	case o.keyFile == "":
		return errors.New("--keyfile is missing")
	case o.connect == "":
		return errors.New("--connect is missing")
	case !slices.Contains(hmacsocket.HashNames(), o.hash):
		return fmt.Errorf("--hash %q: there are: %s", o.hash, strings.Join(hmacsocket.HashNames(), ", "))
	case o.maxData < 1 || o.maxData > math.MaxInt32:
		return fmt.Errorf("--max-data %d: must be from 1 to %d", o.maxData, math.MaxInt32)
	case o.initTimeout <= 0:
		return fmt.Errorf("--init-timeout %v: must be more than 0", o.initTimeout)
	case o.maxConnections < 0:
		return fmt.Errorf("--max-connections %d: must not be less than 0", o.maxConnections)
	case o.maxPerSource < 0:
		return fmt.Errorf("--max-per-source %d: must not be less than 0", o.maxPerSource)
	case o.clientFirst && !server:
		return errors.New("--client-first is for hmacsocketserver")
	}
	if err := cmdline.CheckAddress(o.connect); err != nil {
		return fmt.Errorf("--connect %w", err)
	}
	return nil
}

// run is both programs.
func run(usage string, server bool, args []string) int {
	fs := cmdline.New(usage)
	var o options
	var alone standalone.Program
	o.define(fs)
	alone.Define(fs)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	if err := cmp.Or(o.check(server), alone.Check()); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	addresses, err := listenAddresses(cmdline.Given(fs, "listen"))
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	alone.Log = stdio.Log()
	warnOfPlaces(addresses, server, alone.Log)
	key, err := loadKey(o.hash, o.keyFile, alone.Log)
	if *alone.CheckConfig {
		return cmdline.Checked(fs, err, o.keyFile)
	}
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitUsage
	}
	alone.Server = o.server(key, server, alone.Log)
	alone.Reload = func() { o.reload(alone.Log) }
	alone.On = []any{"key file", o.keyFile, "hash", o.hash, "forwards to", o.connect}
	return serve(fs, &alone, addresses)
}

// serve listens, and serves until a signal ends it.
func serve(fs *pflag.FlagSet, alone *standalone.Program, addresses []string) int {
	listeners, err := tcpListeners(addresses)
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		cmdline.Complain(fs, "--listen: %v", err)
		return cmdline.ExitUsage
	}
	if _, wrong := errors.AsType[standalone.Misuse](err); wrong {
		return cmdline.Usage(fs, "%v", err)
	}
	if err == nil && len(listeners) == 0 {
		return cmdline.Usage(fs, "--listen is missing")
	}
	if err == nil {
		err = alone.Run(listeners)
	}
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitFailure
	}
	return cmdline.ExitOK
}

// server makes what serves the connections.
func (o *options) server(key *hmacsocket.Key, server bool, log *slog.Logger) *accept.Server {
	dialer := &net.Dialer{Timeout: dialTimeout}
	most := standalone.Fit(o.maxConnections, perConnection, maxConnections, log)
	f := &hmacsocket.Forwarder{
		Endpoint: &hmacsocket.Endpoint{Key: key, MaxData: o.maxData, InitTimeout: o.initTimeout,
			ClientFirst: o.clientFirst},
		Server: server,
		Dial:   func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", o.connect) },
	}
	o.current.Store(f)
	return &accept.Server{
		Handle: func(ctx context.Context, c net.Conn) {
			f := o.current.Load()
			err := f.ServeConn(ctx, c)
			if errors.Is(err, hmacsocket.ErrFirstHMAC) {
				err = fmt.Errorf("%w: wrong key or other --hash?", err)
			}
			if ctx.Err() != nil { // whatever it says came of that
				why, ok := errors.AsType[accept.Refusal](context.Cause(ctx))
				if !ok {
					why = accept.Closing
				}
				log.Info("connection ended", "source", c.RemoteAddr(), "reason", why)
			} else if err != nil {
				log.Info("connection failed", "source", c.RemoteAddr(), "error", err)
			}
		},
		TurnAway: func(c net.Conn, why error) { // as whoever is not listening does
			log.Warn("connection turned away", "source", c.RemoteAddr(), "reason", why)
			c.(*net.TCPConn).SetLinger(0)
		},
		Failed:  func(err error) { log.Warn("accepting a connection failed", "error", err) },
		Limits:  func() (all, perSource int) { return most, o.maxPerSource },
		GiveWay: server,
	}
}
