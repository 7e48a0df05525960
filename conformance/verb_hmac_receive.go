package conformance

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/hmacsocket"
)

// chunks TEXT...|-filler N: Chunks come that are right and hold exactly this, wherever one ends and the next begins.
func chunksVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0 && of(ts).pair != nil, "chunks TEXT...|-filler N")
	s := of(ts)
	want := s.filler(ts, args)
	w := s.wait()
	got, err := s.pair.hmac.data(len(want), w)
	if o, reason := s.same(w, "in Chunks", want, got, err); o != Pass {
		s.end(ts, o, reason)
	}
}

// told EC: an Error with that code comes.
func toldVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && of(ts).pair != nil, "told EC")
	s := of(ts)
	w, want := s.wait(), fmt.Sprintf("an Error with EC %#02x", integer(ts, args[0]))
	for {
		m, err := s.pair.hmac.next(w)
		switch {
		case err != nil:
			s.failed(ts, w, want, err)
		case m.Kind == wire.End:
			s.violation(ts, "expected %s; the direction ended without one", want)
		case m.Kind == wire.Chunk:
			continue // what was on its way
		case int64(m.EC) != integer(ts, args[0]):
			s.violation(ts, "expected %s; its EC is %#02x", want, m.EC)
		}
		s.pair.hmac.error = m.EM
		return
	}
}

// said text|words: the text of the Error that came last is valid UTF-8 without NUL; it says something.
func saidVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "text" || args[0] == "words"), "said text|words")
	s := of(ts)
	em := s.pair.hmac.error
	switch {
	case args[0] == "text" && (!utf8.Valid(em) || strings.Contains(string(em), "\x00")):
		s.violation(ts, "the Error's text %s is not valid UTF-8 without NUL", shown(em))
	case args[0] == "words" && strings.TrimSpace(string(em)) == "":
		s.violation(ts, "the Error's text says nothing")
	}
}

// nothing: no byte comes before the connection ends. Where it does not end, none within the time limit will do: that it
// ends is another rule's to demand.
func nothingVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "nothing")
	s := of(ts)
	s.cur.all(1, s.wait())
	if len(s.cur.in) > 0 {
		s.violation(ts, "expected not one byte; %s came", shown(s.cur.in))
	}
}

// untold: the target sends no message with LD 0 before it ends its direction. Where it does not end it, within the time limit.
func untoldVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0 && of(ts).pair != nil, "untold")
	s := of(ts)
	h := s.pair.hmac
	for w := s.wait(); ; {
		m, err := h.next(w)
		switch {
		case bytes.HasPrefix(h.tcpConn.in, make([]byte, 4)): // without the rest of an Error, or with a wrong H
			s.violation(ts, "a message with LD 0 came")
		case err != nil || m.Kind == wire.End: // what else is wrong with what came is another rule's to say
			return
		case m.Kind == wire.Error:
			s.violation(ts, "expected no Error; one with EC %#02x came", m.EC)
		}
	}
}

// refused [NAME]: the Init that was sent is not accepted: the target closes the connection before it signs a Chunk for the N in it. Where
// it does sign, its Chunks are played to the HMAC side of the connection NAME, and the evidence tells whether what they hold came out.
func refusedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1 && of(ts).pair != nil, "refused [NAME]")
	s := of(ts)
	p, secret := s.pair, token()
	greetedVerb(ts, false, nil)
	if s.role == "hmacsocket-server" {
		if refused := s.unserved(ts, p); refused {
			return
		}
	}
	p.plain.send(secret, s.wait())
	w := s.wait()
	for signed := 4 + p.hmac.in.Hash.Length + len(secret); len(p.hmac.tcpConn.in) < signed; {
		switch err := p.hmac.fill(w); {
		case err == errLimit:
			s.failed(ts, w, "that the connection is refused", err)
		case err != nil:
			return
		}
	}
	signed := p.hmac.take(len(p.hmac.tcpConn.in))
	if len(args) == 0 {
		s.violation(ts, "the target accepts the N: it signs %s for it", shown(secret))
	}
	to := s.pairs[args[0]]
	usageError(ts, neg, to != nil, "refused [NAME]")
	to.hmac.send(signed, s.wait())
	if o, reason := s.plainSide(to); o != Pass {
		s.violation(ts, "the target accepts the N and signs for it; %s", reason)
	}
	got, err := to.plain.upTo(secret, 1<<16, s.wait())
	if err != nil {
		s.violation(ts, "the target accepts the N and signs for it; what it signed came to nothing: %v", err)
	}
	s.violation(ts, "somebody without the key brought %s, which the target had signed for another, to the plain side", shown(got))
}

// unserved waits until a server connects to its service, or has closed the HMAC side without: then the Init is refused.
func (s *session) unserved(ts *testscript.TestScript, p *pair) bool {
	closed := make(chan error, 1)
	w := s.wait()
	go func() { // it ends before the connection's next reader begins: at the latest when the deadline is moved
		b := make([]byte, 1)
		p.hmac.SetReadDeadline(w.end())
		_, err := p.hmac.Read(b)
		closed <- err
	}()
	select {
	case c := <-s.in.peer.arrived:
		p.hmac.SetReadDeadline(w.began)
		<-closed
		p.plain = s.taken(c, nameFor(p.name, "plain"))
		return false
	case err := <-closed:
		if err == nil {
			s.violation(ts, "expected that the connection is closed; something came on it")
		}
		if w.over() {
			s.failed(ts, w, "that the connection is refused", errLimit)
		}
		return true
	}
}
