package conformance

import (
	"net/netip"
	"os/exec"
	"sync"
	"testing"
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
	s := &session{run: &run{ctx: t.Context()}, rec: newRecord()}
	at := netip.AddrPortFrom(loopback4, 0)
	for range 2000 {
		u, err := s.bindUDP("a", at)
		if err != nil {
			t.Fatal(err)
		}
		at = u.address()
		u.Close()
	}
}
