package conformance

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// canSeeProcesses: the kernel's tables tell about processes and sockets.
const canSeeProcesses = true

// members gives the ids of the processes that the target consists of: those of its process group, those that have left it but
// still have its mark in their environment, and zombies of one of these, which have no environment any more.
func (p *process) members() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	zombies := make(map[int]int) // to the parent
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		s, err := readStat(dir)
		if err != nil || s.started < p.started { // most of a machine's processes are older
			continue
		}
		if s.group != p.cmd.Process.Pid {
			if env, err := os.ReadFile(dir + "/environ"); err != nil || !bytes.Contains(env, []byte(p.mark)) {
				if s.state == 'Z' {
					zombies[pid] = s.parent
				}
				continue
			}
		}
		pids = append(pids, pid)
	}
	for pid, parent := range zombies {
		if slices.Contains(pids, parent) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// running says whether a thread of the target's processes runs or waits for a processor.
func (p *process) running() bool {
	for _, pid := range p.members() {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
		for _, dir := range threads {
			if s, err := readStat(dir); err == nil && s.state == 'R' {
				return true
			}
		}
	}
	return false
}

// A stat is what is needed of a process's or thread's file stat.
type stat struct {
	state  byte
	parent int
	group  int
	cpu    time.Duration // used by the process and by those children of it that were waited for
	// started is when, in the kernel's steps since the machine did.
	started int
}

// startOf is when a process of ours was started.
func startOf(pid int) int {
	s, _ := readStat(fmt.Sprintf("/proc/%d", pid))
	return s.started
}

// readStat reads proc_pid_stat(5) of the process or thread whose folder it is given.
func readStat(dir string) (s stat, err error) {
	b, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return s, err
	}
	// The program's name, in parentheses, may hold anything; behind it stand numbers.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 20 {
		return s, fmt.Errorf("%s/stat: too short", dir)
	}
	s.state = f[0][0]
	s.parent, _ = strconv.Atoi(f[1])
	s.started, _ = strconv.Atoi(f[19])
	s.group, err = strconv.Atoi(f[2])
	const tick = 10 * time.Millisecond // sysconf(_SC_CLK_TCK) is 100 on Linux
	for _, field := range f[11:15] {
		n, _ := strconv.Atoi(field)
		s.cpu += time.Duration(n) * tick
	}
	return s, err
}

// cpu is the time that all of the target's processes have used.
func (p *process) cpu() (total time.Duration) {
	for _, pid := range p.members() {
		if s, err := readStat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			total += s.cpu
		}
	}
	return total
}

// memory is the most physical memory that each of the target's processes has ever had, in all, in bytes.
func (p *process) memory() (total int) {
	for _, pid := range p.members() {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
				n, _ := strconv.Atoi(f[1])
				total += n << 10
			}
		}
	}
	return total
}

// descriptors is the number of open descriptors of all of the target's processes.
func (p *process) descriptors() (n int) {
	for _, pid := range p.members() {
		entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		n += len(entries)
	}
	return n
}

// listening says whether some TCP socket listens on the address, or on all addresses with its port.
func listening(address string) bool {
	want, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			const listen = "0A"
			if len(f) < 4 || f[3] != listen {
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

// daemonListens says whether a UDP socket is bound to the address, and something listens on the Unix socket.
func daemonListens(address, path string) bool {
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
