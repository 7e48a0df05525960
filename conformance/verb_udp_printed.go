package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// secret: what the target has printed holds no S, no T, and no bytes of a datagram, as they are, in hexadecimal, or in base64.
func secretVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "secret")
	s := of(ts)
	what := make(map[string][]byte)
	for name, b := range s.udp.backends {
		what["S of "+name], what["T of "+name] = b.s[:], b.t[:]
		what["a datagram of "+name] = tailOf(b.last)
	}
	for name, c := range s.udp.clients {
		what["a datagram of "+name] = tailOf(c.last)
	}
	printed := s.in.process.printed()
	for name, b := range what {
		for form, text := range spellings(b) {
			if bytes.Contains(printed, text) {
				s.violation(ts, "what the target printed has %s: %s %q", name, form, text)
			}
		}
	}
}

// tailOf gives the end of a datagram, which is random.
func tailOf(b []byte) []byte { return b[max(0, len(b)-16):] }

// spellings gives ways to print the first bytes of a secret. Base64 depends on where a byte stands in a group of three.
func spellings(b []byte) map[string][]byte {
	all := make(map[string][]byte)
	const enough = 9
	if len(b) < enough+2 {
		return all
	}
	all["the bytes"], all["quoted"] = b[:enough], []byte(strings.Trim(strconv.Quote(string(b[:enough])), `"`))
	all["hexadecimal"] = []byte(hex.EncodeToString(b[:enough]))
	all["capital hexadecimal"] = bytes.ToUpper(all["hexadecimal"])
	all["hexadecimal with blanks"], all["decimal"] = fmt.Appendf(nil, "% x", b[:enough]), bytes.Trim(fmt.Appendf(nil, "%d", b[:enough]), "[]")
	for i := range 3 {
		all[fmt.Sprint("base64 from byte ", i)] = []byte(base64.RawStdEncoding.EncodeToString(b[i : i+enough]))
		all[fmt.Sprint("base64url from byte ", i)] = []byte(base64.RawURLEncoding.EncodeToString(b[i : i+enough]))
	}
	return all
}

// printed session NAME|client NAME: within the time limit the target has printed a line with the session's id and the user's; or one
// with the client's address and port.
func printedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2 && (args[0] == "session" || args[0] == "client"), "printed session|client NAME")
	s := of(ts)
	var words []string
	if args[0] == "session" {
		words = []string{fmt.Sprint(s.backend(ts, args[1]).id), fmt.Sprint(os.Geteuid())}
	} else {
		at := s.clientNamed(ts, args[1], "").address()
		words = []string{regexp.QuoteMeta(at.Addr().String()), fmt.Sprint(at.Port())}
	}
	for w := s.wait(); !lineWith(s.in.process.printed(), words); time.Sleep(time.Millisecond) {
		if w.over() {
			s.failed(ts, w, "a line on the target's output with "+strings.Join(words, " and "), errLimit)
		}
	}
}

// lineWith says whether a line of the text has these words.
func lineWith(text []byte, words []string) bool {
	for line := range bytes.Lines(text) {
		missing := slices.ContainsFunc(words, func(word string) bool {
			return !regexp.MustCompile(`(^|[^0-9.])` + word + `([^0-9]|$)`).Match(line)
		})
		if !missing {
			return true
		}
	}
	return false
}

// roomy: the external socket's receive buffer is as large as the system gives it to everybody, up to 4 MiB.
func roomyVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "roomy")
	s := of(ts)
	at, err := s.in.external(loopback4)
	if err != nil {
		s.inconclusive(ts, "%v", err)
	}
	have, want, err := receiveBuffer(at)
	if err != nil {
		s.inconclusive(ts, "the kernel's table: %v", err)
	}
	s.rec.note("the external socket's receive buffer: %d bytes; one that asks for 4 MiB: %d", have, want)
	if have < want {
		s.violation(ts, "the external socket's receive buffer has %d bytes, and the system allows %d", have, want)
	}
}

// unfixed CLIENT MODE BACKEND: an answer leaves in an IPv4 packet with DF clear.
func unfixedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 3, "unfixed CLIENT MODE BACKEND")
	s := of(ts)
	carriesVerb(ts, false, args)
	c, b := s.udp.clients[args[0]], s.backend(ts, args[2])
	w := s.wait()
	df, err := sawDF(c.address().Port(), w, func() []byte { b.down(c); return b.last })
	switch {
	case err == errLimit:
		s.failed(ts, w, "the packet of an answer", err)
	case err != nil:
		s.inconclusive(ts, "looking at packets: %v", err)
	case df:
		s.violation(ts, "the answer's packet has DF set")
	}
}
