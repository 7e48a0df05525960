package agent

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// hostFile is the configuration of this machine, which an agent reads if its user has none, and root's agent always.
const hostFile = "/etc/moshd.toml"

// hide is a script that starts $0 with an empty file, $1, in the host file's place.
const hide = `mount --bind "$1" ` + hostFile + ` && shift && exec "$0" "$@"`

// apart keeps the agents yet to be started from this machine's own configuration: the user's file exists and is empty,
// and the host's is hidden from root.
func (a *part) apart() error {
	empty := filepath.Join(a.dir, "moshd.toml")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		return engine.Inconclusive("%v", err)
	}
	if _, err := os.Stat(hostFile); err != nil || os.Geteuid() != 0 {
		return nil
	}
	unshare, err := exec.LookPath("unshare")
	if err == nil {
		err = exec.Command(unshare, "--mount", "sh", "-c", hide, "true", empty).Run()
	}
	if err != nil {
		return engine.Unsupported("this machine has %s, which the agent would read, and it cannot be hidden: %v",
			hostFile, err)
	}
	a.wrap = func(path string, argv []string) (string, []string) {
		return unshare, append([]string{"unshare", "--mount", "sh", "-c", hide, path, empty}, argv[1:]...)
	}
	return nil
}
