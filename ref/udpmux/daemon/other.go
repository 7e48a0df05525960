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

// A Socket is one of the daemon's UDP sockets: here there are none.
type Socket struct{ overrun uint32 }

func ListenUDP(netip.AddrPort, int) (*Socket, error)    { return nil, errNotLinux }
func InheritUDP(*os.File, int) (*Socket, error)         { return nil, errNotLinux }
func openLoopback(netip.AddrPort, int) (*Socket, error) { return nil, errNotLinux }
func (*Socket) Addr() netip.AddrPort                    { return netip.AddrPort{} }
func (*Socket) ReceiveBuffer() int                      { return 0 }
func (*Socket) Close() error                            { return nil }
func (*Server) move(context.Context) error              { return errNotLinux }
func (*Server) fromBackends() (more bool)               { return false }
