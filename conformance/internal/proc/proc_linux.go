package proc

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// CanSeeProcesses: the kernel's tables show processes and sockets.
const CanSeeProcesses = true

// Members gives the processes that the target consists of: those of its process group, those that have left it but have
// its mark in their environment, and zombies of these, which have no environment any more.
func (p *Process) Members() (all Processes) {
	zombies := make(map[int]int) // to the parent
	for pid, s := range p.younger() {
		if s.group != p.Cmd.Process.Pid {
			if env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil ||
				!bytes.Contains(env, []byte(p.mark)) {
				if s.state == 'Z' {
					zombies[pid] = s.parent
				}
				continue
			}
		}
		all = append(all, pid)
	}
	for pid, parent := range zombies {
		if slices.Contains(all, parent) {
			all = append(all, pid)
		}
	}
	slices.Sort(all)
	return all
}

// younger gives the processes that are not older than the target. Most of a machine's processes are older, as their ids
// tell: these are given in turn until they start anew.
func (p *Process) younger() map[int]stat {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	least := 0
	if load, _ := os.ReadFile("/proc/loadavg"); len(load) > 0 {
		f := strings.Fields(string(load))
		if last, err := strconv.Atoi(f[len(f)-1]); err == nil && last >= p.Cmd.Process.Pid {
			least = p.Cmd.Process.Pid
		}
	}
	all := make(map[int]stat)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid < least {
			continue
		}
		if s, err := readStat(name); err == nil && s.started >= p.started {
			all[pid] = s
		}
	}
	return all
}

// running says whether a thread of the processes runs or waits for a processor.
func (all Processes) running() bool {
	return all.anyThread(func(state byte) bool { return state == 'R' })
}

// paused says whether all threads have been stopped.
func (all Processes) paused() bool {
	return !all.anyThread(func(state byte) bool { return state != 'T' })
}

func (all Processes) anyThread(is func(state byte) bool) bool {
	for _, pid := range all {
		threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		for _, thread := range threads {
			if s, err := readStat(fmt.Sprintf("%d/task/%s", pid, thread.Name())); err == nil && is(s.state) {
				return true
			}
		}
	}
	return false
}

// fixture says whether the process is "muxspec service NAME", whatever muxspec is called.
func fixture(pid int) bool {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	argv := bytes.Split(b, []byte{0})
	return len(argv) > 2 && string(argv[1]) == "service" && bytes.Contains(argv[0], []byte("muxspec"))
}

// Self says why this process cannot be seen in the table.
func Self() error {
	_, err := os.ReadFile("/proc/self/stat")
	return err
}

// Descriptors is the number of open descriptors of all of the processes.
func (all Processes) Descriptors() (n int) {
	for _, pid := range all {
		entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		n += len(entries)
	}
	return n
}

// listens is the state of a TCP socket in the kernel's table that listens.
const listens = "0A"

// Listening says whether some TCP socket listens on the address, or on all addresses with its port.
func Listening(address string) bool {
	want, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	if found, err := listener(want); err == nil {
		return found
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} { // if the kernel cannot be asked for one address
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 4 || f[3] != listens {
				continue
			}
			have, err := parseAddrPort(f[1])
			if err == nil && have.Port() == want.Port() && (have.Addr() == want.Addr() || have.Addr().IsUnspecified()) {
				return true
			}
		}
	}
	return false
}

// DaemonListens says whether a UDP socket is bound to the address, and something listens on the Unix socket.
func DaemonListens(address, path string) bool {
	want, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	bound := false
	for _, file := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 1 {
				have, err := parseAddrPort(f[1])
				bound = bound || err == nil && have == want
			}
		}
	}
	b, _ := os.ReadFile("/proc/net/unix")
	for line := range strings.Lines(string(b)) {
		const accepts = "00010000" // the flags of a socket that listens
		if f := strings.Fields(line); bound && len(f) == 8 && f[7] == path && f[3] == accepts {
			return true
		}
	}
	return false
}

// parseAddrPort reads an address of /proc/net/tcp: 32-bit words in the machine's order, in hex, a colon, the port.
func parseAddrPort(s string) (netip.AddrPort, error) {
	a, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(a)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for i := 0; i+4 <= len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	addr, ok := netip.AddrFromSlice(b)
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil || !ok {
		return netip.AddrPort{}, fmt.Errorf("not an address: %q", s)
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
}
