//go:build !linux

package daemon

import (
	"context"
	"errors"
	"net/netip"
	"os"
)

// errNotLinux: elsewhere a flow would need a socket of its own (section 4.1), which this package does not offer.
var errNotLinux = errors.New("the daemon runs on Linux alone")

// A Socket is one of the daemon's UDP sockets.
type Socket struct{ overrun uint32 }

// ListenUDP fails: see [errNotLinux].
func ListenUDP(netip.AddrPort, int) (*Socket, error) { return nil, errNotLinux }

// InheritUDP fails, too.
func InheritUDP(*os.File, int) (*Socket, error) { return nil, errNotLinux }

func openLoopback(netip.AddrPort, int) (*Socket, error) { return nil, errNotLinux }

// Addr is the local address and port.
func (*Socket) Addr() netip.AddrPort { return netip.AddrPort{} }

// ReceiveBuffer is the size that the kernel granted, in bytes.
func (*Socket) ReceiveBuffer() int { return 0 }

// Close closes the socket.
func (*Socket) Close() error { return nil }

func (*Server) move(context.Context) error { return errNotLinux }

func (*Server) fromBackends() (more bool) { return false }
