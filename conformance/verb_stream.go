package conformance

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// echo N|all: send N bytes, or all 256 byte values, to an echo service while its answer is read, which has to be the same.
func echoVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "echo N|all")
	s := of(ts)
	var out []byte
	if args[0] == "all" {
		for i := range 256 {
			out = append(out, byte(i))
		}
	} else {
		n, err := strconv.Atoi(args[0])
		usageError(ts, neg, err == nil, "echo N|all")
		out = pattern(n)
	}
	w := s.wait()
	go s.cur.send(out, w)
	got, err := s.cur.exactly(len(out), w)
	if err != nil {
		got = s.cur.in
	}
	for i := range got {
		if got[i] != out[i] {
			s.violation(ts, "byte %d of the echo is %#02x, not %#02x", i, got[i], out[i])
		}
	}
	if err != nil {
		s.failed(ts, w, fmt.Sprintf("%d bytes of echo (%d came)", len(out), len(got)), err)
	}
}

// rest [-junk] N: all that still comes, until the end, are the N bytes of the pattern; with -junk something may stand before them.
func restVerb(ts *testscript.TestScript, neg bool, args []string) {
	junk := len(args) > 0 && args[0] == "-junk"
	if junk {
		args = args[1:]
	}
	usageError(ts, neg, len(args) == 1, "rest [-junk] N")
	n, err := strconv.Atoi(args[0])
	usageError(ts, neg, err == nil, "rest [-junk] N")
	s, want := of(ts), pattern(n)
	w := s.wait()
	got, err := s.cur.all(n+1<<20, w)
	switch {
	case err != nil && err != io.EOF && len(got) < n:
		s.failed(ts, w, fmt.Sprintf("%d bytes (%d came) and the end", n, len(got)), err)
	case junk && len(got) >= n:
		got = got[len(got)-n:]
	}
	if len(got) != n {
		s.violation(ts, "expected %d bytes and the end; %d bytes came", n, len(got))
	}
	for i := range got {
		if got[i] != want[i] {
			s.violation(ts, "byte %d of %d is %#02x, not %#02x", i, n, got[i], want[i])
		}
	}
}

// until TEXT|-filler N: the text, or N bytes of the pattern, come; something may stand before them.
func untilVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 || len(args) == 2 && args[0] == "-filler", "until TEXT|-filler N")
	s, want := of(ts), []byte(nil)
	if len(args) == 2 {
		n, err := strconv.Atoi(args[1])
		usageError(ts, neg, err == nil, "until -filler N")
		want = pattern(n)
	} else {
		want = texts(ts, args)
	}
	w := s.wait()
	if _, err := s.cur.upTo(want, 2*len(want)+4096, w); err != nil {
		s.failed(ts, w, shown(want), err)
	}
}

// answer begun|sign|crlf|text: something comes; its first byte is a sign; its first line ends with CR LF; between sign and CR LF
// is no NUL, CR or LF.
func answerVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1, "answer begun|sign|crlf|text")
	s := of(ts)
	w := s.wait()
	for len(s.cur.in) == 0 || args[0] != "begun" && args[0] != "sign" && !bytes.Contains(s.cur.in, []byte("\n")) {
		if err := s.cur.fill(w); err != nil {
			s.failed(ts, w, "an answer and its line end", err)
		}
	}
	b := s.cur.in
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	switch {
	case args[0] == "sign" && b[0] != '+' && b[0] != '-':
		s.violation(ts, "the answer begins with %s, neither + nor -", shown(b[:1]))
	case args[0] == "crlf" && bytes.IndexByte(b, '\n') != bytes.Index(b, []byte("\r\n"))+1:
		s.violation(ts, "the first line of the answer, %s, does not end with CR LF", shown(b))
	case args[0] == "text" && bytes.ContainsAny(line, "\x00\r\n"):
		s.violation(ts, "the explanation in %s holds NUL, CR or LF", shown(b))
	}
}
