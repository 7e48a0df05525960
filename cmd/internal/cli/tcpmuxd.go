package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/ref/tcpmux"
)

const tcpmuxdUsage = `Usage: tcpmuxd [OPTION]...

Serve TCPMUX (RFC 1078): many TCP services behind one port, chosen by name. Names are not case sensitive; the name
HELP gets the list of the others. NAME=KIND[:ARG] is one of

  NAME=builtin:echo       also discard, daytime, chargen, and tcpmux, which takes another request
  NAME=exec:/PATH [ARG]   start a program, the connection being its standard input and output; arguments are
                          separated by blanks, there is no quoting
  NAME=exec-own:/PATH     the same, but the program sends the reply line itself
  NAME=tcp:HOST:PORT      connect to another server
  NAME=unix:/PATH         connect to a Unix socket

Without services there is one, tcpmux. A configuration file (TOML) has the keys listen = ["HOST:PORT", ...],
request-timeout = "30s", max-name, max-connections and max-per-source, and a table [services] with lines such as
echo = "builtin:echo". Options win over it; addresses and services of both count. SIGHUP reads it again. SIGTERM and SIGINT end the server when its sessions have ended or the grace time is over, a second
one at once. With systemd's socket activation the sockets come from there, and --listen adds to them.

Exit codes: 0 ended by a signal or, with --inetd, by the client; 1 cannot listen or write; 2 wrong usage or configuration.
`

// exitFailure is tcpmuxd's exit code when it cannot work.
const exitFailure = 1

// TCPMuxD is the program tcpmuxd: a server.
func TCPMuxD(args []string) int {
	fs := cmdline.New(tcpmuxdUsage)
	defineConfig(fs)
	file := fs.String("config", "", "read services and limits from `FILE`")
	addressFile := fs.String("address-file", "", "write the addresses that it listens on to `FILE`, one per line, once it does")
	grace := fs.Duration("grace", 10*time.Second, "the time that sessions have left after SIGTERM")
	inetd := fs.Bool("inetd", false, "serve the one connection that standard input and output are")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	if *grace < 0 {
		return cmdline.Usage(fs, "--grace %v: must not be less than 0", *grace)
	}
	listen, config, err := readConfig(fs, *file)
	if err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	server := tcpmux.NewServer(config, log)
	if *inetd {
		if len(listen) > 0 || *addressFile != "" {
			return cmdline.Usage(fs, "--inetd has a connection already: --listen and --address-file make no sense")
		}
		c, err := inetdConn()
		if err != nil {
			cmdline.Complain(fs, "%v", err)
			return exitFailure
		}
		server.ServeConn(c)
		return cmdline.ExitOK
	}
	if err := standalone(fs, server, log, listen, *addressFile, *grace); err != nil {
		cmdline.Complain(fs, "%v", err)
		return exitFailure
	}
	return cmdline.ExitOK
}

// standalone listens and serves until a signal ends it.
func standalone(fs *pflag.FlagSet, server *tcpmux.Server, log *slog.Logger, listen []string, addressFile string, grace time.Duration) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	defer signal.Stop(signals)
	listeners, err := openListeners(listen)
	if err != nil {
		return err
	}
	for _, l := range listeners {
		go server.Serve(l)
		log.Info("listening", "address", l.Addr().String())
	}
	if addressFile != "" {
		if err := writeAddresses(addressFile, listeners); err != nil {
			return err
		}
		defer os.Remove(addressFile)
	}
	daemon.SdNotify(false, daemon.SdNotifyReady)
	for s := range signals {
		if s != unix.SIGHUP {
			break
		}
		reload(fs, server, log, listen)
	}
	daemon.SdNotify(false, daemon.SdNotifyStopping)
	for _, l := range listeners {
		l.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	go func() {
		for s := range signals {
			if s != unix.SIGHUP {
				cancel()
			}
		}
	}()
	server.Shutdown(ctx)
	return nil
}

// reload reads the configuration file again. A bad one changes nothing.
func reload(fs *pflag.FlagSet, server *tcpmux.Server, log *slog.Logger, listen []string) {
	file, _ := fs.GetString("config")
	if file == "" {
		log.Warn("SIGHUP: there is no configuration file to read again")
		return
	}
	now, config, err := readConfig(fs, file)
	if err != nil {
		log.Error("SIGHUP: the old configuration stays", "error", err)
		return
	}
	if strings.Join(now, " ") != strings.Join(listen, " ") {
		log.Warn("SIGHUP: a change of the addresses needs a restart")
	}
	server.SetConfig(config)
	log.Info("SIGHUP: configuration read again", "file", file)
}

// openListeners opens the sockets: systemd's, if it passed some, and those asked for; port 1 if neither.
func openListeners(addresses []string) (listeners []net.Listener, err error) {
	passed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("socket activation: %w", err)
	}
	for _, l := range passed {
		if l == nil {
			return nil, errors.New("socket activation: a socket is not a listening stream socket")
		}
		listeners = append(listeners, l)
	}
	if len(addresses) == 0 && len(passed) == 0 {
		addresses = []string{fmt.Sprintf(":%d", tcpmux.Port)}
	}
	for _, address := range addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, err
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// writeAddresses writes the file whole or not at all, so that whoever waits for it never reads half of it.
func writeAddresses(file string, listeners []net.Listener) error {
	var b strings.Builder
	for _, l := range listeners {
		fmt.Fprintln(&b, l.Addr())
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("--address-file: %w", err)
	}
	_, err = tmp.WriteString(b.String())
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("--address-file: %w", err)
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("--address-file: %w", err)
	}
	return nil
}
