package conformance

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// manyNonces is how many N's are looked at: a bit that is the same in all of them is no accident.
const manyNonces = 64

// nonces fresh|random: of many connections, no two have the same N; and no bit of it is always the same, no byte grows by the same step.
func noncesVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "fresh" || args[0] == "random"), "nonces fresh|random")
	s := of(ts)
	var all [][]byte
	for seen := s.rec.mark(); len(all) < manyNonces; {
		s.rec.back(seen)
		connectVerb(ts, false, nil)
		greetedVerb(ts, false, nil)
		N := s.pair.hmac.out.N
		for _, other := range all {
			if bytes.Equal(N, other) && args[0] == "fresh" {
				s.violation(ts, "two connections have the N %x", N)
			}
		}
		all = append(all, bytes.Clone(N))
		s.pair.close()
	}
	for at := range all[0] {
		ones, zeros, steps := byte(0xff), byte(0xff), true
		for i, N := range all {
			ones, zeros = ones&N[at], zeros&^N[at]
			steps = steps && (i < 2 || N[at]-all[i-1][at] == all[1][at]-all[0][at])
		}
		if args[0] == "random" && (ones != 0 || zeros != 0 || steps) {
			s.violation(ts, "byte %d of N can be foretold: of %d, these bits are always 1: %#02x, always 0: %#02x, steps are equal: %v", at, manyNonces, ones, zeros, steps)
		}
	}
}

// visits N: the target has connected to its service so many times.
func visitsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "visits N")
	s := of(ts)
	if n := s.in.peer.visited(); int64(n) != integer(ts, args[0]) {
		s.violation(ts, "the service was connected to %d times, not %s", n, args[0])
	}
}

// away, back: where the target connects to, nobody listens any more; somebody does again.
func awayVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "away")
	of(ts).in.peer.away()
	of(ts).rec.note(". nobody listens at the address that the target connects to")
}

func backVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "back")
	if err := of(ts).in.peer.back(); err != nil {
		of(ts).inconclusive(ts, "listening again: %v", err)
	}
	of(ts).rec.note(". somebody listens there again")
}

// unreached: a process connects to the target, and its connection is closed or reset, since the server cannot be reached.
func unreachedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "unreached")
	s := of(ts)
	c, err := s.dial("plain")
	switch {
	case errors.Is(err, syscall.ECONNRESET): // so soon that the connection was over before it began
		return
	case err != nil:
		s.violation(ts, "connecting to the target failed: %v", err)
	}
	w := s.wait()
	if b, err := c.all(1<<16, w); err == errLimit || err == errTooMuch {
		s.failed(ts, w, "the end of the connection", err)
	} else if len(b) > 0 {
		s.violation(ts, "expected the end of the connection; %s came", shown(b))
	}
}

// keyless empty|missing|folder: started with such a key file, the target ends unsuccessfully, and does not listen before.
func keylessVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "keyless empty|missing|folder")
	s := of(ts)
	path := filepath.Join(s.in.dir, "key-"+args[0])
	var err error
	switch args[0] {
	case "empty":
		err = os.WriteFile(path, nil, 0o600)
	case "folder":
		err = os.Mkdir(path, 0o700)
	}
	if err != nil {
		s.inconclusive(ts, "making the key file: %v", err)
	}
	values := maps.Clone(s.values)
	values["keyfile"] = path
	in, err := s.run.Target.start(s.run.ctx, Scenario{Role: s.role}, values, s.run.root)
	if in == nil || in.process == nil {
		s.inconclusive(ts, "starting the target: %v", err)
	}
	s.instances = append(s.instances, in)
	if err == nil && in.listens {
		s.violation(ts, "the target listens, although its key file is %s", args[0])
	}
	w := s.wait()
	select {
	case <-in.process.gone:
	case <-time.After(time.Until(w.end())):
		s.failed(ts, w, "the end of the program", errLimit)
	}
	s.rec.note(". the target has ended: %v", in.process.cmd.ProcessState)
	if in.process.cmd.ProcessState.Success() {
		s.violation(ts, "the target ends successfully, although its key file is %s", args[0])
	}
}

// logged: the target has had the time to print what it prints of Errors: the text of another one, which comes now, is printed. Where it
// prints none, there is nothing to wait for but the time limit.
func loggedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "logged")
	openVerb(ts, false, []string{"fence"})
	s, text := of(ts), token()
	h := s.pair.hmac
	b, _ := h.out.AppendError(nil, wire.CodeWrongHMAC, text, number(0))
	h.send(b, s.wait())
	for w := s.wait(); !bytes.Contains(s.in.process.printed(), text) && !w.over(); {
		time.Sleep(time.Millisecond)
	}
}

// printed is what the program has printed, or the end of it.
func (p *process) printed() []byte { return []byte(p.stdout.String() + p.stderr.String()) }
