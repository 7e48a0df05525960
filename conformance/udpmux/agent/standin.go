package agent

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/report"
	"golang.org/x/sys/unix"
)

// standIns are the programs that the suite replaces by its own when it judges UDP mux's agents.
var standIns = []string{"mosh-server", "mosh-client"}

// A standInReport is what a stand-in first tells the suite about itself. Reports and orders are JSON on a Unix socket,
// whose end is also the stand-in's.
type standInReport struct {
	Program     string
	PID         int
	Group       int
	Session     int
	Args        []string
	Env         []string
	Descriptors []string // what 0, 1 and 2 are: device and inode
}

// standInOrders say what it does then.
type standInOrders struct {
	Bind   []string // addresses of UDP sockets; those with port 0 all get the same port
	Stdout string   // to print; {port} is that of the sockets, {port+N} is N more, {pid} that of what stays
	Stderr string
	Stays  bool // in the background, with the sockets, until the suite ends it
	Apart  bool // what stays has a session of its own
	Other  bool // another process of the group stays, too, and outlives the first
	Waits  bool // in the foreground for further orders, instead of ending
	Exit   int

	MayBeLate bool // it may have ended before
}

// A standInPlace says what came of the orders.
type standInPlace struct {
	Port       int
	Background int    // the id of the process that stays
	Other      int    // the id of the other one
	Trouble    string // the suite's own
}

// runStandIn is the program "muxspec service mosh-server SOCKET ARGUMENT..." or "mosh-client". The suite, which listens
// at SOCKET, tells it what to do. It returns the exit code.
func runStandIn(program string, args []string) int {
	const trouble = 99
	if len(args) == 0 {
		fmt.Fprintf(os.Stderr, "muxspec service %s: only the suite can start it\n", program)
		return report.ExitUsage
	}
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTSTP) // like mosh's programs, which these do not end
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: args[0]})
	if err != nil {
		fmt.Fprintf(os.Stderr, "muxspec service %s: %v\n", program, err)
		return trouble
	}
	report := standInReport{Program: program, PID: os.Getpid(), Group: unix.Getpgrp(),
		Args: args[1:], Env: os.Environ()}
	report.Session, _ = unix.Getsid(0)
	for fd := range 3 {
		report.Descriptors = append(report.Descriptors, descriptorOf(fd))
	}
	out, in := json.NewEncoder(c), json.NewDecoder(c)
	for out.Encode(report); ; {
		var orders standInOrders
		if in.Decode(&orders) != nil {
			return trouble // the suite is gone
		}
		place, err := orders.carryOut(c)
		if err != nil {
			place.Trouble = err.Error()
		}
		out.Encode(place)
		text := strings.NewReplacer("{port}", strconv.Itoa(place.Port), "{pid}", strconv.Itoa(place.Background))
		text.WriteString(os.Stdout, place.beyond(orders.Stdout))
		text.WriteString(os.Stderr, orders.Stderr)
		if !orders.Waits {
			return orders.Exit
		}
	}
}

// carryOut binds the sockets and leaves a process that holds them, and c.
func (o standInOrders) carryOut(c *net.UnixConn) (place standInPlace, err error) {
	var files []*os.File
	for _, address := range o.Bind {
		address = strings.Replace(address, ":0", ":"+strconv.Itoa(place.Port), 1)
		socket, err := net.ListenPacket(networkOf(address), address)
		if err != nil {
			return place, err
		}
		place.Port = socket.LocalAddr().(*net.UDPAddr).Port
		file, err := socket.(*net.UDPConn).File()
		if err != nil {
			return place, err
		}
		files = append(files, file)
	}
	if !o.Stays {
		return place, nil
	}
	end, err := c.File()
	if err != nil {
		return place, err
	}
	if o.Other {
		other := exec.Command("sleep", "60") // the suite ends it earlier, with all that is left
		if err := other.Start(); err != nil {
			return place, err
		}
		place.Other = other.Process.Pid
	}
	// It lasts as long as its input, which the suite holds.
	background := exec.Command("cat")
	background.Stdin, background.ExtraFiles = end, files
	background.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MOSH_KEY=") })
	background.SysProcAttr = &unix.SysProcAttr{Setsid: o.Apart}
	if err := background.Start(); err != nil {
		return place, err
	}
	place.Background = background.Process.Pid
	return place, nil
}

var portAndMore = regexp.MustCompile(`\{port\+([0-9]+)\}`)

// beyond fills in the numbers that are so much more than the port, even if no integer can hold them.
func (p standInPlace) beyond(text string) string {
	return portAndMore.ReplaceAllStringFunc(text, func(m string) string {
		more, _ := new(big.Int).SetString(portAndMore.FindStringSubmatch(m)[1], 10)
		return more.Add(more, big.NewInt(int64(p.Port))).String()
	})
}

// networkOf gives the network whose sockets have that address and no other.
func networkOf(address string) string {
	if strings.HasPrefix(address, "[") {
		return "udp6"
	}
	return "udp4"
}

// descriptorOf identifies what a descriptor refers to.
func descriptorOf(fd int) string {
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return "none"
	}
	return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
}

// programs are the stand-ins as programs.
func programs() map[string]func(args []string) int {
	all := make(map[string]func([]string) int)
	for _, name := range standIns {
		all[name] = func(args []string) int { return runStandIn(name, args) }
	}
	return all
}

// standInScript is a program to put on PATH that becomes the stand-in.
func standInScript(muxspec, program, socket string) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	return fmt.Sprintf("#!/bin/sh\nexec %s service %s %s \"$@\"\n", quote(muxspec), program, quote(socket))
}
