package hmacsocket

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

func peerVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "nonces", Usage: "fresh|random",
			Help: "Of many connections, no two have the same N; and no bit of it is always the same, no byte grows by " +
				"the same step.", Max: -1, Run: noncesVerb},
		{Name: "visits", Usage: "N",
			Help: "The target has connected to its service so many times.", Min: 1, Max: 1, Run: visitsVerb},
		{Name: "away",
			Help: "Where the target connects to, nobody listens any more.", Run: awayVerb},
		{Name: "back",
			Help: "Somebody listens again where the target connects to.", Run: backVerb},
		{Name: "unreached",
			Help: "A process connects to the target, and its connection is closed or reset, since the server cannot be " +
				"reached.", Run: unreachedVerb},
		{Name: "keyless", Usage: "empty|missing|folder",
			Help: "Started with such a key file, the target ends unsuccessfully, and does not listen before.",
			Min:  1, Max: 1, Run: keylessVerb},
		{Name: "logged",
			Help: "The target has had the time to print what it prints of Errors: the text of another one, which comes " +
				"now, is printed. Where it prints none, there is nothing to wait for but the time limit.", Run: loggedVerb},
	}
}

// manyNonces is how many N's are looked at: a bit that is the same in all of them is no accident.
const manyNonces = 64

func noncesVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "fresh" || args[0] == "random")) {
		return engine.ErrUsage
	}
	var all [][]byte
	for seen := s.Rec.Mark(); len(all) < manyNonces; {
		s.Rec.Back(seen)
		if err := connectVerb(s, nil); err != nil {
			return err
		}
		if err := greetedVerb(s, nil); err != nil {
			return err
		}
		N := of(s).pair.hmac.out.N
		for _, other := range all {
			if bytes.Equal(N, other) && args[0] == "fresh" {
				return engine.Violation("two connections have the N %x", N)
			}
		}
		all = append(all, bytes.Clone(N))
		of(s).pair.close()
	}
	for at := range all[0] {
		ones, zeros, steps := byte(0xff), byte(0xff), true
		for i, N := range all {
			ones, zeros = ones&N[at], zeros&^N[at]
			steps = steps && (i < 2 || N[at]-all[i-1][at] == all[1][at]-all[0][at])
		}
		if args[0] == "random" && (ones != 0 || zeros != 0 || steps) {
			return engine.Violation("byte %d of N can be foretold: of %d, these bits are always 1: %#02x, always 0: %#02x, steps are equal: %v", at, manyNonces, ones, zeros, steps)
		}
	}
	return nil
}

func visitsVerb(s *engine.Session, args []string) error {
	if n := peerOf(s.In).visited(); int64(n) != engine.Integer(args[0]) {
		return engine.Violation("the service was connected to %d times, not %s", n, args[0])
	}
	return nil
}

func awayVerb(s *engine.Session, args []string) error {
	peerOf(s.In).away()
	s.Rec.Note(". nobody listens at the address that the target connects to")
	return nil
}

func backVerb(s *engine.Session, args []string) error {
	if err := peerOf(s.In).back(s.Context()); err != nil {
		return engine.Inconclusive("listening again: %v", err)
	}
	s.Rec.Note(". somebody listens there again")
	return nil
}

func unreachedVerb(s *engine.Session, args []string) error {
	c, err := tcp.Dial(s, "plain")
	switch {
	case errors.Is(err, syscall.ECONNRESET): // so soon that the connection was over before it began
		return nil
	case err != nil:
		return engine.Violation("connecting to the target failed: %v", err)
	}
	w := s.Wait()
	if b, err := c.All(1<<16, w); err == engine.ErrLimit || err == engine.ErrTooMuch {
		return s.Meaning(w, "the end of the connection", err)
	} else if len(b) > 0 {
		return engine.Violation("expected the end of the connection; %s came", engine.Shown(b))
	}
	return nil
}

func keylessVerb(s *engine.Session, args []string) error {
	path := filepath.Join(s.In.Dir, "key-"+args[0])
	var err error
	switch args[0] {
	case "empty":
		err = os.WriteFile(path, nil, 0o600)
	case "folder":
		err = os.Mkdir(path, 0o700)
	}
	if err != nil {
		return engine.Inconclusive("making the key file: %v", err)
	}
	values := maps.Clone(s.Values)
	values["keyfile"] = path
	in, err := s.Start(values)
	if in == nil || in.Process == nil {
		return engine.Inconclusive("starting the target: %v", err)
	}
	if err == nil && in.Listens {
		return engine.Violation("the target listens, although its key file is %s", args[0])
	}
	w := s.Wait()
	if !w.Closes(in.Process.Gone) {
		return s.Meaning(w, "the end of the program", engine.ErrLimit)
	}
	s.Rec.Note(". the target has ended: %v", in.Process.Cmd.ProcessState)
	if in.Process.Cmd.ProcessState.Success() {
		return engine.Violation("the target ends successfully, although its key file is %s", args[0])
	}
	return nil
}

func loggedVerb(s *engine.Session, args []string) error {
	if err := openVerb(s, []string{"fence"}); err != nil {
		return err
	}
	text := engine.Token()
	h := of(s).pair.hmac
	b, _ := h.out.AppendError(nil, wire.CodeWrongHMAC, text, number(0))
	h.Send(b, s.Wait())
	for w := s.Wait(); !bytes.Contains(s.In.Process.Printed(), text) && !w.Over(); {
		time.Sleep(time.Millisecond)
	}
	return nil
}
