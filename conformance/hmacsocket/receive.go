package hmacsocket

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

func receiveVerbs() []engine.Verb {
	return []engine.Verb{
		{Name: "chunks", Usage: "TEXT...|-filler N",
			Help: "Valid Chunks come, and their data together is exactly this, however it is divided.",
			Max:  -1, Run: chunksVerb},
		{Name: "told", Usage: "EC",
			Help: "An Error with this code comes.", Max: -1, Run: toldVerb},
		{Name: "said", Usage: "text|words",
			Help: "The text of the last Error is valid UTF-8 without NUL (text), or is not empty of words (words).",
			Max:  -1, Run: saidVerb},
		{Name: "nothing",
			Help: "No byte comes before the connection ends or the time limit is over. Whether it ends is for " +
				"another rule.", Run: nothingVerb},
		{Name: "untold",
			Help: "The target sends no message with LD 0 before it ends its direction or the time limit is over.",
			Max:  -1, Run: untoldVerb},
		{Name: "refused", Usage: "[NAME]",
			Help: "The target does not accept the Init that was sent: it closes the connection before it signs a " +
				"Chunk for the N in that Init. If it does sign, its Chunks are replayed on the HMAC side of " +
				"connection NAME, and the evidence says whether their data came out.", Max: -1, Run: refusedVerb},
		{Name: "unanswered",
			Help: "After an Init that the target does not accept, no byte comes before the end. If the target " +
				"accepts the Init, nothing is judged.", Max: -1, Run: unansweredVerb},
	}
}

func chunksVerb(s *engine.Session, args []string) error {
	if !(len(args) > 0 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	want := tcp.Filler(s, args)
	w := s.Wait()
	got, err := of(s).pair.hmac.data(len(want), w)
	return same(s, w, "in Chunks", want, got, err)
}

func toldVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	w, want := s.Wait(), fmt.Sprintf("an Error with EC %#02x", engine.Integer(args[0]))
	for {
		m, err := of(s).pair.hmac.next(w)
		switch {
		case err != nil:
			return s.Meaning(w, want, err)
		case m.Kind == wire.End:
			return engine.Violation("expected %s; the direction ended without one", want)
		case m.Kind == wire.Chunk:
			continue // what was on its way
		case int64(m.EC) != engine.Integer(args[0]):
			return engine.Violation("expected %s; its EC is %#02x", want, m.EC)
		}
		of(s).pair.hmac.error = m.EM
		return nil
	}
}

func saidVerb(s *engine.Session, args []string) error {
	if !(len(args) == 1 && (args[0] == "text" || args[0] == "words")) {
		return engine.ErrUsage
	}
	em := of(s).pair.hmac.error
	switch {
	case args[0] == "text" && (!utf8.Valid(em) || strings.Contains(string(em), "\x00")):
		return engine.Violation("the Error's text %s is not valid UTF-8 without NUL", engine.Shown(em))
	case args[0] == "words" && strings.TrimSpace(string(em)) == "":
		return engine.Violation("the Error's text says nothing")
	}
	return nil
}

func nothingVerb(s *engine.Session, args []string) error {
	tcp.Current(s).All(1, s.Wait())
	if len(tcp.Current(s).In) > 0 {
		return engine.Violation("expected not one byte; %s came", engine.Shown(tcp.Current(s).In))
	}
	return nil
}

func untoldVerb(s *engine.Session, args []string) error {
	if !(len(args) == 0 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	h := of(s).pair.hmac
	for w := s.Wait(); ; {
		m, err := h.next(w)
		switch {
		case bytes.HasPrefix(h.Conn.In, make([]byte, 4)): // without the rest of an Error, or with a wrong H
			return engine.Violation("a message with LD 0 came")
		case err != nil || m.Kind == wire.End: // another rule judges what else is wrong
			return nil
		case m.Kind == wire.Error:
			return engine.Violation("expected no Error; one with EC %#02x came", m.EC)
		}
	}
}

func refusedVerb(s *engine.Session, args []string) error {
	if !(len(args) <= 1 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	p, secret := of(s).pair, engine.Token()
	if err := greetedVerb(s, nil); err != nil {
		return err
	}
	if isServer(s) {
		if refused := unserved(s, p); refused {
			return nil
		}
	}
	p.plain.Send(secret, s.Wait())
	w := s.Wait()
	for signed := 4 + p.hmac.in.Hash.Length + len(secret); len(p.hmac.Conn.In) < signed; {
		switch err := p.hmac.Fill(w); {
		case err == engine.ErrLimit:
			return s.Meaning(w, "the connection to be refused", err)
		case err != nil:
			return nil
		}
	}
	signed := p.hmac.Take(len(p.hmac.Conn.In))
	if len(args) == 0 {
		return engine.Violation("the target accepts the N: it signs %s for it", engine.Shown(secret))
	}
	to := of(s).pairs[args[0]]
	if to == nil {
		return engine.ErrUsage
	}
	to.hmac.Send(signed, s.Wait())
	if err := plainSide(s, to); err != nil {
		_, reason := engine.OutcomeOf(err)
		return engine.Violation("the target accepts the N and signs for it; %s", reason)
	}
	got, err := to.plain.UpTo(secret, 1<<16, s.Wait())
	if err != nil {
		return engine.Violation("the target accepts the N and signs for it; what it signed came to nothing: %v", err)
	}
	return engine.Violation("somebody without the key brought %s, which the target had signed for another, "+
		"to the plain side", engine.Shown(got))
}

func unansweredVerb(s *engine.Session, args []string) error {
	if !(len(args) == 0 && of(s).pair != nil) {
		return engine.ErrUsage
	}
	b, err := of(s).pair.hmac.All(4, s.Wait())
	switch chunk := len(b) >= 4 && binary.BigEndian.Uint32(b) > 0; {
	case len(b) > 0 && !chunk:
		return engine.Violation("expected not one byte; %s came", engine.Shown(b))
	case chunk || err == engine.ErrLimit:
		return engine.Blocked("the target accepts the Init")
	}
	return nil
}

// unserved waits until a server connects to its service, or closes the HMAC side without doing so: then the Init is
// refused.
func unserved(s *engine.Session, p *pair) bool {
	closed := make(chan error, 1)
	w := s.Wait()
	go func() { // it ends before the connection's next reader begins, at the latest when the deadline moves
		b := make([]byte, 1)
		p.hmac.SetReadDeadline(w.End())
		_, err := p.hmac.Read(b)
		closed <- err
	}()
	select {
	case c := <-peerOf(s.In).arrived:
		p.hmac.SetReadDeadline(w.Began)
		<-closed
		p.plain = taken(s, c, nameFor(p.name, "plain"))
		return false
	case err := <-closed:
		if err == nil {
			engine.Must(engine.Violation("expected the connection to be closed; something came on it"))
		}
		if w.Over() {
			engine.Must(s.Meaning(w, "the connection to be refused", engine.ErrLimit))
		}
		return true
	}
}
