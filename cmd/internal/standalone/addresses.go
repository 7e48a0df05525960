package standalone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteAddresses writes the file whole or not at all, so that whoever waits for it never reads half of it. remove takes
// it away, but not one that another program has put there since.
func WriteAddresses[A fmt.Stringer](file string, addresses []A) (remove func(), err error) {
	var b strings.Builder
	for _, address := range addresses {
		fmt.Fprintln(&b, address)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return nil, fmt.Errorf("--address-file: %w", err)
	}
	_, err = tmp.WriteString(b.String())
	own, errStat := tmp.Stat()
	err = errors.Join(err, errStat, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return nil, fmt.Errorf("--address-file: %w", err)
	}
	return func() { // an inode that is free again has another time
		if now, err := os.Stat(file); err == nil && os.SameFile(own, now) && now.ModTime().Equal(own.ModTime()) {
			os.Remove(file)
		}
	}, nil
}
