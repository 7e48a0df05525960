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

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

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
		values["listen"] = engine.Expand(o["-listen"], freePorts("a", "b"))
	}
	return values
}

// freePorts gives each name a port that nobody has.
func freePorts(names ...string) map[string]string {
	ports := make(map[string]string)
	for _, name := range names {
		port, err := sockets.FreePort()
		if err != nil {
			engine.Must(engine.Inconclusive("%v", err))
		}
		ports[name] = port
	}
	return ports
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
