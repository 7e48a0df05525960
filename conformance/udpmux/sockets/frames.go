package sockets

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
	"golang.org/x/sys/unix"
)

// A Conn is a connection to the daemon's Unix socket, or from an agent to the suite, that records what passes.
type Conn struct {
	*net.UnixConn
	Name string
	Rec  *engine.Record
	In   []byte // received, and not yet taken
	End  error  // io.EOF or a reset, once no more will come
	// Refusal is the code of the ERROR that came; 0 if none did.
	Refusal wire.Code
	// Bytes: each byte is sent by itself.
	Bytes bool
}

// Send sends bytes. If the other side takes no more, the next verb judges that.
func (a *Conn) Send(b []byte, w proc.Wait) {
	a.Rec.Bytes(">", a.Name, b)
	defer w.Writing(a)()
	pieces := [][]byte{b}
	if a.Bytes && len(b) > 0 {
		pieces = slices.Collect(slices.Chunk(b, 1))
	}
	cut, err := engine.Pieces(w, pieces, a.Write, a.Apart)
	a.Bytes = a.Bytes && cut
	if err != nil {
		a.Rec.Note("%s. sending: %v", a.Name, errors.Unwrap(err))
	}
}

// Frames is the axis of how frames are cut into writes; set applies it to what is opened.
func Frames(rule string, set func(s *engine.Session)) engine.Axis {
	return engine.Axis{Name: "frames",
		Help:   "Each frame is sent in one write, or byte by byte.",
		Values: []string{"whole", "bytes"}, Rule: rule,
		Apply: func(s *engine.Session, _ string) error { set(s); return nil }}
}

// SendFrame sends a frame.
func (a *Conn) SendFrame(f wire.Frame, w proc.Wait) {
	b, _ := wire.WriteFrame(nil, f)
	a.Send(b, w)
}

// Fill waits for more input.
func (a *Conn) Fill(w proc.Wait) error {
	if a.End != nil {
		return a.End
	}
	b := make([]byte, 8192)
	for {
		a.SetReadDeadline(w.Step())
		n, err := a.Read(b)
		switch {
		case n > 0:
			a.Rec.Bytes("<", a.Name, b[:n])
			a.In = append(a.In, b[:n]...)
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !w.Over():
			continue
		case errors.Is(err, os.ErrDeadlineExceeded):
			return engine.ErrLimit
		}
		a.Rec.Note("%s. the connection has ended: %v", a.Name, err)
		a.End = err
		return err
	}
}

// Next gives the next frame.
func (a *Conn) Next(w proc.Wait) (wire.Frame, error) {
	for {
		f, n, fault := wire.ReadFrame(a.In, a.End == io.EOF)
		switch {
		case fault == wire.None:
			a.In = a.In[n:]
			a.Rec.Note("%s. that was %s", a.Name, FrameText(f))
			return f, nil
		case fault != wire.Incomplete:
			return f, fmt.Errorf("the frame that came is wrong: %s", fault)
		}
		if err := a.Fill(w); err != nil && (err != io.EOF || len(a.In) == 0) {
			return f, err
		}
	}
}

// FrameText says what a frame is.
func FrameText(f wire.Frame) string {
	switch f.Type {
	case wire.Hello:
		return fmt.Sprintf("HELLO %d", f.Version)
	case wire.Welcome:
		return fmt.Sprintf("WELCOME %s, %d", ModesText(f.Modes), f.Port)
	case wire.Register:
		return fmt.Sprintf("REGISTER %s, %d, %x", ModesText(f.Modes), f.Port, f.S)
	case wire.Registered:
		return fmt.Sprintf("REGISTERED %d", f.ID)
	}
	if f.Type == wire.List || f.Type == wire.Listed {
		return fmt.Sprintf("%v %+v", f.Type, f.Entry)
	}
	return fmt.Sprintf("ERROR %d %s", f.Code, engine.Shown(f.Text))
}

// A Mode is a mode by its name.
type Mode struct {
	Name string
	Bit  wire.Mode
}

var Modes = []Mode{{"learn", wire.ModeLearn}, {"token", wire.ModeToken}, {"port", wire.ModePort}}

// ModesText names the modes' bits, and gives other bits as a number.
func ModesText(modes wire.Mode) string {
	var names []string
	for _, m := range Modes {
		if modes&m.Bit != 0 {
			names = append(names, m.Name)
			modes &^= m.Bit
		}
	}
	if modes != 0 || len(names) == 0 {
		names = append(names, fmt.Sprint(modes))
	}
	return strings.Join(names, "+")
}

// Ends waits for the end of the connection, and gives what came before it.
func (a *Conn) Ends(w proc.Wait) ([]byte, error) {
	for {
		if err := a.Fill(w); err == engine.ErrLimit {
			return a.In, err
		} else if err != nil {
			return a.In, nil
		}
	}
}

// Closed waits until the other side has closed the connection, and says whether it did in time. What comes does not
// show this: a side that is only shut for writing still has its descriptor.
func (a *Conn) Closed(w proc.Wait) bool {
	raw, err := a.SyscallConn()
	if err != nil {
		return true // this side is closed
	}
	for ; ; time.Sleep(engine.Moment) {
		hungUp := false
		err := raw.Control(func(fd uintptr) {
			fds := []unix.PollFd{{Fd: int32(fd)}}
			unix.Poll(fds, 0)
			hungUp = fds[0].Revents&unix.POLLHUP != 0
		})
		if err != nil || hungUp || w.Over() {
			return err != nil || hungUp
		}
	}
}

// Open says whether the connection is still open: nothing has come, not its end either.
func (a *Conn) Open(w proc.Wait) bool { return a.Fill(w) == engine.ErrLimit }

// Apart waits until the target has read all that was sent; see [engine.Record.Apart].
func (a *Conn) Apart(w proc.Wait) bool {
	return a.Rec.Apart(w, func() (yes, known bool) { return proc.ReceivedStream(a.UnixConn) })
}
