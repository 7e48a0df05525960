//go:build !linux

package sockets

import (
	"errors"
)

func AsUser(int, func() error) error {
	return errors.New("a thread of another user is something that Linux has")
}
