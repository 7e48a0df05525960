package proc

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Open gives what the process's first n descriptors are, the same way as [descriptorOf].
func (p *Process) Open(n int) []string { return OpenIn(p.Cmd.Process.Pid, n) }

// OpenIn gives what a process's descriptors below n are; unnamed sockets and pipes have an inode, too.
func OpenIn(pid, n int) (all []string) {
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, name := range names {
		var s unix.Stat_t
		if fd, err := strconv.Atoi(filepath.Base(name)); err == nil && fd < n && unix.Stat(name, &s) == nil {
			all = append(all, fmt.Sprintf("%d:%d", s.Dev, s.Ino))
		}
	}
	return all
}

// Null is /dev/null, which everybody may have open.
func Null() string {
	var s unix.Stat_t
	unix.Stat(os.DevNull, &s)
	return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
}

// A place is where a text stands that must not be there.
type place struct {
	Pid     int
	What    string
	Environ bool // otherwise in the arguments
}

// Showing looks for secret texts, by their names, in the arguments and environments of all processes that are not older
// than this one.
func (p *Process) Showing(secrets map[string]string) (places []place) {
	for pid := range p.younger() {
		for _, file := range []string{"cmdline", "environ"} {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
			for secret, what := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					places = append(places, place{pid, what, file == "environ"})
				}
			}
		}
	}
	return places
}

// ReceivedAt says whether all that was sent to the UDP socket bound to the address has been read, and whether that can
// be seen.
func ReceivedAt(at netip.AddrPort) (yes, known bool) {
	file := "/proc/net/udp"
	if at.Addr().Is6() {
		file = "/proc/net/udp6"
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false, false
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line) // number, local address, remote address, state, tx_queue:rx_queue, …
		if len(f) < 5 {
			continue
		}
		if local, err := parseAddrPort(f[1]); err == nil && local == at {
			_, queue, _ := strings.Cut(f[4], ":")
			bytes, err := strconv.ParseInt(queue, 16, 64)
			return bytes == 0, err == nil
		}
	}
	return true, true
}

// ReceivedStream says whether all that was sent on the connection has been read, and whether that can be seen.
func ReceivedStream(c *net.UnixConn) (yes, known bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false, false
	}
	var n int
	var ioctlErr error
	err = raw.Control(func(fd uintptr) { n, ioctlErr = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n == 0, err == nil && ioctlErr == nil
}

// WithoutOverride runs f, which starts processes, in a thread without root's privilege to override permissions.
func WithoutOverride(f func()) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with this function
		if os.Geteuid() == 0 {
			for _, privilege := range []uintptr{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH} {
				if err = unix.Prctl(unix.PR_CAPBSET_DROP, privilege, 0, 0, 0); err != nil {
					return
				}
			}
		}
		f()
	}()
	<-done
	return err
}

// stateNames are the states of proc(5) that a process may be seen in, in words.
var stateNames = map[byte]string{'R': "runs", 'S': "sleeps", 'D': "waits for a device", 'T': "is stopped",
	'Z': "has ended, and its parent has not waited for it"}

// States describes each process: its name, its state, and where in the kernel it waits, if that can be seen.
func (all Processes) States() (lines []string) {
	for _, pid := range all {
		s, err := readStat(strconv.Itoa(pid))
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		waits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
		does := cmp.Or(stateNames[s.state], "is in state "+string(s.state))
		line := fmt.Sprintf("process %d, %q, %s", pid, bytes.TrimSpace(name), does)
		if len(waits) > 1 { // "0": not told
			line += " in the kernel's " + string(waits)
		}
		lines = append(lines, line)
	}
	return lines
}

// OwnerOf says whose the UDP socket at an address is: " (process PID, NAME)", or nothing if that cannot be seen.
func OwnerOf(at netip.AddrPort) string {
	inode := ""
	for _, file := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 10 {
				continue
			}
			if have, err := parseAddrPort(f[1]); err == nil && have.Port() == at.Port() {
				inode = "socket:[" + f[9] + "]"
			}
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); inode != "" && err == nil && to == inode {
			pid := strings.Split(link, "/")[2]
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			return fmt.Sprintf(" (process %s, %s)", pid, bytes.TrimSpace(name))
		}
	}
	return ""
}

// Listen gives the addresses at which some of the processes listen over TCP.
func (all Processes) Listen() (addresses []string) {
	sockets := make(map[string]bool)
	for _, pid := range all {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, link := range links {
			to, _ := os.Readlink(link)
			sockets[to] = true
		}
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != listens || !sockets["socket:["+f[9]+"]"] {
				continue
			}
			if at, err := parseAddrPort(f[1]); err == nil {
				addresses = append(addresses, at.String())
			}
		}
	}
	return addresses
}
