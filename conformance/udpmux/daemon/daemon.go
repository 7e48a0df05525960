package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func daemonVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "restart", Usage: "stop|kill",
			Help: "End the daemon with SIGTERM (stop) or SIGKILL (kill), and start it again with the same socket " +
				"addresses.",
			Max: -1, Run: restartVerb},
		{Name: "another",
			Usage: "[-refused on] [-socket own] [-listen same|ADDRESS,...] [-writable MODE] [-below on] [-link in|to] " +
				"[-inherit none|address|port|both,...] [-at ADDR]",
			Help: "Start a second daemon. -socket own: with a Unix socket of its own, otherwise the first daemon's. " +
				"-listen: at the first daemon's port (same) or at these addresses, in which {a} and {b} stand for " +
				"two free ports; otherwise at a free port. -writable MODE: its Unix socket is in a folder of this " +
				"mode; -below: in a good folder inside such a folder; -link: in a good folder reached through a " +
				"link inside that folder (in), or in that folder, reached through a link inside a good one (to). " +
				"-inherit: it is passed a UDP socket of 127.0.0.2, or of the address in -at, as sd_listen_fds(3) " +
				"describes, with SO_REUSEADDR, SO_REUSEPORT or both, or several such sockets at different ports. " +
				"-refused: it does not start, and ends with a failure. Except for unshared, the next verbs still " +
				"use the first daemon.", Max: -1, Run: anotherVerb},
		{Name: "unshared", Usage: "first|passed",
			Help: "No other socket, with any options, can bind the daemon's address and port (first), or those of " +
				"the socket that was passed to the second daemon (passed).", Max: -1, Run: unsharedVerb},
		{Name: "socket", Usage: "MODE",
			Help: "The Unix socket's file has this mode.", Min: 1, Max: 1, Run: socketVerb},
		{Name: "loiter", Usage: "N [TEXT]",
			Help: "N agents connect, send the text, and then do nothing.", Max: -1, Run: loiterVerb},
	}
}

func restartVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "stop" || args[0] == "kill")) {
		return engine.ErrUsage
	}
	if args[0] == "kill" {
		syscall.Kill(-s.In.Process.Cmd.Process.Pid, syscall.SIGKILL)
	}
	s.In.End()
	s.Rec.Note("the target was ended: %v", s.In.Process.Cmd.ProcessState)
	values := maps.Clone(daemonIn(s.In).values)
	os.Remove(values["address_file"])
	if err := startDaemon(s.Context(), s.In, daemonIn(s.In).scenario, values); errors.Is(err, engine.ErrLate) {
		return engine.Inconclusive("starting the target again: %v", err) // as at the start for a scenario
	} else if err != nil {
		return engine.Violation("the target did not start again: %v", err)
	}
	return nil
}

func anotherVerb(s *engine.Session, args []string) error {
	o, rest := options(args, "-refused", "-writable", "-below", "-link", "-listen", "-socket", "-inherit", "-at")
	if len(rest) != 0 {
		return engine.ErrUsage
	}
	values := anotherValues(s, o)
	in, values, err := s.Prepare(values)
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	if o["-inherit"] != "" {
		defer func() {
			for _, f := range in.Inherit {
				f.Close()
			}
		}()
		pass(s, in, o, values)
	}
	err = launchDaemon(in, engine.Scenario{Role: s.Role}, values)
	if in.Process == nil {
		return engine.Inconclusive("starting the target once more: %v", err)
	}
	if o["-refused"] == "" {
		if err := in.Ready(s.Context(), values["address_file"]); errors.Is(err, engine.ErrLate) {
			return engine.Inconclusive("another instance, with %v and %s: %v", in.Address, daemonIn(in).socket, err)
		} else if err != nil {
			return engine.Violation("another instance does not start: %v", err)
		}
		return nil
	}
	// Listening is no sign: the instance may find out later, and somebody else listens on the Unix socket.
	w := s.Wait()
	if !w.Closes(in.Process.Gone) {
		return s.Meaning(w, fmt.Sprintf("another instance, with %v and %s, to end", in.Address, daemonIn(in).socket),
			engine.ErrLimit)
	}
	s.Rec.Note("the other instance has ended: %v", in.Process.Cmd.ProcessState)
	s.Rec.Note("it printed: %s", engine.Shown(in.Process.Printed()))
	if in.Process.Cmd.ProcessState.Success() {
		return engine.Violation("the other instance ends successfully")
	}
	return nil
}

// pass gives another instance the sockets that the options name.
func pass(s *engine.Session, in *engine.Instance, o, values map[string]string) {
	of(s).passed = netip.AddrPort{}
	for options := range strings.SplitSeq(o["-inherit"], ",") {
		in.Inherit = append(in.Inherit, inherited(s, cmp.Or(o["-at"], "127.0.0.2"), options))
	}
	in.Wrap = activate(len(in.Inherit))
	if o["-listen"] == "" { // one port for all
		own := sockets.Loopback4
		if of(s).passed.Addr() == netip.IPv4Unspecified() {
			own = netip.IPv6Loopback() // the IPv4 one is taken
		}
		values["listen"] = netip.AddrPortFrom(own, of(s).passed.Port()).String()
	}
}

// activate starts a program with n sockets passed to it. The variable has the program's own id: see sd_listen_fds(3).
func activate(n int) func(path string, argv []string) (string, []string) {
	script := fmt.Sprintf(`LISTEN_FDS=%d LISTEN_PID=$$ exec "$0" "$@"`, n)
	return func(path string, argv []string) (string, []string) {
		return "/bin/sh", append([]string{"sh", "-c", script, path}, argv[1:]...)
	}
}

