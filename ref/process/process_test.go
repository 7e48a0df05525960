package process

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestInherited(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, from := range []int{3, 300} {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD, from)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if !slices.Contains(Inherited(), fd) {
			t.Errorf("descriptor %d is not found", fd)
		}
		unix.CloseOnExec(fd)
		if slices.Contains(Inherited(), fd) {
			t.Errorf("descriptor %d is found, and stays here", fd)
		}
	}
	if slices.Contains(Inherited(), int(f.Fd())) {
		t.Error("what was opened here is found")
	}
}

func TestEnvironment(t *testing.T) {
	for _, name := range []string{"NOTIFY_SOCKET", "TEST_ONE", "TEST_ONE_MORE"} {
		t.Setenv(name, "value")
	}
	for variable, want := range map[string]bool{"NOTIFY_SOCKET=value": false, "TEST_ONE=value": false,
		"TEST_ONE_MORE=value": true} {
		if has := slices.Contains(Environment("TEST_ONE"), variable); has != want {
			t.Errorf("%s is there: %v, want %v", variable, has, want)
		}
	}
}
