//go:build !linux

package cli

import "os"

// adoptOrphans: only Linux can do that. Here mosh-server is known by its process group.
func adoptOrphans() error { return nil }

// process: there is no pidfd, and the daemon looks whether the port is bound to loopback.
func (s *moshServer) process(uint16) (*os.File, error) { return nil, nil }

func (s *moshServer) family() []relative { return nil }

func waitForEnd(_ *os.File, group int) { groupEnded(group) }
