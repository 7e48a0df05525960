package daemon

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func printedVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "secret",
			Help: "The target's output contains no S, no T and no bytes of a datagram, whether raw, in hexadecimal " +
				"or in base64.", Run: secretVerb},
		{Name: "printed", Usage: "session NAME...|client NAME...",
			Help: "Within the time limit the target prints a line with each session's id and user, or a line with " +
				"each client's address and port.", Max: -1, Run: printedVerb},
		{Name: "roomy",
			Help: "The external socket's receive buffer is as large as the system gives to any program, up to 4 MiB.",
			Run:  roomyVerb},
		{Name: "unfixed", Usage: "CLIENT MODE BACKEND",
			Help: "An answer leaves in an IPv4 packet with DF clear.", Min: 3, Max: 3, Run: unfixedVerb},
	}
}

func secretVerb(s *engine.Session, args []string) error {
	what := make(map[string][]byte)
	for name, b := range of(s).backends {
		what["S of "+name], what["T of "+name] = b.s[:], b.t[:]
		what["a datagram of "+name] = tailOf(b.Last)
	}
	for name, c := range of(s).clients {
		what["a datagram of "+name] = tailOf(c.Last)
	}
	printed := s.In.Process.Printed()
	for name, b := range what {
		for form, text := range spellings(b) {
			if bytes.Contains(printed, text) {
				return engine.Violation("what the target printed has %s: %s %q", name, form, text)
			}
		}
	}
	return nil
}

// tailOf gives the end of a datagram, which is random.
func tailOf(b []byte) []byte { return b[max(0, len(b)-16):] }

// spellings gives ways to print the first bytes of a secret. Base64 depends on a byte's place in a group of three.
func spellings(b []byte) map[string][]byte {
	all := make(map[string][]byte)
	const enough = 9
	if len(b) < enough+2 {
		return all
	}
	all["the bytes"], all["quoted"] = b[:enough], []byte(strings.Trim(strconv.Quote(string(b[:enough])), `"`))
	all["hexadecimal"] = []byte(hex.EncodeToString(b[:enough]))
	all["capital hexadecimal"] = bytes.ToUpper(all["hexadecimal"])
	all["hexadecimal with blanks"] = fmt.Appendf(nil, "% x", b[:enough])
	all["decimal"] = bytes.Trim(fmt.Appendf(nil, "%d", b[:enough]), "[]")
	all["decimal with commas"] = bytes.ReplaceAll(all["decimal"], []byte(" "), []byte(","))
	for i := range 3 {
		all[fmt.Sprint("base64 from byte ", i)] = []byte(base64.RawStdEncoding.EncodeToString(b[i : i+enough]))
		all[fmt.Sprint("base64url from byte ", i)] = []byte(base64.RawURLEncoding.EncodeToString(b[i : i+enough]))
	}
	return all
}

func printedVerb(s *engine.Session, args []string) error {
	if !(len(args) >= 2 && (args[0] == "session" || args[0] == "client")) {
		return engine.ErrUsage
	}
	var missing [][]string
	for _, name := range namesIn(args[1:]) {
		if args[0] == "session" {
			missing = append(missing, []string{fmt.Sprint(backendNamed(s, name).id), fmt.Sprint(os.Geteuid())})
		} else {
			at := clientNamed(s, name, "").Address()
			missing = append(missing, []string{at.Addr().String(), fmt.Sprint(at.Port())})
		}
	}
	what := "a line for each " + args[0] + " of " + strings.Join(args[1:], ", ")
	err := prints(s, 0, what, func(text []byte) bool {
		missing = slices.DeleteFunc(missing, func(words []string) bool { return lineWith(text, words) })
		return len(missing) == 0
	})
	if err != nil {
		s.Rec.Note("the first one without a line needs %s", strings.Join(missing[0], " and "))
	}
	return err
}

// clock matches a time of day in a log, with or without a date before it: its numbers do not count.
var clock = regexp.MustCompile(`(^|[^0-9.])(\d{4}[-/]\d\d[-/]\d\d[T ]|[A-Z][a-z]{2} [ \d]\d )?\d\d:\d\d:\d\d([.,]\d+)?`)

// lineWith says whether a line of the text has these words besides its time.
func lineWith(text []byte, words []string) bool {
	for line := range bytes.Lines(text) {
		if slices.ContainsFunc(words, func(word string) bool { return !bytes.Contains(line, []byte(word)) }) {
			continue // most lines, at little cost: looking for words and for the time takes longer
		}
		line = clock.ReplaceAll(line, []byte("$1"))
		missing := slices.ContainsFunc(words, func(word string) bool {
			return !regexp.MustCompile(`(^|[^0-9.])` + regexp.QuoteMeta(word) + `([^0-9]|$)`).Match(line)
		})
		if !missing {
			return true
		}
	}
	return false
}

func roomyVerb(s *engine.Session, args []string) error {
	at, err := netip.ParseAddrPort(s.In.Address)
	if err != nil {
		return engine.Inconclusive("%v", err)
	}
	have, want, err := receiveBuffer(at)
	if err != nil {
		return engine.Inconclusive("the kernel's table: %v", err)
	}
	s.Rec.Note("the external socket's receive buffer: %d bytes; one that asks for 4 MiB: %d", have, want)
	if have < want {
		return engine.Violation("the external socket's receive buffer has %d bytes, and the system allows %d",
			have, want)
	}
	return nil
}

func unfixedVerb(s *engine.Session, args []string) error {
	if err := carriesVerb(s, args); err != nil {
		return err
	}
	c, b := of(s).clients[args[0]], backendNamed(s, args[2])
	w := s.Wait()
	df, err := sockets.SawDF(c.Address().Port(), w, func() []byte { b.down(c); return b.Last })
	switch {
	case err == engine.ErrLimit:
		return s.Meaning(w, "the packet of an answer", err)
	case err != nil:
		return engine.Inconclusive("looking at packets: %v", err)
	case df:
		return engine.Violation("the answer's packet has DF set")
	}
	return nil
}
