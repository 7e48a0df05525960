// Package standalone is how a program that listens on TCP starts, serves until a signal ends it, and ends.
package standalone

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/cmdline"
	"github.com/muxspec/muxspec/cmd/internal/group"
	"github.com/muxspec/muxspec/cmd/internal/stdio"
)

// A Program is how a program serves until a signal ends it.
type Program struct {
	Server interface {
		Serve(net.Listener)
		Shutdown(context.Context)
	}
	Log         *slog.Logger
	AddressFile *string
	grace       *time.Duration
	Reload      func() // at SIGHUP; if nil, that is a signal like the others
	CheckConfig *bool
	File        string // the configuration file, or empty
	On          []any  // what is on, for the line in the log that says so
	level       *string
}

// Define adds the options that all servers have.
func (s *Program) Define(fs *pflag.FlagSet) {
	s.AddressFile = fs.String("address-file", "", "write the addresses that it listens on to `FILE`, "+
		"one per line, once it does")
	s.CheckConfig = fs.Bool("check-config", false, "say what is wrong with options and files, and exit")
	s.level = fs.String("log-level", "info", "log lines of this `LEVEL` and above: debug, info, warn, error")
	s.grace = fs.Duration("grace", 10*time.Second, "the time that sessions have left after SIGTERM")
}

// Check says what is wrong with them.
func (s *Program) Check() error {
	if *s.grace < 0 {
		return fmt.Errorf("--grace %v: must not be less than 0", *s.grace)
	}
	if err := stdio.SetLevel(*s.level); err != nil {
		return fmt.Errorf("--%w", err)
	}
	return nil
}

// Run serves until a signal ends it.
func (s *Program) Run(listeners []net.Listener) error {
	if os.Getpid() == 1 {
		group.Reap()
	}
	// Each has a place of its own, so that none is lost because of others: one that ends, and a second one.
	end, again := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM, unix.SIGINT)
	if s.Reload != nil {
		signal.Notify(again, unix.SIGHUP)
	} else if !signal.Ignored(unix.SIGHUP) { // nohup ignores it for those that it would end
		signal.Notify(end, unix.SIGHUP)
	}
	defer signal.Stop(end)
	defer signal.Stop(again)
	var addresses []net.Addr
	for _, l := range listeners {
		go s.Server.Serve(l)
		s.Log.Info("listening", "address", l.Addr().String())
		addresses = append(addresses, l.Addr())
	}
	on := append([]any{"version", cmdline.Version(), "configuration", cmp.Or(s.File, "none")}, s.On...)
	s.Log.Info("started", on...)
	if file := *s.AddressFile; file != "" {
		remove, err := WriteAddresses(file, addresses)
		if err != nil {
			return err
		}
		defer remove()
	}
	daemon.SdNotify(false, daemon.SdNotifyReady)
	s.await(end, again)
	daemon.SdNotify(false, daemon.SdNotifyStopping)
	closeAll(listeners)
	ctx, cancel := context.WithTimeout(context.Background(), *s.grace)
	defer cancel()
	go func() {
		<-end
		cancel()
	}()
	s.Server.Shutdown(ctx)
	return nil
}

// await waits until the program has to end.
func (s *Program) await(end, again <-chan os.Signal) {
	for {
		select {
		case <-end:
			return
		case <-again:
			s.Reload()
		}
	}
}
