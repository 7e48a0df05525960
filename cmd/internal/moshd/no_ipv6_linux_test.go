package moshd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
)

// withoutIPv6 calls f in a thread in which, and in whose children, the kernel has no IPv6 sockets.
func withoutIPv6(t *testing.T, f func()) {
	t.Helper()
	const number, first = 0, 16 // where the call's number and the lower half of its first argument are
	refused := uint32(unix.SECCOMP_RET_ERRNO | unix.EAFNOSUPPORT)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 3, K: unix.SYS_SOCKET},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: first},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: unix.AF_INET6},
		{Code: unix.BPF_RET | unix.BPF_K, K: refused},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		if err == nil {
			err = unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skip("a filter for system calls cannot be set: ", err)
	}
}

// Where the kernel has no IPv6, the shipped configuration and the default serve IPv4; what is IPv6 alone does not
// start.
func TestMoshDWithoutIPv6(t *testing.T) {
	t.Parallel()
	free, err := net.ListenUDP("udp4", nil)
	progtest.Must(t, err)
	port := strconv.Itoa(free.LocalAddr().(*net.UDPAddr).Port)
	free.Close()
	text, err := os.ReadFile("../../../docs/units/moshd.toml")
	progtest.Must(t, err)
	dir := privateDir(t)
	shipped := filepath.Join(dir, "moshd.toml")
	progtest.Must(t, os.WriteFile(shipped, []byte(strings.ReplaceAll(string(text), "60000", port)), 0o600))
	withoutIPv6(t, func() {
		s, err := progtest.StartServer(exec.Command("moshd", "--config="+shipped, "--socket="+dir+"/s"), dir)
		if err != nil {
			t.Error(err)
			return
		}
		if len(s.Addresses) != 1 || s.Addresses[0] != "0.0.0.0:"+port {
			t.Errorf("it listens on %v", s.Addresses)
		}
		s.Kill()
		got := progtest.Run(t, nil, "moshd", "--listen=[::]:0", "--socket="+dir+"/s")
		if got.Code != 1 || !strings.Contains(got.Stderr,
			"listen udp6 [::]:0: socket: address family not supported by protocol") {
			t.Errorf("got %+v", got)
		}
	})
}
