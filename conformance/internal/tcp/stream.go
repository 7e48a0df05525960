package tcp

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/muxspec/muxspec/conformance/internal/engine"
)

func streamVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "echo", Usage: "N|all|pairs",
			Help: "Send N bytes, or all 256 byte values, or every pair of byte values, to an echo service; the same " +
				"bytes come back while they are sent.", Min: 1, Max: 1, Run: echoVerb},
		{Name: "rest", Usage: "[-junk] N",
			Help: "Everything that still comes until the end is N bytes of the pattern. With -junk, other bytes may " +
				"come first.", Min: 1, Max: 2, Run: restVerb},
		{Name: "until", Usage: "TEXT|-filler N",
			Help: "The text, or N bytes of the pattern, comes. Other bytes may come first.", Max: -1, Run: untilVerb},
		{Name: "answer", Usage: "begun|sign|crlf|text",
			Help: "Checks one property of the answer: something comes; its first byte is a sign; its first line " +
				"ends with CR LF; no NUL, CR or LF is between the sign and CR LF.", Min: 1, Max: 1, Run: answerVerb},
	}
}

func echoVerb(s *engine.Session, args []string) error {
	var out []byte
	switch args[0] {
	case "all":
		for i := range 256 {
			out = append(out, byte(i))
		}
	case "pairs":
		for i := range 1 << 16 {
			out = append(out, byte(i>>8), byte(i))
		}
	default:
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return engine.ErrUsage
		}
		out = engine.Pattern(n)
	}
	w := s.WaitMuch(len(out))
	go Current(s).Send(out, w)
	got, err := Current(s).Exactly(len(out), w)
	if err != nil {
		got = Current(s).In
	}
	for i := range got {
		if got[i] != out[i] {
			return engine.Violation("byte %d of the echo is %#02x, not %#02x", i, got[i], out[i])
		}
	}
	if err != nil {
		return s.Meaning(w, fmt.Sprintf("%d bytes of echo (%d came)", len(out), len(got)), err)
	}
	return nil
}

func restVerb(s *engine.Session, args []string) error {
	junk := len(args) > 0 && args[0] == "-junk"
	if junk {
		args = args[1:]
	}
	if len(args) != 1 {
		return engine.ErrUsage
	}
	n := int(engine.Integer(args[0]))
	want := engine.Pattern(n)
	w := s.WaitMuch(n)
	got, err := Current(s).All(n+1<<20, w)
	switch {
	case err != nil && err != io.EOF && len(got) < n:
		return s.Meaning(w, fmt.Sprintf("%d bytes (%d came) and the end", n, len(got)), err)
	case junk && len(got) >= n:
		got = got[len(got)-n:]
	}
	if len(got) != n {
		return engine.Violation("expected %d bytes and the end; %d bytes came", n, len(got))
	}
	for i := range got {
		if got[i] != want[i] {
			return engine.Violation("byte %d of %d is %#02x, not %#02x", i, n, got[i], want[i])
		}
	}
	return nil
}

func untilVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 || len(args) == 2 && args[0] == "-filler") {
		return engine.ErrUsage
	}
	want, w := Filler(s, args), s.Wait()
	if _, err := Current(s).UpTo(want, 2*len(want)+4096, w); err != nil {
		came, text := Current(s).In, engine.Shown(want)
		if len(came) > 0 && bytes.HasSuffix(want, came) {
			text = fmt.Sprintf("%d bytes, of which the first %d are missing", len(want), len(want)-len(came))
		}
		return s.MeaningBehind(w, text, came, err)
	}
	return nil
}

func answerVerb(s *engine.Session, args []string) error {
	w := s.Wait()
	for len(Current(s).In) == 0 ||
		args[0] != "begun" && args[0] != "sign" && !bytes.Contains(Current(s).In, []byte("\n")) {
		if err := Current(s).Fill(w); err != nil {
			return s.MeaningBehind(w, "an answer and its line end", Current(s).In, err)
		}
	}
	b := Current(s).In
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	switch {
	case args[0] == "sign" && b[0] != '+' && b[0] != '-':
		return engine.Violation("the answer begins with %s, neither + nor -", engine.Shown(b[:1]))
	case args[0] == "crlf" && bytes.IndexByte(b, '\n') != bytes.Index(b, []byte("\r\n"))+1:
		return engine.Violation("the first line of the answer, %s, does not end with CR LF", engine.Shown(b))
	case args[0] == "text" && bytes.ContainsAny(line, "\x00\r\n"):
		return engine.Violation("the explanation in %s holds NUL, CR or LF", engine.Shown(b))
	}
	return nil
}
