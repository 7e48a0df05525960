package tcpmux

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

func requestVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "reply", Usage: "+|-",
			Help: "A reply with that sign comes, up to its line end. Nothing else is judged, not even whether the " +
				"line ends in CR LF.", Max: -1, Run: replyVerb},
		{Name: "unserved",
			Help: "The target sends no positive reply before it ends the connection or completes a line.",
			Run:  unservedVerb},
		{Name: "unknown", Usage: "[-of TEXT] FROM TO",
			Help: "A name that no service has gets a negative reply, for each length from FROM to TO bytes. With " +
				"-of, the name repeats that text.",
			Min: 2, Max: 4, Run: unknownVerb},
		{Name: "sync",
			Help: "Send a fresh token to an echo service and wait for it. Any bytes before the token are kept as " +
				"junk.", Run: syncVerb},
		{Name: "junk", Usage: "[without TEXT]",
			Help: "The last sync found nothing before the token or, with without, nothing that contains TEXT.",
			Max:  -1, Run: junkVerb},
		{Name: "list", Usage: "[-part]",
			Help: "Read the answer to HELP to its end. It counts as a list if it is not a refusal and names the " +
				"baseline's service. With -part it need not name that service, since bytes sent after HELP may have " +
				"cut it short.", Max: -1, Run: listVerb},
		{Name: "listed", Usage: "all|once|crlf|without TEXT",
			Help: "The last list names all services of the target (all); names none twice (once); ends its lines " +
				"with CR LF (crlf); or does not contain the text (without).", Max: -1, Run: listedVerb},
		{Name: "served listed",
			Help: "Every name in the last list gets a positive reply, except the service that cannot be started.",
			Min:  0, Run: servedListedVerb},
		{Name: "sessions", Usage: "N",
			Help: "Open N sessions with an echo service at once, and keep each open until all have returned a " +
				"token. Sessions that get no place in time are ignored. Then close them all.",
			Min: 1, Max: 1, Run: sessionsVerb},
	}
}

func replyVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "+" || args[0] == "-")) {
		return engine.ErrUsage
	}
	want := map[string]string{"+": "a positive reply", "-": "a negative reply"}[args[0]]
	w := s.Wait()
	for len(tcp.Current(s).In) == 0 {
		if err := tcp.Current(s).Fill(w); err != nil {
			return s.Meaning(w, want, err)
		}
	}
	if tcp.Current(s).In[0] != args[0][0] {
		return engine.Violation("expected %s, not %s", want, engine.Shown(tcp.Current(s).In))
	}
	if _, err := tcp.Current(s).UpTo([]byte("\n"), 64<<10, w); err != nil {
		return s.MeaningBehind(w, "the reply's line end", tcp.Current(s).In, err)
	}
	return nil
}

func unservedVerb(s *engine.Session, args []string) error {
	w := s.Wait()
	for !bytes.ContainsRune(tcp.Current(s).In, '\n') && tcp.Current(s).Fill(w) == nil {
	}
	if bytes.HasPrefix(tcp.Current(s).In, []byte("+")) {
		return engine.Violation("expected no positive reply; %s came", engine.Shown(tcp.Current(s).In))
	}
	return nil
}

func unknownVerb(s *engine.Session, args []string) error {
	text := []byte("u")
	if args[0] == "-of" && len(args) == 4 {
		text, args = s.Texts(args[1:2]), args[2:]
	}
	if len(args) != 2 || len(text) == 0 {
		return engine.ErrUsage
	}
	seen := s.Rec.Mark()
	for n := engine.Integer(args[0]); n <= engine.Integer(args[1]); n++ {
		s.Rec.Back(seen) // it does not fail at the names before
		c, err := tcp.Reach(s, "")
		if err != nil {
			return err
		}
		tcp.Of(s).Cur = c
		s.Rec.Note(". a name of %d bytes", n)
		c.Send(append(bytes.Repeat(text, int(n))[:n], "\r\n"...), s.Wait())
		if err := replyVerb(s, []string{"-"}); err != nil {
			return err
		}
		c.Close() // a server may have few places
	}
	return nil
}

