package tcp

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

// brokenVerb asks the system for the connection's error: reading does not tell of it behind the end, and what is sent
// would have the target find out what it has not seen.
func brokenVerb(s *engine.Session, args []string) error {
	c := Current(s)
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
