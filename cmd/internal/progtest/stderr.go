package progtest

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// badDescriptors are what a shell makes of standard output and standard error. Descriptor 3 is a pipe.
var badDescriptors = map[string]string{
	"closed": `exec "$@" <&- >&- 2>&- 3>&-`,
	"full":   `exec "$@" >/dev/full 2>&1 3>&-`,
	"gone":   `exec "$@" >&3 2>&3 3>&-`,
	"stuck":  `exec "$@" >&3 2>&3 3>&-`,
}

// ForBadDescriptors runs a test with programs whose standard descriptors are closed, full, a pipe whose reader has
// gone, and a full pipe whose reader stands still; command makes their command.
func ForBadDescriptors(t *testing.T, test func(t *testing.T, command func(program string, args ...string) *exec.Cmd)) {
	t.Helper()
	for name, script := range badDescriptors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/dev/full"); name == "full" && err != nil {
				t.Skip(err)
			}
			pipe := BadPipe(t, name == "stuck")
			test(t, func(program string, args ...string) *exec.Cmd {
				cmd := exec.Command("sh", append([]string{"-c", script, "sh", program}, args...)...)
				cmd.ExtraFiles = []*os.File{pipe}
				return cmd
			})
		})
	}
}

// BadPipe returns a pipe that nobody reads: since the reader has gone, or it is stuck and the pipe is full.
func BadPipe(t *testing.T, stuck bool) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	Must(t, err)
	t.Cleanup(func() { w.Close() })
	if !stuck {
		r.Close()
		return w
	}
	t.Cleanup(func() { r.Close() })
	fd := int(w.Fd())
	Must(t, unix.SetNonblock(fd, true))
	for _, size := range []int{4096, 1} {
		for err = nil; err == nil; _, err = unix.Write(fd, make([]byte, size)) {
		}
	}
	if err != unix.EAGAIN {
		t.Fatal(err)
	}
	Must(t, unix.SetNonblock(fd, false))
	return w
}