// anotherValues gives the placeholders of another instance.
func anotherValues(s *engine.Session, o map[string]string) map[string]string {
	values := maps.Clone(s.Values)
	values["socket"] = daemonIn(s.In).socket
	if o["-socket"] == "own" {
		values["socket"] = ""
	}
	if o["-writable"] != "" {
		mode, err := strconv.ParseUint(o["-writable"], 8, 32)
		dir := filepath.Join(s.In.Dir, "w"+o["-writable"])
		if err != nil {
			engine.Must(engine.ErrUsage)
		}
		makeFolder(dir, 0o700)
		unixMode := os.FileMode(mode & 0o777)
		if mode&0o1000 != 0 {
			unixMode |= os.ModeSticky
		}
		if err := os.Chmod(dir, unixMode); err != nil {
			engine.Must(engine.Inconclusive("%v", err))
		}
		if o["-below"] != "" {
			dir = filepath.Join(dir, "d")
			makeFolder(dir, 0o755)
		}
		if o["-link"] != "" {
			dir = linked(s, o["-link"], dir)
		}
		values["socket"] = filepath.Join(dir, "s")
	}
	switch values["listen"] = ""; o["-listen"] {
	case "":
	case "same":
		values["listen"] = s.In.Address
	default:
		ports := make(map[string]string)
		for _, name := range []string{"a", "b"} {
			port, err := sockets.FreePort()
			if err != nil {
				engine.Must(engine.Inconclusive("%v", err))
			}
			ports[name] = port
		}
		values["listen"] = engine.Expand(o["-listen"], ports)
	}
	return values
}

// linked gives a path through a link: in dir to a good folder, or in a good folder to dir.
func linked(s *engine.Session, how, dir string) string {
	link, to := filepath.Join(s.In.Dir, strings.ReplaceAll(dir[len(s.In.Dir):], "/", "l")), dir
	if how == "in" {
		link, to = filepath.Join(dir, "l"), dir+"g"
		makeFolder(to, 0o755)
	}
	if err := os.Symlink(to, link); err != nil {
		engine.Must(engine.Inconclusive("%v", err))
	}
	return link
}

func makeFolder(dir string, mode os.FileMode) {
	if err := os.Mkdir(dir, mode); err != nil {
		engine.Must(engine.Inconclusive("%v", err))
	}
}

// inherited gives a UDP socket of that address, for its family alone, with the options that let others bind it.
func inherited(s *engine.Session, at, options string) *os.File {
	config := net.ListenConfig{Control: sockets.Reuse(options)}
	port, err := sockets.FreePort() // one that is free at the daemon's other addresses, too
	if err != nil {
		engine.Must(engine.Inconclusive("%v", err))
	}
	to := addressAt(net.JoinHostPort(at, port))
	c, err := config.ListenPacket(s.Context(), sockets.NetworkOf(to.Addr()), to.String())
	if err != nil {
		engine.Must(engine.Inconclusive("a socket to pass: %v", err))
	}
	defer c.Close()
	f, err := c.(*net.UDPConn).File()
	if err != nil {
		engine.Must(engine.Inconclusive("a socket to pass: %v", err))
	}
	if !of(s).passed.IsValid() {
		of(s).passed = c.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	return f
}

func unsharedVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "first" || args[0] == "passed")) {
		return engine.ErrUsage
	}
	at, err := external(s.In, sockets.Loopback4)
	if args[0] == "passed" {
		at = of(s).passed
	}
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	all, one := netip.IPv4Unspecified(), sockets.Loopback4
	if at.Addr().Is6() {
		all, one = netip.IPv6Unspecified(), netip.IPv6Loopback()
	}
	beside := all // another address that takes datagrams sent to this one
	if at.Addr() == all {
		beside = one
	}
	for _, options := range []string{"none", "address", "port", "both"} {
		for _, host := range []netip.Addr{at.Addr(), beside} {
			if host == beside && options == "none" {
				continue // shows nothing new
			}
			to := netip.AddrPortFrom(host, at.Port())
			config := net.ListenConfig{Control: sockets.Reuse(options)}
			c, err := config.ListenPacket(s.Context(), sockets.NetworkOf(host), to.String())
			s.Rec.Note("binding %v with SO_REUSE: %s: %v", to, options, err)
			if err == nil {
				c.Close()
				return engine.Violation("another socket can be bound to %v, with SO_REUSE: %s", to, options)
			}
		}
	}
	return nil
}

func socketVerb(s *engine.Session, args []string) error {
	info, err := os.Stat(daemonIn(s.In).socket)
	if err != nil {
		return engine.Violation("the Unix socket: %v", err)
	}
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		return engine.Violation("expected the mode %s of the Unix socket, not %s", args[0], got)
	}
	return nil
}

func loiterVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 || len(args) == 2) {
		return engine.ErrUsage
	}
	s.Values["hello"] = `\x00\x02\x01\x01`
	text := s.Texts(args[1:])
	for i := range engine.Integer(args[0]) {
		a, err := dialAgent(s, fmt.Sprint("idle ", i))
		if err != nil {
			return engine.Violation("connection %d to the target's Unix socket failed: %v", i, err)
		}
		if len(text) > 0 {
			a.Send(text, s.Wait())
		}
	}
	return nil
}
