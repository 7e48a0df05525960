//go:build !linux

package process

import "os"

// AdoptOrphans does nothing: only Linux can do that. Here a program and those that it starts are known by their process
// group, for as long as the group's leader lives.
func AdoptOrphans() error { return nil }

// Family is empty: there is no portable way to list processes.
func Family(int) []Relative { return nil }

// DescendsFrom knows only this process and its parent.
func DescendsFrom(pid int) bool { return pid == os.Getpid() || pid == os.Getppid() }

// WaitForEnd waits until no process of the group is left: there is no pidfd.
func WaitForEnd(_ *os.File, group int) { groupEnded(group) }
