package hmacsocket

import (
	"log/slog"
	"net"
	"os"
	"sync/atomic"

	"github.com/muxspec/muxspec/ref/hmacsocket"
)

// A current has the forwarder of new connections, with the key of the last SIGHUP.
type current struct {
	atomic.Pointer[hmacsocket.Forwarder]
}

// reload takes the key file's new content for new connections. Without a good one the old key stays.
func (o *options) reload(log *slog.Logger) {
	if info, err := os.Stat(o.keyFile); err == nil && !info.Mode().IsRegular() { // a pipe gives the key once
		log.Warn("SIGHUP: the key was not in a regular file, and is not read again", "file", o.keyFile)
		return
	}
	key, err := loadKey(o.hash, o.keyFile, log)
	old := o.current.Load()
	switch {
	case err != nil:
		log.Error("SIGHUP: the old key stays", "error", err)
	case key.Same(old.Endpoint.Key): // the endpoint remembers what was sent with it
		log.Info("SIGHUP: the key is the same", "file", o.keyFile)
	default:
		now := *old
		e := old.Endpoint
		now.Endpoint = &hmacsocket.Endpoint{Key: key, MaxData: e.MaxData, InitTimeout: e.InitTimeout,
			ClientFirst: e.ClientFirst}
		o.current.Store(&now)
		log.Info("SIGHUP: key read again, for new connections", "file", o.keyFile)
	}
}

// warnOfPlaces warns of a client that serves others than this machine: whoever reaches it may use its key.
func warnOfPlaces(addresses []string, server bool, log *slog.Logger) {
	for _, address := range addresses {
		host, _, _ := net.SplitHostPort(address)
		ip := net.ParseIP(host)
		if all := host == "" || ip != nil && ip.IsUnspecified(); all && !server {
			log.Warn("it listens on all interfaces: everybody who reaches this machine may use the key; "+
				"--listen localhost:PORT serves this machine alone", "address", address)
		}
	}
}
