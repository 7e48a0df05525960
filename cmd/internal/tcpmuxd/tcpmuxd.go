// Package tcpmuxd is the program tcpmuxd, a TCPMUX server.
package tcpmuxd

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/group"
	"github.com/muxspec/muxspec/cmd/internal/standalone"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
	"github.com/muxspec/muxspec/ref/tcpmux"
)

const usage = `Usage: tcpmuxd [OPTION]...

Serve TCPMUX (RFC 1078): many TCP services behind one port, chosen by name. Names are not case sensitive; the name
HELP gets the list of the others. NAME=KIND[:ARG] is one of

  NAME=builtin:echo       also discard, daytime, chargen, and tcpmux, which takes another request
  NAME=exec:/PATH [ARG]   start a program, the connection being its standard input and output; arguments are
                          separated by blanks, there is no quoting
  NAME=exec-own:/PATH     the same, but the program sends the reply line itself
  NAME=tcp:HOST:PORT      connect to another server
  NAME=unix:/PATH         connect to a Unix socket

Without services there is one, tcpmux. A configuration file (TOML) has the keys listen = ["HOST:PORT", ...],
request-timeout = "30s", max-name, max-connections and max-per-source, and a table [services] with lines such as echo
= "builtin:echo". Options win over it; addresses and services of both count. With systemd's socket activation the
sockets come from there, and --listen adds to them.

SIGHUP reads the configuration file again. SIGTERM and SIGINT end the server when its sessions have ended or the grace
time is over, a second one at once.

Exit codes: 0 ended by a signal or, with --inetd, by the client; 1 cannot listen or write; 2 wrong usage or
configuration.
`

// perConnection is the most descriptors that a connection needs: a forwarded one has two sockets and two pipes, to copy
// without copying.
const perConnection = 6

// Main is the program tcpmuxd: a server.
func Main(args []string) int {
	fs := cmdline.New(usage)
	defineConfig(fs)
	file := fs.String("config", "", "read services and limits from `FILE`")
	var alone standalone.Program
	alone.Define(fs)
	inetd := fs.Bool("inetd", false, "serve the one connection that standard input and output are")
	if code, done := cmdline.Parse(fs, args); done {
		return code
	}
	if fs.NArg() > 0 {
		return cmdline.Usage(fs, "unexpected argument %q", fs.Arg(0))
	}
	if err := alone.Check(); err != nil {
		return cmdline.Usage(fs, "%v", err)
	}
	listen, config, err := readConfig(fs, *file)
	if *alone.CheckConfig {
		return cmdline.Checked(fs, err, *file)
	}
	if err != nil {
		return cmdline.Usage(fs, "%v", cmdline.Faults(err)[0])
	}
	log := stdio.Log()
	config.MaxConnections = standalone.Fit(config.MaxConnections, perConnection, tcpmux.MaxConnections, log)
	server := tcpmux.NewServer(config, log)
	if *inetd {
		if len(listen) > 0 || *alone.AddressFile != "" {
			return cmdline.Usage(fs, "--inetd has a connection already: --listen and --address-file make no sense")
		}
		c, err := inetdConn()
		if err != nil {
			cmdline.Complain(fs, "%v", err)
			return cmdline.ExitFailure
		}
		server.ServeConn(c)
		return cmdline.ExitOK
	}
	alone.Server, alone.Log, alone.Reload = server, log, func() { reload(fs, server, log, listen) }
	alone.File, alone.On = *file, []any{"services", strings.Join(config.Services.Names(), ","),
		"max-connections", config.MaxConnections}
	return serve(fs, &alone, listen)
}

// serve listens, serves until a signal ends it, and ends what the services have left.
func serve(fs *pflag.FlagSet, alone *standalone.Program, listen []string) int {
	listeners, err := standalone.Listeners(listen, fmt.Sprintf(":%d", tcpmux.Port))
	if _, wrong := errors.AsType[standalone.Misuse](err); wrong {
		return cmdline.Usage(fs, "%v", err)
	}
	if err == nil {
		err = alone.Run(listeners)
		group.EndAll()
	}
	if err != nil {
		cmdline.Complain(fs, "%v", err)
		return cmdline.ExitFailure
	}
	return cmdline.ExitOK
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
		log.Error("SIGHUP: the old configuration stays", "error", cmdline.Faults(err)[0])
		return
	}
	if strings.Join(now, " ") != strings.Join(listen, " ") {
		log.Warn("SIGHUP: a change of the addresses needs a restart")
	}
	config.MaxConnections = standalone.Fit(config.MaxConnections, perConnection, tcpmux.MaxConnections, log)
	server.SetConfig(config)
	log.Info("SIGHUP: configuration read again", "file", file)
}
