//go:build !linux

package sockets

import (
	"errors"
)

func AsUser(int, func() error) error {
	return errors.New("only Linux has threads of another user")
}
