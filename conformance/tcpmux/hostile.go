package tcpmux

import (
	"bytes"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

func clientLoadVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "quiet",
			Help: "The target sends nothing more during a short window.", Run: quietVerb},
		{Name: "unsent",
			Help: "The target ends with a failure and has not sent a byte.", Run: unsentVerb},
		{Name: "pour", Usage: "+|-",
			Help: "Send a reply line with that sign and no end until the target gives up. It must neither read all " +
				"of it nor take memory for all of it.", Min: 1, Max: 1, Run: pourVerb},
		{Name: "endless", Usage: "[TEXT]",
			Help: "Send a line without an end, which starts with the text if one is given. The target answers or " +
				"closes before it has read 1 MiB.", Max: 1, Run: endlessVerb},
		{Name: "outlast", Usage: "request_timeout|reply_timeout",
			Help: "Wait until a request that has already begun, or the wait for its reply, would have timed out. Do " +
				"nothing if the target has no such limit.", Max: -1, Run: outlastVerb},
		{Name: "mute",
			Help: "The target, which gets no reply, ends with a failure after its stated time limit for a reply.",
			Run:  muteVerb},
	}
}

// quietWindow is how long nothing may happen, if there is no other sign to wait for.
const quietWindow = 100 * time.Millisecond

func quietVerb(s *engine.Session, args []string) error {
	if len(tcp.Current(s).In) == 0 && tcp.Current(s).Fill(s.Window(quietWindow)) != nil {
		return nil
	}
	return engine.Violation("expected no byte yet; %s came", engine.Shown(tcp.Current(s).In))
}

func unsentVerb(s *engine.Session, args []string) error {
	if err := accept(s); err == nil {
		if b, _ := tcp.Current(s).All(1<<16, s.Wait()); len(b) > 0 {
			return engine.Violation("expected nothing to be sent for the name %s; %s came",
				engine.Shown([]byte(of(s).client.name)), engine.Shown(b))
		}
	}
	of(s).client.asked = true // not having been asked is the point
	return ends(s, false, s.Wait())
}

// unending is how much of a reply line without an end is sent to a client, which must give up earlier.
const unending = 8 << 20

func pourVerb(s *engine.Session, args []string) error {
	if args[0] != "+" && args[0] != "-" {
		return engine.ErrUsage
	}
	s.Rec.Note("> \"%saaaa…\", up to %d bytes without a line end", args[0], unending)
	w := s.Wait()
	tcp.Current(s).SetWriteDeadline(w.End())
	chunk := bytes.Repeat([]byte("a"), 64<<10)
	memory := of(s).client.Members().Memory()
	tcp.Current(s).Write([]byte(args[0]))
	for i := range unending / len(chunk) {
		if _, err := tcp.Current(s).Write(chunk); err != nil {
			if w.Over() {
				return s.Meaning(w, "the target to give up the line", engine.ErrLimit)
			}
			return nil
		}
		if i%16 != 0 {
			continue // a look takes time, and the target's own time limit must not be what ends the line
		}
		if grown := of(s).client.Members().Memory() - memory; memory > 0 && grown > engine.MaxGrowth {
			return engine.Violation("for a line without an end the target took %d MiB more memory, expected at most %d",
				grown>>20, engine.MaxGrowth>>20)
		}
	}
	return engine.Violation("the target took %d bytes of a line without an end", unending)
}

func muteVerb(s *engine.Session, args []string) error {
	stated, err := s.Stated("reply_timeout")
	if err != nil {
		return engine.Violation("%v", err)
	}
	return ends(s, false, s.WaitFor(stated))
}
