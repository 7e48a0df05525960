package moshd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/standalone"
)

// lockDirectory checks that nobody else can replace what is in the directory, and locks it for as long as it is open:
// of two daemons that start at once each might replace the other's socket.
func lockDirectory(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := checkDirectories(path); err != nil {
		dir.Close()
		return nil, err
	}
	standalone.Patiently(func() error { return unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB) }, unix.EWOULDBLOCK)
	return dir, nil
}

// checkDirectories looks at a directory and at those above it, by the path that was said and by the one that links lead
// to. Who may write to one of them can replace what is below, unless it is sticky (UDPMUX-63).
func checkDirectories(path string) error {
	said, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(said)
	if err != nil {
		return err
	}
	var root, st unix.Stat_t
	if err := unix.Stat("/", &root); err != nil {
		return err
	}
	trusted := []uint32{0, root.Uid, uint32(os.Geteuid())} // in a user's namespace root is another
	for _, dir := range []string{said, real} {
		for up := ""; dir != up; up, dir = dir, filepath.Dir(dir) {
			switch err := unix.Stat(dir, &st); {
			case err != nil:
				return &os.PathError{Op: "stat", Path: dir, Err: err}
			case st.Mode&unix.S_IFMT != unix.S_IFDIR:
				return fmt.Errorf("%s is no directory", dir)
			case st.Mode&0o022 != 0 && st.Mode&unix.S_ISVTX == 0:
				return fmt.Errorf("others can write to %s (mode %04o)", dir, st.Mode&0o7777)
			case !slices.Contains(trusted, st.Uid):
				return fmt.Errorf("%s belongs to another user (uid %d)", dir, st.Uid)
			}
		}
	}
	return nil
}
