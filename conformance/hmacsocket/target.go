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
		{Name: "nonces", Usage: "fresh [STARTS [N]]|random",
			Help: "Of 64 connections, or N, no two have the same N, even if the target is started STARTS times with " +
				"the same key (fresh); or no bit of N is constant and no byte of it grows in equal steps (random).",
			Max: -1, Run: noncesVerb},
		{Name: "another",
			Help: "Start the target once more, with the same key. From here on, connections go through that one.",
			Run:  func(s *engine.Session, args []string) error { return startLike(s, s.In) }},
		{Name: "patient", Usage: "TIME",
			Help: "Continue only if the target waits longer than TIME for an Init, or states no limit; otherwise " +
				"nothing is judged.",
			Min: 1, Max: 1, Run: patientVerb},
		{Name: "visits", Usage: "N",
			Help: "The target has connected to its service N times.", Min: 1, Max: 1, Run: visitsVerb},
		{Name: "away",
			Help: "Nobody listens any more where the target connects to.", Run: awayVerb},
		{Name: "back",
			Help: "Somebody listens again where the target connects to.", Run: backVerb},
		{Name: "unreached", Usage: "[N]",
			Help: "A process, or a peer with a good Init, connects to a target that can reach nobody. The " +
				"connection is closed or reset in both directions. N: repeat this N times in a row.",
			Max: 1, Run: unreachedVerb},
		{Name: "keyless", Usage: "empty|missing|folder",
			Help: "If the target is started with such a key file, it ends with a failure and does not listen before " +
				"that.",
			Min: 1, Max: 1, Run: keylessVerb},
		{Name: "logged",
			Help: "Give the target time to print the Errors it has received: send one more Error and wait until its " +
				"text is printed, or until the time limit if the target prints none.", Run: loggedVerb},
	}
}

// manyNonces is how many N's are compared: a bit that is the same in all of them is no accident.
const manyNonces = 64

func noncesVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && args[0] == "random" || len(args) > 0 && len(args) < 4 && args[0] == "fresh") {
		return engine.ErrUsage
	}
	starts, each := 1, manyNonces
	if len(args) > 1 {
		starts = int(engine.Integer(args[1]))
	}
	if len(args) > 2 {
		each = int(engine.Integer(args[2]))
	}
	if starts < 1 || each < 1 {
		return engine.ErrUsage
	}
	var all [][]byte
	seen := make(map[string]bool)
	for first, mark := s.In, s.Rec.Mark(); len(all) < starts*each; {
		s.Rec.Back(mark)
		if len(all) > 0 && len(all)%each == 0 {
			if err := startLike(s, first); err != nil {
				return err
			}
		}
		if err := connectVerb(s, nil); err != nil {
			return err
		}
		if err := greetedVerb(s, nil); err != nil {
			return err
		}
		N := bytes.Clone(of(s).pair.hmac.out.N)
		if args[0] == "fresh" && seen[string(N)] {
			return engine.Violation("two connections have the N %x", N)
		}
		seen[string(N)] = true
		all = append(all, N)
		of(s).pair.close()
	}
	if args[0] == "random" {
		return foretold(all)
	}
	return nil
}

// foretold says whether anything in the next N can be predicted from these.
func foretold(all [][]byte) error {
	for at := range all[0] {
		ones, zeros, steps := byte(0xff), byte(0xff), true
		for i, N := range all {
			ones, zeros = ones&N[at], zeros&^N[at]
			steps = steps && (i < 2 || N[at]-all[i-1][at] == all[1][at]-all[0][at])
		}
		if ones != 0 || zeros != 0 || steps {
			return engine.Violation("byte %d of N is predictable: in %d of them, these bits are always 1: "+
				"%#02x, always 0: %#02x, steps are equal: %v", at, len(all), ones, zeros, steps)
		}
	}
	return nil
}

// startLike starts the target once more, with the first instance's key, and goes on with the new instance.
func startLike(s *engine.Session, first *engine.Instance) error {
	values := maps.Clone(s.Values)
	values["keyfile"] = filepath.Join(first.Dir, "key")
	if err := s.Replace(values); err != nil {
		return err
	}
	peerOf(s.In).key = peerOf(first).key
	return nil
}

func patientVerb(s *engine.Session, args []string) error {
	least, err := time.ParseDuration(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	const timer = "init_timeout"
	stated, err := time.ParseDuration(s.Target().Timers[timer])
	if !s.Target().Uses(s.Role, timer) && err == nil && stated <= least { // otherwise it is set to a long one
		return engine.Unsupported("the target's %s is %v", timer, stated)
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
	n := int64(1)
	if len(args) == 1 {
		n = engine.Integer(args[0])
	}
	for seen := s.Rec.Mark(); n > 0; n-- {
		s.Rec.Back(seen) // all are alike
		if err := unreached(s); err != nil {
			return err
		}
	}
	return nil
}

// unreached connects to a target that cannot reach anybody.
func unreached(s *engine.Session) error {
	side := "plain"
	if isServer(s) {
		side = "hmac"
	}
	c, err := tcp.Dial(s, side)
	switch {
	case errors.Is(err, syscall.ECONNRESET): // so soon that it came before the connection was up
		return nil
	case err != nil:
		return engine.Violation("connecting to the target failed: %v", err)
	}
	defer c.Close()
	w := s.Wait()
	if isServer(s) {
		c.Send(newHMAC(s, c).init(), w)
	}
	if b, err := c.All(1<<16, w); err == engine.ErrLimit || err == engine.ErrTooMuch {
		return s.Meaning(w, "the end of the connection", err)
	} else if len(b) > 0 && !isServer(s) {
		return engine.Violation("expected the end of the connection; %s came", engine.Shown(b))
	}
	return tcp.Gone(s, c)
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
