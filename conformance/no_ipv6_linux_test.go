package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/conformance"
	"github.com/muxspec/muxspec/conformance/report"
)

const (
	withoutIPv6 = "MUXSPEC_TEST_WITHOUT_IPV6"
	switches    = "/proc/sys/net/ipv6/conf/*/disable_ipv6"
)

// Where there is no ::1, a scenario that needs it is unsupported, says so, and takes its rule's other scenarios
// nothing.
func TestNoIPv6(t *testing.T) {
	if os.Getenv(withoutIPv6) == "" {
		inNetworkWithoutIPv6(t)
		return
	}
	turnIPv6Off(t)
	rep := judge(t, "reference", func(o *conformance.Options) {
		o.Rules = []string{"UDPMUX-12", "UDPMUX-43",
			"UDPMUX-112"}
	})
	lacking := make(map[string]bool)
	for _, rule := range rep.Rules {
		for _, s := range rule.Scenarios {
			switch {
			case s.Outcome == report.Unsupported && strings.Contains(s.Reason, "no ::1"):
				lacking[s.Name] = true
			case s.Outcome != report.Pass:
				t.Errorf("%s/%s: %s: %s", rule.ID, s.Name, s.Outcome, s.Reason)
			}
		}
	}
	for _, name := range []string{"answers-from-there-ipv6", "bound-to-ipv6-loopback", "agent-ipv6-server"} {
		if !lacking[name] {
			t.Errorf("%s is not unsupported", name)
		}
	}
}

// inNetworkWithoutIPv6 runs the test again in a network of its own.
func inNetworkWithoutIPv6(t *testing.T) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), withoutIPv6+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	said, err := cmd.CombinedOutput()
	switch {
	case cmd.Process == nil:
		t.Skipf("no network of its own can be had here: %v", err)
	case strings.Contains(string(said), "--- SKIP: "+t.Name()):
		t.Skipf("%s", said)
	case err != nil || !strings.Contains(string(said), "--- PASS: "+t.Name()):
		t.Errorf("without IPv6: %v\n%s", err, said)
	}
}

// turnIPv6Off does so in the network that the process has for itself, and brings lo up.
func turnIPv6Off(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(switches)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.WriteFile(file, []byte("1"), 0); err != nil {
			t.Skipf("IPv6 cannot be turned off here: %v", err)
		}
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}
