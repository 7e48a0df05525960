package moshd_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// A log that nobody reads stops nothing.
func TestMoshDLogBlocked(t *testing.T) {
	t.Parallel()
	dir := privateDir(t)
	read, write, err := os.Pipe()
	progtest.Must(t, err)
	defer read.Close()
	for err = error(nil); err == nil; { // the pipe is full from the start
		write.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_, err = write.Write(make([]byte, 4096))
	}
	log, err := os.OpenFile(fmt.Sprintf("/dev/fd/%d", write.Fd()), os.O_WRONLY, 0)
	progtest.Must(t, err)
	write.Close()
	cmd := exec.Command("sh", "-c", `exec moshd "$@" 2>&3`, "sh", "--socket="+dir+"/s", "--listen=127.0.0.1:0")
	cmd.ExtraFiles = []*os.File{log}
	m := serveMoshdCommand(t, dir, cmd)
	log.Close()
	b, c := listenUDP(t), listenUDP(t)
	m.register(t, b, udpmux.Learn|udpmux.Token)
	for range 3 {
		m.exchange(t, c, b, tokenOfMoshdKey())
	}
	progtest.Must(t, m.Cmd.Process.Signal(unix.SIGTERM))
	m.ends(t)
}

// A user who makes the daemon write without end gets so many lines and no more; the others' lines are there.
func TestMoshDLogLimit(t *testing.T) {
	t.Parallel()
	m := serveMoshd(t, privateDir(t))
	for range 1500 {
		c, err := net.Dial("unix", m.dir+"/s")
		progtest.Must(t, err)
		c.Write([]byte{0, 0})
		c.Read(make([]byte, 100))
		c.Close()
	}
	progtest.Must(t, m.Cmd.Process.Signal(unix.SIGUSR1))
	progtest.Must(t, progtest.Poll(func() error { return m.logged("msg=state") }))
	log, err := os.ReadFile(m.Log)
	progtest.Must(t, err)
	if n := strings.Count(string(log), "agent refused"); n < 1000 || n > 1400 {
		t.Errorf("%d lines", n)
	}
	// After a pause there is one again, and it says how many there were not.
	progtest.Must(t, progtest.Poll(func() error {
		c, err := net.Dial("unix", m.dir+"/s")
		progtest.Must(t, err)
		defer c.Close()
		c.Write([]byte{0, 0})
		c.Read(make([]byte, 100))
		return m.logged(`"lines left out"=\d+`)
	}))
}
