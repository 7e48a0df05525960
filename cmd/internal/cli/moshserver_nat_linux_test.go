package cli_test

import (
	"net"
	"sync"
	"testing"
)

// A nat is between a client and the daemon.
type nat struct {
	t       *testing.T
	outside *net.UDPConn // that clients send to
	mu      sync.Mutex
	inside  *net.UDPConn // connected to the daemon
	client  *net.UDPAddr
}

func newNAT(t *testing.T) *nat {
	t.Helper()
	outside, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { outside.Close() })
	n := &nat{t: t, outside: outside}
	go func() {
		b := make([]byte, 4096)
		for {
			size, client, err := outside.ReadFromUDP(b)
			if err != nil {
				return
			}
			n.mu.Lock()
			n.client = client
			if n.inside != nil {
				n.inside.Write(b[:size])
			}
			n.mu.Unlock()
		}
	}()
	return n
}

// to forgets all, and takes another port towards the daemon.
func (n *nat) to(daemon string) {
	n.t.Helper()
	c, err := net.Dial("udp4", daemon)
	must(n.t, err)
	n.t.Cleanup(func() { c.Close() })
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.inside != nil {
		n.inside.Close()
	}
	n.inside = c.(*net.UDPConn)
	go func() {
		b := make([]byte, 4096)
		for {
			size, err := c.Read(b)
			if err != nil {
				return
			}
			n.mu.Lock()
			if n.client != nil {
				n.outside.WriteToUDP(b[:size], n.client)
			}
			n.mu.Unlock()
		}
	}()
}
