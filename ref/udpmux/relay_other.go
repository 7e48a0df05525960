//go:build !linux

package udpmux

import "syscall"

// clearDF: elsewhere DF is clear unless one asks for it.
func clearDF(string, string, syscall.RawConn) error { return nil }
