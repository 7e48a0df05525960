//go:build !linux

package conformance

import "time"

// canSeeProcesses: the kernel's tables are Linux's; what needs them is unsupported elsewhere.
const canSeeProcesses = false

func (p *process) members() processes { return nil }

func (all processes) cpu() time.Duration { return 0 }
func (all processes) memory() int        { return 0 }
func (all processes) descriptors() int   { return 0 }
func (all processes) running() bool      { return false }
func (all processes) paused() bool       { return false }

func startOf(int) int { return 0 }

func listening(string) bool                   { return false }
func daemonListens(address, path string) bool { return false }

// received says whether the peer has read all that was sent to it, and whether that can be seen.
func received(*tcpConn) (yes, known bool) { return false, false }
