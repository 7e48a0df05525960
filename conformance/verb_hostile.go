package conformance

import (
	"bytes"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// quietWindow is how long nothing has to happen, where nothing can be waited for that would show it.
const quietWindow = 100 * time.Millisecond

// quiet: within a window the target sends nothing more.
func quietVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "quiet")
	s := of(ts)
	if len(s.cur.in) == 0 && s.cur.fill(window(quietWindow)) != nil {
		return
	}
	s.violation(ts, "expected no byte yet; %s came", shown(s.cur.in))
}

// unsent: the target ends, unsuccessfully, and has not sent a byte.
func unsentVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "unsent")
	s := of(ts)
	if o, _ := s.accept(); o == Pass {
		if b, _ := s.cur.all(1<<16, s.wait()); len(b) > 0 {
			s.violation(ts, "expected that nothing is sent for the name %s; %s came", shown([]byte(s.client.name)), shown(b))
		}
	}
	s.client.asked = true // that it was not asked is the point
	if o, reason := s.ends(false, s.wait()); o != Pass {
		s.end(ts, o, reason)
	}
}

// says [-not] TEXT...: the target's output and errors hold, or do not hold, these bytes. A client has ended; a server may take a
// moment until it has printed.
func saysVerb(ts *testscript.TestScript, neg bool, args []string) {
	not := len(args) > 0 && args[0] == "-not"
	if not {
		args = args[1:]
	}
	usageError(ts, neg, len(args) > 0, "says [-not] TEXT...")
	s := of(ts)
	for _, arg := range args {
		b := texts(ts, []string{arg})
		all := s.in.process.printed()
		for w := s.wait(); s.client == nil && !not && !bytes.Contains(all, b) && !w.over(); all = s.in.process.printed() {
			time.Sleep(time.Millisecond)
		}
		switch has := bytes.Contains(all, b); {
		case has && not:
			s.violation(ts, "the target prints %s as it came", shown(b))
		case !has && !not:
			s.violation(ts, "the target does not print %s; it prints %s", shown(b), shown(all))
		}
	}
}

// unending is how much of a reply line without an end is sent to a client, which has to give up before.
const unending = 8 << 20

// pour: send a reply line without an end until the target gives up. It may not take all of it, nor the memory for it.
func pourVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "pour")
	s := of(ts)
	s.rec.note("> \"+aaaa…\", up to %d bytes without a line end", unending)
	w := s.wait()
	s.cur.SetWriteDeadline(w.end())
	chunk := bytes.Repeat([]byte("a"), 64<<10)
	memory := s.client.members().memory()
	s.cur.Write([]byte("+"))
	for i := range unending / len(chunk) {
		if _, err := s.cur.Write(chunk); err != nil {
			if w.over() {
				s.failed(ts, w, "that the target gives the line up", errLimit)
			}
			return
		}
		if i%16 != 0 {
			continue // a look takes time, and the target's own time limit may not be what ends the line
		}
		if grown := s.client.members().memory() - memory; memory > 0 && grown > maxGrowth {
			s.violation(ts, "for a line without an end the target took %d MiB more memory, expected at most %d", grown>>20, maxGrowth>>20)
		}
	}
	s.violation(ts, "the target took %d bytes of a line without an end", unending)
}

// mute: the target ends, unsuccessfully, after the time that it states for a reply, without getting one.
func muteVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "mute")
	s := of(ts)
	stated, err := s.run.stated(s.role, "reply_timeout")
	if err != nil {
		s.violation(ts, "%v", err)
	}
	if o, reason := s.ends(false, s.waitFor(stated)); o != Pass {
		s.end(ts, o, reason)
	}
}
