//go:build !linux

package sockdiag

import (
	"errors"

	"golang.org/x/sys/unix"
)

// UDP fails: only Linux has such a table.
func UDP(uint16) ([]Socket, error) { return nil, errors.New("only Linux has sock_diag") }

func uidOf(fd int) (uint32, error) {
	credentials, err := unix.GetsockoptXucred(fd, 0, unix.LOCAL_PEERCRED) // 0 is SOL_LOCAL
	if err != nil {
		return 0, err
	}
	return credentials.Uid, nil
}
