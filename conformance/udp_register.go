package conformance

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// An agentConn is a connection to the daemon's Unix socket, or one of an agent to the suite, that records what passes.
type agentConn struct {
	*net.UnixConn
	name string
	rec  *record
	in   []byte // received, and not yet taken
	end  error  // io.EOF or a reset, once no more will come
	// refusal is the code of the ERROR that came; 0 if none did.
	refusal wire.Code
}

// dialAgent connects to the daemon's Unix socket.
func (s *session) dialAgent(name string) (*agentConn, error) { return s.dialAt(name, s.in.socket) }

// dialAt connects to the daemon's Unix socket by a path of it.
func (s *session) dialAt(name, path string) (*agentConn, error) {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		s.rec.note("%s. connecting to the Unix socket: %v", name, err)
		return nil, err
	}
	s.udp.keep(c)
	return &agentConn{UnixConn: c, name: name, rec: s.rec}, nil
}

// send sends bytes. That the other side takes no more is for the next verb to judge.
func (a *agentConn) send(b []byte, w wait) {
	a.rec.bytes(">", a.name, b)
	a.SetWriteDeadline(w.end())
	if _, err := a.Write(b); err != nil {
		a.rec.note("%s. sending: %v", a.name, errors.Unwrap(err))
	}
}

// sendFrame sends a frame.
func (a *agentConn) sendFrame(f wire.Frame, w wait) {
	b, _ := wire.WriteFrame(nil, f)
	a.send(b, w)
}

// fill waits for more input.
func (a *agentConn) fill(w wait) error {
	if a.end != nil {
		return a.end
	}
	b := make([]byte, 8192)
	for {
		a.SetReadDeadline(w.end())
		n, err := a.Read(b)
		switch {
		case n > 0:
			a.rec.bytes("<", a.name, b[:n])
			a.in = append(a.in, b[:n]...)
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !w.over():
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errLimit
		}
		a.rec.note("%s. the connection has ended: %v", a.name, err)
		a.end = err
		return err
	}
}

// next gives the next frame.
func (a *agentConn) next(w wait) (wire.Frame, error) {
	for {
		f, n, fault := wire.ReadFrame(a.in, a.end == io.EOF)
		switch {
		case fault == wire.None:
			a.in = a.in[n:]
			a.rec.note("%s. that was %s", a.name, frameText(f))
			return f, nil
		case fault != wire.Incomplete:
			return f, fmt.Errorf("of the frame that came this is wrong: %s", fault)
		}
		if err := a.fill(w); err != nil && (err != io.EOF || len(a.in) == 0) {
			return f, err
		}
	}
}

// frameText says what a frame is.
func frameText(f wire.Frame) string {
	switch f.Type {
	case wire.Hello:
		return fmt.Sprintf("HELLO %d", f.Version)
	case wire.Welcome:
		return fmt.Sprintf("WELCOME %s, %d", modesText(f.Modes), f.Port)
	case wire.Register:
		return fmt.Sprintf("REGISTER %s, %d, %x", modesText(f.Modes), f.Port, f.S)
	case wire.Registered:
		return fmt.Sprintf("REGISTERED %d", f.ID)
	}
	return fmt.Sprintf("ERROR %d %s", f.Code, shown(f.Text))
}

// A udpMode is a mode by its name.
type udpMode struct {
	name string
	bit  wire.Mode
}

var udpModes = []udpMode{{"learn", wire.ModeLearn}, {"token", wire.ModeToken}, {"port", wire.ModePort}}

// modesText names the modes' bits; what is no mode is a number.
func modesText(modes wire.Mode) string {
	var names []string
	for _, m := range udpModes {
		if modes&m.bit != 0 {
			names = append(names, m.name)
			modes &^= m.bit
		}
	}
	if modes != 0 || len(names) == 0 {
		names = append(names, fmt.Sprint(modes))
	}
	return strings.Join(names, "+")
}

// ends waits for the end of the connection, and gives what came before it.
func (a *agentConn) ends(w wait) ([]byte, error) {
	for {
		if err := a.fill(w); err == errLimit {
			return a.in, err
		} else if err != nil {
			return a.in, nil
		}
	}
}

// open says whether the connection is still open: nothing has come, not its end either.
func (a *agentConn) open() bool { return a.fill(window(time.Millisecond)) == errLimit }

// apart waits, at most for some time, until the daemon has read all that was sent; see [tcpConn.apart].
func (a *agentConn) apart(most time.Duration) {
	for w := window(most); !w.over(); {
		n, known := a.unread()
		if known && n == 0 {
			return
		}
		if !known {
			break
		}
		time.Sleep(50 * time.Microsecond)
	}
	a.rec.mu.Lock()
	a.rec.unproven = true
	a.rec.mu.Unlock()
	time.Sleep(5 * time.Millisecond)
}
