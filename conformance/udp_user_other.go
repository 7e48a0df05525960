//go:build !linux

package conformance

import "errors"

func asUser(int, func() error) error {
	return errors.New("a thread of another user is something that Linux has")
}

func (a *agentConn) unread() (n int, known bool) { return 0, false }
