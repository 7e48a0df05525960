package tcp

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func brokenVerb(s *engine.Session, args []string) error { return Broken(s, Current(s)) }

// Broken waits for a reset. It asks the system for the connection's error: after the end, reading does not report it,
// and sending would make the target notice what it has not seen.
func Broken(s *engine.Session, c *Conn) error {
	raw, err := c.SyscallConn()
	for w := s.Wait(); err == nil; time.Sleep(time.Millisecond) {
		why := 0
		err = raw.Control(func(fd uintptr) { why, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR) })
		if why != 0 {
			s.Rec.Note("%s. %v", Prefix(c.Name), unix.Errno(why))
			return nil
		}
		if w.Over() {
			return s.Meaning(w, "a reset of the connection", engine.ErrLimit)
		}
	}
	return engine.Inconclusive("the connection cannot be looked at: %v", err)
}

// lingering is how long a target may still take input after the end of its own direction. It is long, since no rule
// limits it.
const lingering = 20 * time.Second

func goneVerb(s *engine.Session, args []string) error { return Gone(s, Current(s)) }

// Gone waits until nobody has the connection's other end any more, which shows when something is sent there. The end of
// the target's own direction is no sign of it.
func Gone(s *engine.Session, c *Conn) error {
	for w := s.WaitFor(lingering); ; time.Sleep(engine.Moment) {
		release := w.Writing(c)
		_, err := c.Write([]byte{0})
		release()
		switch {
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			s.Rec.Note("%s. sending: %v", Prefix(c.Name), errors.Unwrap(err))
			return nil
		case w.Over():
			return s.Meaning(w, "the target to close the connection in both directions", engine.ErrLimit)
		}
	}
}