func syncVerb(s *engine.Session, args []string) error {
	t := engine.Token()
	w := s.Wait()
	tcp.Current(s).Send(t, w)
	got, err := tcp.Current(s).UpTo(t, 64<<10, w)
	if err != nil {
		return s.MeaningBehind(w, "the echo of "+string(t), tcp.Current(s).In, err)
	}
	of(s).junk = got[:len(got)-len(t)]
	return nil
}

func junkVerb(s *engine.Session, args []string) error {
	if !(len(args) == 0 || len(args) == 2 && args[0] == "without") {
		return engine.ErrUsage
	}
	if len(args) == 0 && len(of(s).junk) > 0 {
		return engine.Violation("%s comes after the reply line, which is not from the service",
			engine.Shown(of(s).junk))
	}
	if len(args) == 2 && bytes.Contains(of(s).junk, s.Texts(args[1:])) {
		return engine.Violation("%s comes after the reply line, which is part of the request", engine.Shown(of(s).junk))
	}
	return nil
}

func listVerb(s *engine.Session, args []string) error {
	if !(len(args) == 0 || len(args) == 1 && args[0] == "-part") {
		return engine.ErrUsage
	}
	w := s.Wait()
	b, err := tcp.Current(s).All(1<<20, w)
	switch {
	case len(b) == 0 && err == nil:
		return engine.Violation("expected a list of names; the connection was closed")
	case len(b) == 0:
		return s.Meaning(w, "a list of names", err)
	case b[0] == '-':
		return engine.Violation("expected a list of names, not the refusal %s", engine.Shown(b))
	}
	if list(s, b); len(args) == 0 && !slices.Contains(of(s).names, strings.ToLower(s.Values["any"])) {
		return engine.Violation("expected a list of names; %s came, without %s", engine.Shown(b), s.Values["any"])
	}
	return nil
}

func listedVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 || len(args) == 2 && args[0] == "without") {
		return engine.ErrUsage
	}
	switch args[0] {
	case "all":
		for _, service := range s.Target().List("services") {
			if service == "absent" {
				continue // whether it is supported is a question of words
			}
			name := strings.ToLower(engine.Expand("{"+service+"}", s.Values))
			if !slices.Contains(of(s).names, name) {
				return engine.Violation("%q is supported, but not in the list", name)
			}
		}
	case "once":
		for i, name := range of(s).names {
			if slices.Contains(of(s).names[:i], name) {
				return engine.Violation("%q is in the list twice", name)
			}
		}
	case "crlf":
		for i, line := range bytes.SplitAfter(of(s).raw, []byte("\n")) {
			if len(line) > 0 && !bytes.HasSuffix(line, []byte("\r\n")) {
				return engine.Violation("line %d of the list, %s, does not end with CR LF", i+1, engine.Shown(line))
			}
		}
	case "without":
		if text := s.Texts(args[1:]); bytes.Contains(of(s).raw, text) {
			return engine.Violation("in the list, or after it, comes %s", engine.Shown(text))
		}
	default:
		return engine.ErrUsage
	}
	return nil
}

func servedListedVerb(s *engine.Session, args []string) error {
	for _, name := range of(s).names {
		if name == s.Values["absent"] || name == "help" {
			continue // HELP may list itself
		}
		c, err := tcp.Reach(s, "")
		if err != nil {
			return err
		}
		tcp.Of(s).Cur = c
		c.Send([]byte(name+"\r\n"), s.Wait())
		if err := replyVerb(s, []string{"+"}); err != nil {
			return err
		}
	}
	return nil
}

// sessionsTime is how long many services at once may take to begin. It is no criterion.
const sessionsTime = 15 * time.Second

func sessionsVerb(s *engine.Session, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	request, _ := s.Text(`{echo}\r\n`)
	begin := s.Window(sessionsTime)
	var begun atomic.Int32
	for _, c := range tcp.ConnectAll(s, n, func(c *tcp.Conn) {
		token := engine.Token()
		c.Send(request, begin)
		if _, err := c.UpTo([]byte("\n"), 4096, begin); err != nil {
			return
		}
		c.Send(token, begin)
		if _, err := c.UpTo(token, 4096, begin); err == nil {
			begun.Add(1)
		}
	}) {
		c.Close()
	}
	s.Rec.Note("%d of %d sessions at once had a token back; all are closed", begun.Load(), n)
	return nil
}
