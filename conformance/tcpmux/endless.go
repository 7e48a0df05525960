package tcpmux

import (
	"bytes"
	"slices"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// endlessBytes is how much a target may take of a line without an end: the number in rule TCPMUX-33.
const endlessBytes = 1 << 20

func endlessVerb(s *engine.Session, args []string) error {
	w := s.Wait()
	first := s.Texts(args)
	s.Rec.Note("> %s and up to %d bytes \"aaaa…\" without a line end", engine.Shown(first), endlessBytes)
	const moment = 10 * time.Millisecond
	for taken := feed(tcp.Current(s), first, w); ; {
		if tcp.Current(s).Fill(s.Window(moment)) != engine.ErrLimit {
			return nil
		}
		select {
		case <-taken: // an answer that was sent before is here by now
			if tcp.Current(s).Fill(s.Window(25*moment)) == engine.ErrLimit {
				return engine.Violation("expected an answer or the end of the connection; "+
					"the target took %d bytes of a line",
					endlessBytes)
			}
			return nil
		default:
		}
		if w.Over() {
			return s.Meaning(w, "an answer or the end of the connection", engine.ErrLimit)
		}
	}
}

// feed sends first and endlessBytes without a line end, and closes taken once the target has read them all. A time
// limit alone would not do: it would end the reading of an unbounded server as well.
func feed(c *tcp.Conn, first []byte, w proc.Wait) (taken chan struct{}) {
	taken = make(chan struct{})
	go func() {
		chunk := bytes.Repeat([]byte("a"), 16<<10)
		c.SetWriteDeadline(w.End())
		c.Write(first)
		for range endlessBytes / len(chunk) {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
		if tcp.Emptied(c, w) {
			close(taken)
		}
	}()
	return taken
}

func outlastVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && slices.Contains([]string{"request_timeout", "reply_timeout"}, args[0])) {
		return engine.ErrUsage
	}
	if stated, err := s.Stated(args[0]); err == nil {
		s.Pause(stated + stated/4)
	}
	return nil
}
