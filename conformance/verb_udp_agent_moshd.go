package conformance

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

var moshdSteps = map[string]agentStep{
	"is": moshdIsStep, "hears": moshdHearsStep, "says": moshdSaysStep, "leaves": moshdLeavesStep, "sees": moshdSeesStep,
}

// moshd is away|dead|back|personal|forbidden|odd: nobody listens, and there is no socket; there is one of a daemon that was killed; somebody
// listens again, after the time for an attempt; the socket is where a user's own daemon has it; the user may not connect; the socket
// is not a stream's.
func moshdIsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	var err error
	switch d := a.daemon; strings.Join(args, " ") {
	case "away":
		d.away(false)
	case "dead":
		d.away(true)
	case "back":
		if a.done { // an agent in the background has to see that nobody is there
			time.Sleep(leastPause * 3 / 2)
		}
		err = d.back()
		d.left = time.Now()
	case "personal":
		if _, err := os.Stat("/run/moshd/moshd.sock"); err == nil {
			return Unsupported, "this machine has a daemon of its own"
		}
		a.env = append(a.env, "MOSHD_SOCKET=")
		err = os.Symlink(d.path, filepath.Join(a.dir, "moshd.sock")) // in $XDG_RUNTIME_DIR
	case "forbidden":
		err, d.forbidden = os.Chmod(d.path, 0), true
	case "odd":
		d.away(false)
		var c *net.UnixConn
		if c, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: d.path, Net: "unixgram"}); err == nil {
			s.udp.keep(c)
		}
	default:
		return badStep("moshd is away|dead|back|personal|forbidden|odd")
	}
	if err != nil {
		return Inconclusive, err.Error()
	}
	s.rec.note(". the daemon is %s", args[0])
	return Pass, ""
}

// moshd hears hello|register MODES|end|again MODES: the agent connects and says HELLO; it registers its mosh-server for these modes; it
// ends its connection and has sent nothing more; in time after the daemon has left or is back, it connects and registers the same again.
func moshdHearsStep(s *session, a *agentPart, args []string) (Outcome, string) {
	switch {
	case len(args) == 1 && args[0] == "hello":
		w := s.wait()
		// As a condition it is about HELLO alone: what is started too early is for the steps behind it to see.
		if p, err := a.next(w, !s.given); p != nil {
			return Violation, fmt.Sprintf("expected HELLO; %s is started before", p.Program)
		} else if err != nil {
			return s.meaning(w, "a connection to the daemon's socket", err)
		}
		return s.hello(w)
	case len(args) == 2 && args[0] == "register" && a.daemon.cur != nil && a.mosh != nil:
		return s.hearsRegister(args[1], s.wait())
	case len(args) == 1 && args[0] == "end" && a.daemon.cur != nil:
		w := s.wait()
		if b, err := a.daemon.cur.ends(w); err != nil {
			return s.meaning(w, "the end of the agent's connection", err)
		} else if len(b) > 0 {
			return Violation, fmt.Sprintf("expected the end of the agent's connection; it sends %s", shown(b))
		}
		return Pass, ""
	case len(args) == 2 && args[0] == "again":
		return s.hearsAgain(args[1])
	}
	return badStep("moshd hears hello|register MODES|end|again MODES")
}

func (s *session) hearsRegister(modes string, w wait) (Outcome, string) {
	got, o, reason := s.registered(w)
	if o == Pass && got != modesNamed(modes) {
		return Violation, fmt.Sprintf("expected REGISTER for %s alone, not for %s", modes, modesText(got))
	}
	return o, reason
}

func (s *session) hearsAgain(modes string) (Outcome, string) {
	a := s.agent
	w := wait{began: a.daemon.left, limit: time.Second + s.run.limit(), pulse: s.run.pulse}
	if _, err := a.next(w, false); err != nil {
		return s.meaning(w, "a connection to the daemon's socket anew", err)
	}
	if o, reason := s.hello(w); o != Pass {
		return o, reason
	}
	a.daemon.cur.sendFrame(wire.Frame{Type: wire.Welcome, Modes: wire.ModeLearn | wire.ModeToken, Port: a.port}, w)
	if o, reason := s.hearsRegister(modes, w); o != Pass {
		return o, reason
	}
	a.daemon.cur.sendFrame(wire.Frame{Type: wire.Registered, ID: 2}, w)
	return Pass, ""
}

