package progtest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// A Filer is a socket that can be passed on.
type Filer interface{ File() (*os.File, error) }

// ActivationOf does so for any program.
func ActivationOf(t *testing.T, sockets []Filer, command ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("activate", append([]string{strconv.Itoa(len(sockets))}, command...)...)
	for _, socket := range sockets {
		f, err := socket.File()
		Must(t, err)
		t.Cleanup(func() { f.Close() })
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	return cmd
}

// activate does the part of systemd's socket activation that only the process itself can do: it puts its own id into
// the environment and becomes the program. Arguments: the number of sockets, which are descriptors 3 and up, the
// program, its arguments.
func activate() {
	program, err := exec.LookPath(os.Args[2])
	if err != nil {
		panic(err)
	}
	env := append(os.Environ(), fmt.Sprintf("LISTEN_PID=%d", os.Getpid()), "LISTEN_FDS="+os.Args[1])
	panic(unix.Exec(program, os.Args[2:], env))
}
