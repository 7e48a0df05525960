//go:build !linux

package agent

import (
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// process: there is no pidfd, and the daemon checks whether the port is bound to loopback.
func (s *moshServer) process(uint16) (*os.File, error) { return nil, nil }

// dup2 makes the descriptor to the same as from.
func dup2(from, to int) error { return unix.Dup2(from, to) }

// prepareSocket: elsewhere DF is clear by default, and ECN bits are not available.
func prepareSocket(string, string, syscall.RawConn) error { return nil }

func readECN(c *net.UDPConn, b []byte) (n int, ecn byte, from netip.AddrPort, err error) {
	n, from, err = c.ReadFromUDPAddrPort(b)
	return n, 0, from, err
}

func writeECN(c *net.UDPConn, b []byte, _ byte, to netip.AddrPort) { c.WriteToUDPAddrPort(b, to) }
