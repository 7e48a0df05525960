package agent

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// longestSocket is a length that every system accepts for the path of a Unix socket.
const longestSocket = 100

// relative gives the daemon's place as a path that is right in one folder only.
func relative(s *engine.Session, a *part) error {
	folder, err := s.Target().Folder()
	if err != nil {
		return engine.Unsupported("no path leads from where the target is started: %v", err)
	}
	path, err := onlyFrom(folder, a.daemon.path)
	if err != nil {
		return engine.Unsupported("%v", err)
	}
	if len(path) > longestSocket {
		return engine.Unsupported("%s is too far from %s for the path of a socket", a.daemon.path, folder)
	}
	s.Values["socket"] = path
	a.env = append(a.env, "MOSHD_SOCKET="+path)
	return nil
}

// onlyFrom gives a relative path that leads to the file from that folder but not from the root, where a program in the
// background goes. A path that just climbs up to the root is right from there, too, so this one begins with a folder
// that the root does not have.
func onlyFrom(folder, file string) (string, error) {
	path, err := filepath.Rel(folder, file)
	if err != nil {
		return "", err
	}
	ways := []string{path, "../" + filepath.Base(folder) + "/" + path}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if e.IsDir() {
			ways = append(ways, e.Name()+"/../"+path)
		}
	}
	for _, way := range ways {
		// filepath.Join would remove the folders that matter.
		if _, err := os.Lstat("/" + way); err == nil {
			continue
		}
		if _, err := os.Lstat(folder + "/" + way); err == nil { // fails after a symbolic link
			return way, nil
		}
	}
	return "", fmt.Errorf("no path to %s is right in %s and wrong in the folder /", file, folder)
}
