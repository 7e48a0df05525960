package conformance

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() {
	maps.Copy(verbs, map[string]verb{
		"restart": restartVerb, "another": anotherVerb, "unshared": unsharedVerb, "socket": socketVerb, "secret": secretVerb,
		"printed": printedVerb, "loiter": loiterVerb, "roomy": roomyVerb, "unfixed": unfixedVerb,
	})
}

// restart stop|kill: the daemon is ended, by SIGTERM or SIGKILL, and started again with the same sockets' addresses.
func restartVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "stop" || args[0] == "kill"), "restart stop|kill")
	s := of(ts)
	if args[0] == "kill" {
		syscall.Kill(-s.in.process.cmd.Process.Pid, syscall.SIGKILL)
	}
	s.in.process.stop()
	s.rec.note("the target was ended: %v", s.in.process.cmd.ProcessState)
	values := maps.Clone(s.in.values)
	values["listen"] = s.in.address
	os.Remove(values["address_file"])
	if err := s.in.startDaemon(s.run.ctx, s.in.scenario, values); err == errLate {
		s.inconclusive(ts, "starting the target again: %v", err) // as when it is started for a scenario
	} else if err != nil {
		s.violation(ts, "the target did not start again: %v", err)
	}
}

const anotherUsage = "another [-refused on] [-writable MODE] [-listen ADDRESSES|same] [-socket own] [-inherit none|address|port|both]"

// another [-refused on] [-socket own] [-listen same|ADDRESS,...] [-writable MODE] [-inherit none|address|port|both]: start the target
// once more, with the first one's Unix socket, or its own; at a free port of its own, at the first one's, or at these addresses, in
// which {a} and {b} are two free ports; with its Unix socket in a folder of this mode; with an UDP socket of 127.0.0.2, passed as
// sd_listen_fds(3) says, which has SO_REUSEADDR, SO_REUSEPORT or both. -refused: it does not start, but ends unsuccessfully. The next
// verbs work with the first one, but for unshared.
func anotherVerb(ts *testscript.TestScript, neg bool, args []string) {
	o, rest := options(ts, anotherUsage, args, "-refused", "-writable", "-listen", "-socket", "-inherit")
	usageError(ts, neg, len(rest) == 0, anotherUsage)
	s := of(ts)
	values := s.anotherValues(ts, o)
	in, values, err := s.run.Target.prepare(Scenario{Role: s.role}, values, s.run.root)
	if err != nil {
		s.inconclusive(ts, "%v", err)
	}
	s.instances = append(s.instances, in)
	if o["-inherit"] != "" {
		f := s.inherited(ts, o["-inherit"])
		defer f.Close()
		in.inherit, in.activated = []*os.File{f}, true
		values["listen"] = netip.AddrPortFrom(loopback4, s.udp.passed.Port()).String() // one port for all
	}
	err = in.launchDaemon(Scenario{Role: s.role}, values)
	if in.process == nil {
		s.inconclusive(ts, "starting the target once more: %v", err)
	}
	if o["-refused"] == "" {
		if err := in.ready(s.run.ctx, values["address_file"]); err == errLate {
			s.inconclusive(ts, "another instance, with %v and %s: %v", in.address, in.socket, err)
		} else if err != nil {
			s.violation(ts, "another instance does not start: %v", err)
		}
		return
	}
	// That it listens is no sign: it may find out later, and somebody else listens on the Unix socket.
	w := s.wait()
	select {
	case <-in.process.gone:
	case <-time.After(time.Until(w.end())):
		s.failed(ts, w, fmt.Sprintf("that another instance, with %v and %s, ends", in.address, in.socket), errLimit)
	}
	s.rec.note("the other instance has ended: %v", in.process.cmd.ProcessState)
	s.rec.note("it printed: %s", shown(in.process.printed()))
	if in.process.cmd.ProcessState.Success() {
		s.violation(ts, "the other instance ends successfully")
	}
}

