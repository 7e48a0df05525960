//go:build linux

package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	tick = time.Second / 100 // in which /proc counts processor time
	page = 4096              // bytes
)

// A member is one of the processes that belong to a started program. Its start time tells it from a later process of
// its id.
type member struct {
	pid, parent int
	start       string
	waited      time.Duration // processor time of its children that have ended
}

// parseStat reads a line of proc_pid_stat(5). It is false for a process that has ended.
func parseStat(line string) (m member, ok bool) {
	name := strings.LastIndexByte(line, ')') // it may have blanks and parentheses itself
	f := strings.Fields(line[name+1:])
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return member{}, false
	}
	m.pid, _ = strconv.Atoi(line[:max(strings.IndexByte(line, ' '), 0)])
	m.parent, _ = strconv.Atoi(f[1])
	m.start = f[19]
	for _, children := range f[13:15] { // cutime and cstime
		ticks, _ := strconv.Atoi(children)
		m.waited += time.Duration(ticks) * tick
	}
	return m, true
}

// family gives the process pid of all and its descendants.
func family(all []member, pid int) (found []member) {
	children := map[int][]member{}
	for _, m := range all {
		if m.pid == pid {
			found = []member{m}
		}
		children[m.parent] = append(children[m.parent], m)
	}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].pid]...)
	}
	return found
}

// parseRollup gives the proportional set size in bytes of a /proc/PID/smaps_rollup.
func parseRollup(text string) (pss int) {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			pss, _ = strconv.Atoi(f[1])
		}
	}
	return pss << 10
}

// parseBusy gives the processor time that all have used, by /proc/stat; interrupts, too: they are in the programs' own
// time.
func parseBusy(text string) time.Duration {
	var user, nice, system, idle, ioWait, irq, softIRQ time.Duration
	fmt.Sscanf(text, "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &ioWait, &irq, &softIRQ)
	return (user + nice + system + irq + softIRQ) * tick
}

// parseListener says by /proc/net/tcp whether somebody listens at a port of 127.0.0.1, and how many connections wait
// to be accepted.
func parseListener(text string, port int) (waiting int, ok bool) {
	local := fmt.Sprintf("0100007F:%04X", port)
	for line := range strings.Lines(text) {
		const listen = "0A"
		if f := strings.Fields(line); len(f) > 4 && f[1] == local && f[3] == listen {
			_, queue, _ := strings.Cut(f[4], ":")
			n, _ := strconv.ParseInt(queue, 16, 32)
			return int(n), true
		}
	}
	return 0, false
}

// listener is that of now.
func listener(port int) (waiting int, ok bool) {
	b, _ := os.ReadFile("/proc/net/tcp")
	return parseListener(string(b), port)
}
