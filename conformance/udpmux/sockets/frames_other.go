//go:build !linux

package sockets

func (a *Conn) unread() (n int, known bool) { return 0, false }