// anotherValues gives the placeholders of another instance.
func (s *session) anotherValues(ts *testscript.TestScript, o map[string]string) map[string]string {
	values := maps.Clone(s.values)
	values["socket"] = s.in.socket
	if o["-socket"] == "own" {
		values["socket"] = ""
	}
	if o["-writable"] != "" {
		mode, err := strconv.ParseUint(o["-writable"], 8, 32)
		dir := filepath.Join(s.in.dir, "w"+o["-writable"])
		usageError(ts, false, err == nil, anotherUsage)
		if err := os.Mkdir(dir, 0o700); err != nil {
			s.inconclusive(ts, "%v", err)
		}
		unixMode := os.FileMode(mode & 0o777)
		if mode&0o1000 != 0 {
			unixMode |= os.ModeSticky
		}
		if err := os.Chmod(dir, unixMode); err != nil {
			s.inconclusive(ts, "%v", err)
		}
		values["socket"] = filepath.Join(dir, "s")
	}
	switch values["listen"] = ""; o["-listen"] {
	case "":
	case "same":
		values["listen"] = s.in.address
	default:
		ports := make(map[string]string)
		for _, name := range []string{"a", "b"} {
			port, err := freeUDPPort()
			if err != nil {
				s.inconclusive(ts, "%v", err)
			}
			ports[name] = port
		}
		values["listen"] = expand(o["-listen"], ports)
	}
	return values
}

// inherited gives a UDP socket of 127.0.0.2 with the options that let others bind its address.
func (s *session) inherited(ts *testscript.TestScript, options string) *os.File {
	config := net.ListenConfig{Control: reuse(options)}
	port, err := freeUDPPort() // one that the daemon can have at its other addresses
	if err != nil {
		s.inconclusive(ts, "%v", err)
	}
	c, err := config.ListenPacket(s.run.ctx, "udp4", "127.0.0.2:"+port)
	if err != nil {
		s.inconclusive(ts, "a socket to pass: %v", err)
	}
	defer c.Close()
	f, err := c.(*net.UDPConn).File()
	if err != nil {
		s.inconclusive(ts, "a socket to pass: %v", err)
	}
	s.udp.passed = c.LocalAddr().(*net.UDPAddr).AddrPort()
	return f
}

// unshared first|passed: no other socket can be bound to the daemon's address and port, or to those of the socket that was passed to
// the other one, whatever options it has.
func unsharedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "first" || args[0] == "passed"), "unshared first|passed")
	s := of(ts)
	at, err := s.in.external(loopback4)
	if args[0] == "passed" {
		at = s.udp.passed
	}
	if err != nil {
		s.inconclusive(ts, "%v", err)
	}
	for _, options := range []string{"none", "address", "port", "both"} {
		for _, host := range []netip.Addr{at.Addr(), netip.IPv4Unspecified()} {
			if host.IsUnspecified() && options == "none" {
				continue // says nothing new
			}
			to := netip.AddrPortFrom(host, at.Port())
			config := net.ListenConfig{Control: reuse(options)}
			c, err := config.ListenPacket(s.run.ctx, "udp4", to.String())
			s.rec.note("binding %v with SO_REUSE: %s: %v", to, options, err)
			if err == nil {
				c.Close()
				s.violation(ts, "another socket can be bound to %v, with SO_REUSE: %s", to, options)
			}
		}
	}
}

// reuse makes a socket have SO_REUSEADDR and SO_REUSEPORT before it is bound: none, address, port or both.
func reuse(options string) func(network, address string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) (err error) {
		errControl := raw.Control(func(fd uintptr) {
			if options == "address" || options == "both" {
				err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
			}
			if options == "port" || options == "both" {
				err = errors.Join(err, syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1))
			}
		})
		return errors.Join(err, errControl)
	}
}

// socket MODE: the Unix socket's file has this mode.
func socketVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "socket MODE")
	s := of(ts)
	info, err := os.Stat(s.in.socket)
	if err != nil {
		s.violation(ts, "the Unix socket: %v", err)
	}
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		s.violation(ts, "expected the mode %s of the Unix socket, not %s", args[0], got)
	}
}

// loiter N [TEXT]: N agents connect, send the text, and do nothing more.
func loiterVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 || len(args) == 2, "loiter N [TEXT]")
	s := of(ts)
	s.values["hello"] = `\x00\x02\x01\x01`
	text := texts(ts, args[1:])
	for i := range integer(ts, args[0]) {
		a, err := s.dialAgent(fmt.Sprint("idle ", i))
		if err != nil {
			s.violation(ts, "connection %d to the target's Unix socket failed: %v", i, err)
		}
		if len(text) > 0 {
			a.send(text, s.wait())
		}
	}
}
