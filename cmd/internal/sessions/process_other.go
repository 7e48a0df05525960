//go:build !linux

package sessions

import "errors"

func socketHolders() map[uint64]int { return nil }

// Terminate fails: only Linux tells which process has a socket.
func (s *Session) Terminate() error { return errors.New("only Linux tells which process has a socket") }
