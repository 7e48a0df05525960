package tcp

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func connectionVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "dial", Usage: "[NAME]",
			Help: "Connect. The new connection becomes the current one.", Max: 1, Run: dialVerb},
		{Name: "use", Usage: "NAME",
			Help: "Make an open connection the current one.", Min: 1, Max: 1, Run: useVerb},
		{Name: "send", Usage: "[-apart|-filler N] TEXT...",
			Help: "Send the texts in one write. With -apart, send each byte in a segment of its own, after the " +
				"target has read the one before; with -filler, add N bytes of the pattern. If the target stops " +
				"reading, the next verb judges that.", Min: 1, Max: -1, Run: sendVerb},
		{Name: "apart",
			Help: "Wait until the target has read everything that was sent.", Run: apartVerb},
		{Name: "cut", Usage: "reset|end TEXT",
			Help: "For each proper prefix of the text, including the empty one: connect, send the prefix, wait " +
				"until it has been read, and end the connection with a reset or a clean end.", Max: -1, Run: cutVerb},
		{Name: "shutdown",
			Help: "End the sending direction.", Run: shutdownVerb},
		{Name: "reset",
			Help: "Reset the connection.", Run: resetVerb},
		{Name: "close",
			Help: "Close the connection.", Run: closeVerb},
		{Name: "closed", Usage: "[-quiet] [-fin|-reset]",
			Help: "The target ends the connection. With -quiet, it sends no further byte first; with -fin, the end " +
				"is not a reset; with -reset, it is one.", Max: -1, Run: closedVerb},
		{Name: "broken",
			Help: "The target resets the connection. The suite reads nothing from it, and its input may have ended " +
				"before.",
			Run: brokenVerb},
		{Name: "gone",
			Help: "The target closes the connection in both directions even if bytes keep arriving. It may go on " +
				"reading for 20 s after its own end.", Run: goneVerb},
		{Name: "expect", Usage: "TEXT...|-filler N",
			Help: "Exactly these bytes come next.", Min: 1, Max: -1, Run: expectVerb},
	}
}

func dialVerb(s *engine.Session, args []string) error {
	name := ""
	if len(args) == 1 {
		name = args[0]
	}
	c, err := Reach(s, name)
	if err != nil {
		return err
	}
	of := Of(s)
	of.named[name], of.Cur = c, c
	return nil
}

func useVerb(s *engine.Session, args []string) error {
	of := Of(s)
	if other, ok := s.Part.(interface{ Use(name string) bool }); ok && other.Use(args[0]) {
		return nil
	}
	if of.named[args[0]] == nil {
		return engine.ErrUsage
	}
	of.Cur = of.named[args[0]]
	return nil
}

func sendVerb(s *engine.Session, args []string) error {
	if args[0] == "-filler" && len(args) > 2 {
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return engine.ErrUsage
		}
		Current(s).Send(append(s.Texts(args[2:]), engine.Pattern(n)...), s.Wait())
		return nil
	}
	if args[0] != "-apart" {
		Current(s).Send(s.Texts(args), s.Wait())
		return nil
	}
	for i, b := range slices.Collect(slices.Chunk(s.Texts(args[1:]), 1)) {
		if i > 0 {
			Current(s).Apart(s.Reading())
		}
		if Current(s).Send(b, s.Wait()) != nil {
			return nil
		}
	}
	Current(s).Apart(s.Reading())
	return nil
}

func apartVerb(s *engine.Session, args []string) error {
	Current(s).Apart(s.Reading())
	return nil
}

func cutVerb(s *engine.Session, args []string) error {
	if !(len(args) == 2 && (args[0] == "reset" || args[0] == "end")) {
		return engine.ErrUsage
	}
	text := s.Texts(args[1:])
	for n := range text {
		c, err := Dial(s, "")
		if err != nil {
			return engine.Violation("connecting to the target failed after %d cuts: %v", n, err)
		}
		c.Send(text[:n], s.Wait())
		c.Apart(s.Reading())
		if args[0] == "reset" {
			c.Abort()
		} else {
			c.Close()
		}
	}
	return nil
}

func shutdownVerb(s *engine.Session, args []string) error {
	Current(s).CloseWrite()
	s.Rec.Note("%s. sending direction ended by the suite", Prefix(Current(s).Name))
	return nil
}

func resetVerb(s *engine.Session, args []string) error {
	Current(s).Abort()
	return nil
}

func closeVerb(s *engine.Session, args []string) error {
	Current(s).Close()
	return nil
}

func closedVerb(s *engine.Session, args []string) error {
	for _, a := range args {
		if !(a == "-quiet" || a == "-fin" || a == "-reset") {
			return engine.ErrUsage
		}
	}
	w := s.Wait()
	b, err := Current(s).All(1<<20, w)
	if Current(s).Unread != nil {
		b = append(Current(s).Unread(), b...)
	}
	switch {
	case len(b) > 0 && slices.Contains(args, "-quiet"):
		return engine.Violation("expected the end of the connection and not another byte; %s came", engine.Shown(b))
	case err == engine.ErrLimit || err == engine.ErrTooMuch:
		return s.Meaning(w, "the end of the connection", err)
	case err != nil && slices.Contains(args, "-fin"):
		return engine.Violation("expected a clean end of the connection; it was reset")
	case err == nil && slices.Contains(args, "-reset"):
		return engine.Violation("expected a reset of the connection; it ended cleanly")
	}
	return nil
}

func expectVerb(s *engine.Session, args []string) error {
	want := Filler(s, args)
	w := s.Wait()
	got, err := Current(s).Exactly(len(want), w)
	if err != nil && !bytes.HasPrefix(want, Current(s).In) {
		got, err = Current(s).In, nil
	}
	if err != nil {
		return s.MeaningBehind(w, engine.Shown(want), Current(s).In, err)
	}
	if !bytes.Equal(got, want) {
		return engine.Violation("expected %s, not %s", engine.Shown(want), engine.Shown(got))
	}
	return nil
}

// Filler gives the text of a verb's arguments, or the pattern. A part may know lengths by name.
func Filler(s *engine.Session, args []string) []byte {
	if args[0] != "-filler" || len(args) != 2 {
		return s.Texts(args)
	}
	if named, ok := s.Part.(interface {
		Length(name string) (n int, ok bool)
	}); ok {
		if n, ok := named.Length(args[1]); ok {
			return engine.Pattern(n)
		}
	}
	return engine.Pattern(int(engine.Integer(args[1])))
}
