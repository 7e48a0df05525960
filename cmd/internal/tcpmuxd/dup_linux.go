package tcpmuxd

import "golang.org/x/sys/unix"

// dup2 makes the descriptor to the same as from. Some of Linux's architectures have only dup3.
func dup2(from, to int) error { return unix.Dup3(from, to, 0) }
