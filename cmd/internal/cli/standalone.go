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
)

// exitFailure is a server's exit code when it cannot work.
const exitFailure = 1

// A standalone is how a program serves until a signal ends it.
type standalone struct {
	server interface {
		Serve(net.Listener)
		Shutdown(context.Context)
	}
	log         *slog.Logger
	addressFile *string
	grace       *time.Duration
	reload      func() // at SIGHUP; if nil, that is a signal like the others
}

// define adds the options that all servers have.
func (s *standalone) define(fs *pflag.FlagSet) {
	s.addressFile = fs.String("address-file", "", "write the addresses that it listens on to `FILE`, one per line, once it does")
	s.grace = fs.Duration("grace", 10*time.Second, "the time that sessions have left after SIGTERM")
}

// check says what is wrong with them.
func (s *standalone) check() error {
	if *s.grace < 0 {
		return fmt.Errorf("--grace %v: must not be less than 0", *s.grace)
	}
	return nil
}

// run serves until a signal ends it.
func (s *standalone) run(listeners []net.Listener) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	if s.reload != nil || !signal.Ignored(unix.SIGHUP) { // nohup ignores it for those that it would end
		signal.Notify(signals, unix.SIGHUP)
	}
	again := func(got os.Signal) bool { return got == unix.SIGHUP && s.reload != nil }
	defer signal.Stop(signals)
	for _, l := range listeners {
		go s.server.Serve(l)
		s.log.Info("listening", "address", l.Addr().String())
	}
	if file := *s.addressFile; file != "" {
		if err := writeAddresses(file, listeners); err != nil {
			return err
		}
		defer os.Remove(file)
	}
	daemon.SdNotify(false, daemon.SdNotifyReady)
	for got := range signals {
		if !again(got) {
			break
		}
		s.reload()
	}
	daemon.SdNotify(false, daemon.SdNotifyStopping)
	for _, l := range listeners {
		l.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), *s.grace)
	defer cancel()
	go func() {
		for got := range signals {
			if !again(got) {
				cancel()
			}
		}
	}()
	s.server.Shutdown(ctx)
	return nil
}

// openListeners opens the sockets: systemd's, if it passed some, and those asked for; if neither, those that otherwise names.
func openListeners(addresses []string, otherwise ...string) (listeners []net.Listener, err error) {
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
		addresses = otherwise
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
