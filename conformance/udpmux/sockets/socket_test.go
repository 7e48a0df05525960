package sockets

import (
	"net/netip"
	"os/exec"
	"sync"
	"testing"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// TestBindsAgain binds a port that a socket had until now, while programs are being started.
func TestBindsAgain(t *testing.T) {
	var starters sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		starters.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					exec.Command("true").Run()
				}
			}
		})
	}
	defer func() { close(stop); starters.Wait() }()
	s := engine.Loose(t.Context())
	at := netip.AddrPortFrom(Loopback4, 0)
	for range 2000 {
		u, err := Bind(s, "a", at, "")
		if err != nil {
			t.Fatal(err)
		}
		at = u.Address()
		u.Close()
	}
}
