package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// socketPath is where agents find the daemon (docs/udpmux.md, section 2.6).
func (c *moshdConfig) socketPath() (string, error) {
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	switch env := os.Getenv("MOSHD_SOCKET"); {
	case c.Socket != "":
		return c.Socket, nil
	case env != "":
		return env, nil
	case c.MultiUser:
		return "/run/moshd/moshd.sock", nil
	case runtime != "":
		return filepath.Join(runtime, "moshd.sock"), nil
	}
	return "", errors.New("where is the Unix socket to be? Neither --socket, MOSHD_SOCKET, --multi-user nor XDG_RUNTIME_DIR says it")
}

// listenAgents opens the Unix socket. A file that nobody listens on is replaced, a daemon is not.
func (c *moshdConfig) listenAgents() (*net.UnixListener, error) {
	path, err := c.socketPath()
	if err != nil {
		return nil, err
	}
	group := -1
	if c.SocketGroup != "" {
		if group, err = groupID(c.SocketGroup); err != nil {
			return nil, err
		}
	}
	dir, err := lockDirectory(filepath.Dir(path)) // of two daemons that start at once each might replace the other's socket
	if err != nil {
		return nil, fmt.Errorf("socket %q: %w", path, err)
	}
	defer dir.Close()
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("socket %q: %w", path, err)
	}
	old := unix.Umask(0o777) // nobody connects before the mode is right
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(old)
	if err != nil {
		return nil, err
	}
	if group >= 0 {
		err = os.Chown(path, -1, group)
	}
	if err := errors.Join(err, os.Chmod(path, c.mode)); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func groupID(name string) (int, error) {
	if id, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(id), nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("socket-group %q: there is no such group", name)
	}
	return strconv.Atoi(g.Gid)
}

// lockDirectory checks that nobody else can replace what is in the directory, and locks it for as long as it is open.
func lockDirectory(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(dir.Fd()), &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		err = errors.New("its directory is none")
	case st.Mode&0o022 != 0:
		err = fmt.Errorf("others can write to its directory (mode %04o)", st.Mode&0o7777)
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		err = fmt.Errorf("its directory belongs to another user (uid %d)", st.Uid)
	default:
		err = unix.Flock(int(dir.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		dir.Close()
		return nil, err
	}
	return dir, nil
}

// removeStale removes a socket file that nobody listens on.
func removeStale(path string) error {
	c, err := net.Dial("unix", path)
	switch {
	case err == nil:
		c.Close()
		return errors.New("another daemon listens on it")
	case errors.Is(err, unix.ENOENT):
		return nil
	case !errors.Is(err, unix.ECONNREFUSED):
		return err
	}
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() != os.ModeSocket {
		return errors.New("there is a file that is not a socket")
	}
	return errors.Join(err, os.Remove(path))
}
