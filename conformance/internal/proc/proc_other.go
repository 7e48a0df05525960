//go:build !linux

package proc

import (
	"net"
	"net/netip"
	"time"
)

// CanSeeProcesses: only Linux has these tables; what needs them is unsupported elsewhere.
const CanSeeProcesses = false

func (p *Process) Members() Processes { return nil }

func (all Processes) cpu() time.Duration { return 0 }
func (all Processes) Memory() int        { return 0 }
func (all Processes) Descriptors() int   { return 0 }
func (all Processes) running() bool      { return false }
func (all Processes) paused() bool       { return false }

func (all Processes) ticks() ticks { return ticks{} }

func startOf(int) int { return 0 }

func Listening(string) bool                   { return false }
func DaemonListens(address, path string) bool { return false }

// Received says whether the peer has read all that was sent to it, and whether that can be seen.
func Received(net.Conn) (yes, known bool) { return false, false }

func (all Processes) States() []string { return nil }

func OwnerOf(netip.AddrPort) string { return "" }

func Self() error { return nil }