// moshd says [-apart] welcome MODES|registered|error CODE TEXT|bytes TEXT...: say it; each byte by itself.
func moshdSaysStep(s *session, a *agentPart, args []string) (Outcome, string) {
	const usage = "moshd says [-apart] welcome MODES|registered|error CODE TEXT|bytes TEXT..."
	apart := len(args) > 0 && args[0] == "-apart"
	if apart {
		args = args[1:]
	}
	if len(args) == 0 || a.daemon.cur == nil {
		return badStep(usage)
	}
	var b []byte
	switch {
	case args[0] == "welcome" && len(args) == 2:
		a.modes = modesNamed(args[1])
		b, _ = wire.WriteFrame(nil, wire.Frame{Type: wire.Welcome, Modes: a.modes, Port: a.port})
	case args[0] == "registered" && len(args) == 1:
		var id [4]byte
		rand.Read(id[:])
		b, _ = wire.WriteFrame(nil, wire.Frame{Type: wire.Registered, ID: binary.BigEndian.Uint32(id[:])})
	case args[0] == "error" && len(args) == 3:
		code, err := strconv.ParseUint(args[1], 0, 8)
		if err != nil {
			return badStep(usage)
		}
		b, _ = wire.WriteFrame(nil, wire.Frame{Type: wire.Error, Code: wire.Code(code), Text: []byte(args[2])})
	case args[0] == "bytes":
		b = []byte(strings.Join(args[1:], ""))
	default:
		return badStep(usage)
	}
	if !apart {
		a.daemon.cur.send(b, s.wait())
		return Pass, ""
	}
	for i := range b {
		a.daemon.cur.send(b[i:i+1], s.wait())
		s.readByAgent(a.daemon.cur)
	}
	return Pass, ""
}

// readByAgent waits until the agent has read what was sent to it, so that the next bytes come apart.
func (s *session) readByAgent(c *agentConn) {
	for w := window(s.run.readTime()); !w.over(); time.Sleep(50 * time.Microsecond) {
		if n, known := unreadStream(c.UnixConn); !known {
			break
		} else if n == 0 {
			return
		}
	}
	s.rec.mu.Lock()
	s.rec.unproven = true
	s.rec.mu.Unlock()
	time.Sleep(udpMoment)
}

// moshd leaves: the daemon ends the agent's connection, and listens on.
func moshdLeavesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	if a.daemon.cur == nil {
		return badStep("a connection, moshd leaves")
	}
	a.daemon.hangUp()
	return Pass, ""
}

// From section 4.8: the pauses of an agent whose connection has ended; and what clocks may differ by.
const (
	leastPause, mostPause = 100 * time.Millisecond, 500 * time.Millisecond
	pauseError            = 5 * time.Millisecond
)

// moshd sees N: the agent, whose connection has ended, connects N times more, each time in vain, with pauses that are right.
func moshdSeesStep(s *session, a *agentPart, args []string) (Outcome, string) {
	n, err := strconv.Atoi(strings.Join(args, ""))
	if err != nil {
		return badStep("moshd sees N")
	}
	for i := range n {
		w := wait{began: a.daemon.left, limit: mostPause + s.run.limit(), pulse: s.run.pulse}
		if _, err := a.next(w, false); err != nil {
			return s.meaning(w, "that the agent goes on trying", err)
		}
		paused := time.Since(a.daemon.left)
		s.rec.note("moshd . that was %d ms after the last connection's end", paused.Milliseconds())
		if i > 0 && paused < leastPause-pauseError { // before the first one it need not wait
			return Violation, fmt.Sprintf("expected pauses of %v and more; the agent connects again after %v", leastPause, paused)
		}
		if i%2 == 0 { // a daemon that refuses, instead of one that is gone at once
			a.daemon.cur.sendFrame(wire.Frame{Type: wire.Error, Code: wire.CodeLimit, Text: []byte("too many")}, w)
		}
		a.daemon.hangUp()
	}
	return Pass, ""
}
