//go:build !linux

package tcpmuxd

import "golang.org/x/sys/unix"

// dup2 makes the descriptor to the same as from.
func dup2(from, to int) error { return unix.Dup2(from, to) }
