package moshagent_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// A nat is between clients and the daemon: each of a client's ports has one of its own towards the daemon.
type nat struct {
	t       *testing.T
	outside *net.UDPConn // that clients send to
	mu      sync.Mutex
	inside  map[netip.AddrPort]*net.UDPConn // by the client's address; nil where nothing passes any more
	from    *net.UDPAddr                    // what the inside's address is
	daemon  *net.UDPAddr                    // nil: nothing passes
}

func newNAT(t *testing.T) *nat {
	t.Helper()
	outside, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	progtest.Must(t, err)
	n := &nat{t: t, outside: outside, inside: make(map[netip.AddrPort]*net.UDPConn)}
	t.Cleanup(func() {
		outside.Close()
		n.to("", "")
	})
	go func() {
		b := make([]byte, 4096)
		for {
			size, client, err := outside.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			n.mu.Lock()
			if c := n.hole(client); c != nil {
				c.Write(b[:size])
			}
			n.mu.Unlock()
		}
	}()
	return n
}

// newMoshTestWithNAT has a daemon that clients come to through a NAT, from 127.0.0.1.
func newMoshTestWithNAT(t *testing.T) (*moshTest, *nat) {
	t.Helper()
	n := newNAT(t)
	outside := n.outside.LocalAddr().(*net.UDPAddr)
	m := newMoshTest(t, fmt.Sprintf("--advertise-port=%d", outside.Port), "--modes=learn,token")
	m.host = outside.IP.String()
	n.to(m.address, "127.0.0.1")
	return m, n
}

// to forgets all that was, and sends from now on to the daemon, from new ports of the address from. Without a daemon
// nothing passes.
func (n *nat) to(daemon, from string) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.close()
	clear(n.inside)
	if n.daemon = nil; daemon != "" {
		n.daemon, n.from = net.UDPAddrFromAddrPort(netip.MustParseAddrPort(daemon)), &net.UDPAddr{IP: net.ParseIP(from)}
	}
}

// dies lets nothing pass any more to and from the clients' ports that it knows.
func (n *nat) dies() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.close()
}

func (n *nat) close() {
	for client, c := range n.inside {
		if c != nil {
			c.Close()
		}
		n.inside[client] = nil
	}
}

// hole is the way from a client to the daemon, or nil. n.mu is held.
func (n *nat) hole(client netip.AddrPort) *net.UDPConn {
	c, isKnown := n.inside[client]
	if isKnown || n.daemon == nil {
		return c
	}
	c, err := net.DialUDP("udp4", n.from, n.daemon)
	if err != nil {
		n.t.Error(err)
		return nil
	}
	n.inside[client] = c
	go func() {
		b := make([]byte, 4096)
		for {
			size, err := c.Read(b)
			if errors.Is(err, net.ErrClosed) {
				return
			} else if err == nil {
				n.outside.WriteToUDPAddrPort(b[:size], client)
			}
		}
	}()
	return c
}
