package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/accept"
	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/ref/hmacsocket"
)

const hmacSocketServerUsage = `Usage: hmacsocketserver [OPTION]... -k FILE -l [HOST:]PORT -c HOST:PORT

Forward connections of hmacsocketclient to a service. Between the two programs every byte is authenticated with the key,
and none is encrypted: who sees the packets can read them, and cannot change them unnoticed.
` + hmacSocketUsage

const hmacSocketClientUsage = `Usage: hmacsocketclient [OPTION]... -k FILE -l [HOST:]PORT -c HOST:PORT

Forward connections to hmacsocketserver, which leads to a service. Between the two programs every byte is authenticated
with the key, and none is encrypted: who sees the packets can read them, and cannot change them unnoticed.
` + hmacSocketUsage

const hmacSocketUsage = `
The key is the file's content as it is, a line end included; both sides need the same, and the same hash. 32 random bytes are a good one:
(umask 077; head -c 32 /dev/urandom >FILE).

SIGTERM, SIGINT and SIGHUP end the program when its connections have ended or the grace time is over, a second one at once. With systemd's
socket activation the sockets come from there, and --listen adds to them.

Exit codes: 0 ended by a signal; 1 cannot listen or write; 2 wrong usage, wrong key file or unknown host.
`

// dialTimeout is the time to reach what connections are forwarded to.
const dialTimeout = 10 * time.Second

// HMACSocketServer is the program hmacsocketserver: those who connect to it are the HMAC side.
func HMACSocketServer(args []string) int { return hmacSocket(hmacSocketServerUsage, true, args) }

// HMACSocketClient is the program hmacsocketclient: those who connect to it are the plain side.
func HMACSocketClient(args []string) int { return hmacSocket(hmacSocketClientUsage, false, args) }

// hmacSocketOptions are the options that lead to a forwarder.
type hmacSocketOptions struct {
	keyFile, connect, hash       string
	maxData                      uint32
	initTimeout                  time.Duration
	maxConnections, maxPerSource int
	clientFirst                  bool
}

func (o *hmacSocketOptions) define(fs *pflag.FlagSet) {
	fs.StringVarP(&o.keyFile, "keyfile", "k", "", "take the key from `FILE`")
	fs.StringArrayP("listen", "l", nil, "listen on `[HOST:]PORT`; repeatable; without HOST on all addresses, [ADDRESS]:PORT for IPv6, port 0 for a free one")
	fs.StringVarP(&o.connect, "connect", "c", "", "forward to `HOST:PORT`, which is looked up for each connection")
	names := hmacsocket.HashNames()
	fs.StringVar(&o.hash, "hash", names[0], "the hash `NAME` of the HMAC: "+strings.Join(names, ", "))
	fs.Uint32Var(&o.maxData, "max-data", hmacsocket.MaxData, "the most `BYTES` of data in a message that is received")
	fs.DurationVar(&o.initTimeout, "init-timeout", hmacsocket.InitTimeout, "drop a peer that has not sent its whole Init by then")
	fs.IntVar(&o.maxConnections, "max-connections", 1024, "the most connections open at once; 0 is no limit")
	fs.IntVar(&o.maxPerSource, "max-per-source", 0, "the most connections open at once from one address; 0 is no limit")
	fs.BoolVar(&o.clientFirst, "client-first", false, "only hmacsocketserver: say nothing, and do not connect to the service, before the client has sent authentic data")
}

// check says what is wrong with the options.
func (o *hmacSocketOptions) check(server bool) error {
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
	if err := checkAddress(o.connect); err != nil {
		return fmt.Errorf("--connect %w", err)
	}
	return nil
}

// hmacSocket is both programs.
func hmacSocket(usage string, server bool, args []string) int {
	fs := cmdline.New(usage)
	var o hmacSocketOptions
	var alone standalone
	o.define(fs)
	alone.define(fs)
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	if err := cmp.Or(o.check(server), alone.check()); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	addresses, err := listenAddresses(given(fs, "listen"))
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	alone.log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	key, err := loadKey(o.hash, o.keyFile, alone.log)
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitUsage
	}
	alone.server = o.server(key, server, alone.log)
	listeners, err := tcpListeners(addresses)
	if _, unknown := errors.AsType[*net.DNSError](err); unknown {
		cmdline.Complain(fs, "--listen: %v", err)
		return cmdline.ExitUsage
	}
	if err == nil && len(listeners) == 0 {
		return cmdline.Usage(fs, "--listen is missing")
	}
	if err == nil {
		err = alone.run(listeners)
	}
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return exitFailure
	}
	return cmdline.ExitOK
}

// server makes what serves the connections.
func (o *hmacSocketOptions) server(key *hmacsocket.Key, server bool, log *slog.Logger) *accept.Server {
	dialer := &net.Dialer{Timeout: dialTimeout}
	f := &hmacsocket.Forwarder{
		Endpoint: &hmacsocket.Endpoint{Key: key, MaxData: o.maxData, InitTimeout: o.initTimeout, ClientFirst: o.clientFirst},
		Server:   server,
		Dial:     func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", o.connect) },
	}
	handle := func(ctx context.Context, c net.Conn) error {
		err := f.ServeConn(ctx, c)
		if errors.Is(err, hmacsocket.ErrFirstHMAC) {
			return fmt.Errorf("%w: wrong key or other --hash?", err)
		}
		return err
	}
	return &accept.Server{Handle: handle, MaxConnections: o.maxConnections, MaxPerSource: o.maxPerSource, Log: log}
}
