package conformance

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// reply +|-: a reply with that sign comes, up to its line end. Nothing else of it is judged, whether that is CR LF neither.
func replyVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "+" || args[0] == "-"), "reply +|-")
	s := of(ts)
	want := map[string]string{"+": "a positive reply", "-": "a negative reply"}[args[0]]
	w := s.wait()
	for len(s.cur.in) == 0 {
		if err := s.cur.fill(w); err != nil {
			s.failed(ts, w, want, err)
		}
	}
	if s.cur.in[0] != args[0][0] {
		s.violation(ts, "expected %s, not %s", want, shown(s.cur.in))
	}
	if _, err := s.cur.upTo([]byte("\n"), 64<<10, w); err != nil {
		s.failed(ts, w, "the reply's line end", err)
	}
}

// unserved: until the target ends the connection, or has sent a line, it does not send a positive reply.
func unservedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "unserved")
	s := of(ts)
	w := s.wait()
	for !bytes.ContainsRune(s.cur.in, '\n') && s.cur.fill(w) == nil {
	}
	if bytes.HasPrefix(s.cur.in, []byte("+")) {
		s.violation(ts, "expected no positive reply; %s came", shown(s.cur.in))
	}
}

// sync: send a fresh token to an echo service and wait for it; what comes before it is the junk.
func syncVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "sync")
	s, t := of(ts), token()
	w := s.wait()
	s.cur.send(t, w)
	got, err := s.cur.upTo(t, 64<<10, w)
	if err != nil {
		s.failed(ts, w, "the echo of "+string(t), err)
	}
	s.junk = got[:len(got)-len(t)]
}

// junk [without TEXT]: the last sync found nothing before the token, or nothing that holds TEXT.
func junkVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0 || len(args) == 2 && args[0] == "without", "junk [without TEXT]")
	s := of(ts)
	if len(args) == 0 && len(s.junk) > 0 {
		s.violation(ts, "behind the reply line stands %s (%d bytes), which is not of the service", shown(s.junk), len(s.junk))
	}
	if len(args) == 2 && bytes.Contains(s.junk, texts(ts, args[1:])) {
		s.violation(ts, "behind the reply line stands %s, which is part of the request", shown(s.junk))
	}
}

// list [-part]: read the answer to HELP to its end. It is a list if it is no refusal and holds the service of the good exchange;
// the latter not with -part, where what was sent behind HELP may have cut it short.
func listVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0 || len(args) == 1 && args[0] == "-part", "list [-part]")
	s := of(ts)
	w := s.wait()
	b, err := s.cur.all(1<<20, w)
	switch {
	case len(b) == 0 && err == nil:
		s.violation(ts, "expected a list of names; the connection was closed")
	case len(b) == 0:
		s.failed(ts, w, "a list of names", err)
	case b[0] == '-':
		s.violation(ts, "expected a list of names, not the refusal %s", shown(b))
	}
	if s.list(b); len(args) == 0 && !slices.Contains(s.names, strings.ToLower(s.values["any"])) {
		s.violation(ts, "expected a list of names; %s came, without %s", shown(b), s.values["any"])
	}
}

// listed all|once|crlf|without TEXT: the last list holds all of the target's services; it holds none twice; its lines end with
// CR LF; the text is nowhere in it.
func listedVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "listed all|once|crlf|without TEXT"
	usageError(ts, neg, len(args) == 1 || len(args) == 2 && args[0] == "without", usage)
	s := of(ts)
	switch args[0] {
	case "all":
		for _, service := range s.in.target.Services {
			if service == "absent" {
				continue // whether it is supported is a question of words
			}
			name := strings.ToLower(expand("{"+service+"}", s.values))
			if !slices.Contains(s.names, name) {
				s.violation(ts, "%q is supported, but not in the list", name)
			}
		}
	case "once":
		for i, name := range s.names {
			if slices.Contains(s.names[:i], name) {
				s.violation(ts, "%q is in the list twice", name)
			}
		}
	case "crlf":
		for i, line := range bytes.SplitAfter(s.raw, []byte("\n")) {
			if len(line) > 0 && !bytes.HasSuffix(line, []byte("\r\n")) {
				s.violation(ts, "line %d of the list, %s, does not end with CR LF", i+1, shown(line))
			}
		}
	case "without":
		if text := texts(ts, args[1:]); bytes.Contains(s.raw, text) {
			s.violation(ts, "in the list, or behind it, stands %s", shown(text))
		}
	default:
		usageError(ts, neg, false, usage)
	}
}

// baseline: a good exchange works.
func baselineVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "baseline")
	s := of(ts)
	if o, reason := s.goodExchange(); o != Pass {
		s.end(ts, o, reason)
	}
}

// served listed: every name that the last list holds, but for the service that cannot be started, gets a positive reply.
// served always: a good exchange worked behind each of the other scenarios.
func servedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "listed" || args[0] == "always"), "served listed|always")
	s := of(ts)
	if args[0] == "always" {
		s.run.mu.Lock()
		failed := s.run.brackets[s.role]
		s.run.mu.Unlock()
		if len(failed) > 0 {
			s.violation(ts, "%s", strings.Join(failed, "; "))
		}
		return
	}
	for _, name := range s.names {
		if name == s.values["absent"] || name == "help" {
			continue // HELP may list itself
		}
		c, err := s.dial("")
		if err != nil {
			s.violation(ts, "connecting to the target failed: %v", err)
		}
		s.cur = c
		c.send([]byte(name+"\r\n"), s.wait())
		replyVerb(ts, false, []string{"+"})
	}
}
