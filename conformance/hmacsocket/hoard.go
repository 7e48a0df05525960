package hmacsocket

import (
	"io"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func hoardVerbs() []engine.Verb {
	return []engine.Verb{{Name: "hoard", Usage: "N",
		Help: "On each of N connections, all of a first Chunk but its last byte comes, with 256 KiB of data " +
			"or as much as the target's ML. The target may end some of them, but only by a reset.",
		Min: 1, Max: 1, Run: hoardVerb}}
}

func hoardVerb(s *engine.Session, args []string) error {
	const most = 256 << 10
	var all []*hmacConn
	for n, seen := engine.Integer(args[0]), s.Rec.Mark(); n > 0; n-- {
		s.Rec.Back(seen)
		if err := openVerb(s, nil); err != nil {
			return err
		}
		h := of(s).pair.hmac
		b := h.chunk(make([]byte, min(h.theirs.ML, most)))
		h.Send(b[:len(b)-1], s.Wait())
		all = append(all, h)
	}
	ended := 0
	for _, h := range all {
		err := h.Conn.Fill(s.Window(time.Millisecond))
		if err == io.EOF {
			return engine.Violation("expected a connection with a part of a Chunk to stay open or to be reset; " +
				"it was closed")
		} else if err != nil && err != engine.ErrLimit {
			ended++
		}
	}
	s.Rec.Note("%d connections with a part of a first Chunk; the target has reset %d of them", len(all), ended)
	return nil
}
