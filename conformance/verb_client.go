package conformance

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	wire "github.com/muxspec/muxspec/conformance/wire/tcpmux"
)

// A client is a target that connects to the suite.
type client struct {
	*process
	listener *net.TCPListener
	name     string // the service that it was told to ask for
	asked    bool   // it has connected and sent its request
	printed  int    // bytes of its output that verbs have taken
}

// startClient starts the target and tells it to ask this session's own server for a service.
func (s *session) startClient(name string) (Outcome, string) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return Inconclusive, fmt.Sprintf("listening: %v", err)
	}
	values := maps.Clone(s.values)
	values["address"], values["name"] = l.Addr().String(), name
	values["host"], values["port"], _ = net.SplitHostPort(values["address"])
	in, err := s.run.Target.start(s.run.ctx, Scenario{Role: s.role}, values, s.run.root)
	s.in = in
	if err != nil {
		l.Close()
		return Violation, fmt.Sprintf("starting the target: %v", err)
	}
	s.client = &client{process: in.process, listener: l, name: name}
	s.clients = append(s.clients, s.client)
	s.instances = append(s.instances, in)
	s.rec.note(". the target is started to ask for %s", shown([]byte(name)))
	return Pass, ""
}

// client [NAME]: start the target, to ask for the service NAME, else for {any}.
func clientVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1, "client [NAME]")
	s := of(ts)
	if len(args) == 0 {
		args = []string{"{any}"}
	}
	if o, reason := s.startClient(string(texts(ts, args))); o != Pass {
		s.end(ts, o, reason)
	}
}

// accept: the target connects; the connection is the current one.
func acceptVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0 && of(ts).client != nil, "client ..., accept")
	s := of(ts)
	if o, reason := s.accept(); o != Pass {
		s.end(ts, o, reason)
	}
}

// accept waits for the target's connection, or for its end.
func (s *session) accept() (Outcome, string) {
	for w := s.wait(); ; {
		s.client.listener.SetDeadline(time.Now().Add(5 * time.Millisecond))
		c, err := s.client.listener.AcceptTCP()
		if err == nil {
			s.cur = &tcpConn{TCPConn: c, rec: s.rec}
			s.keep(s.cur)
			return Pass, ""
		}
		if how := s.client.ended(); how != "" {
			return Violation, "expected a connection of the target; it ended: " + how
		}
		if w.over() {
			return s.meaning(w, "a connection of the target", errLimit)
		}
	}
}

// request: the target sends the name that it was told, in any one case, and CR LF, and nothing before.
func requestVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "request")
	s := of(ts)
	want := []byte(s.client.name + "\r\n")
	w := s.wait()
	got, err := s.cur.exactly(len(want), w)
	if err != nil {
		got = s.cur.in
	}
	switch {
	case !wire.SameName(got, want[:len(got)]):
		s.violation(ts, "expected the request %s, not %s", shown(want), shown(got))
	case err != nil:
		s.failed(ts, w, "the request "+shown(want), err)
	}
	s.client.asked = true
}

// type TEXT...|-filler N|-end: give the target input: the texts, N bytes of the pattern, or the end.
func typeVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0, "type TEXT...|-filler N|-end")
	s := of(ts)
	b := []byte(nil)
	switch {
	case args[0] == "-end":
		s.client.stdin.Close()
		s.rec.note(". the target's standard input ends")
		return
	case args[0] == "-filler" && len(args) == 2:
		n, err := strconv.Atoi(args[1])
		usageError(ts, neg, err == nil, "type -filler N")
		b = pattern(n)
	default:
		b = texts(ts, args)
	}
	s.rec.bytes("stdin >", "", b)
	go s.client.stdin.Write(b) // a target that does not read shows in what comes out of it
}

// prints TEXT...|-filler N: the target's standard output goes on with exactly this.
func printsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0, "prints TEXT...|-filler N")
	s := of(ts)
	want := []byte(nil)
	if args[0] == "-filler" && len(args) == 2 {
		n, err := strconv.Atoi(args[1])
		usageError(ts, neg, err == nil, "prints -filler N")
		want = pattern(n)
	} else {
		want = texts(ts, args)
	}
	if o, reason := s.printed(want); o != Pass {
		s.end(ts, o, reason)
	}
}

// printed waits until the target has printed want, right behind what was taken of its output before.
func (s *session) printed(want []byte) (Outcome, string) {
	w := s.wait()
	for {
		got := []byte(s.client.stdout.String())[s.client.printed:]
		got = got[:min(len(got), len(want))]
		if !bytes.HasPrefix(want, got) {
			return Violation, fmt.Sprintf("expected the output %s, not %s", shown(want), shown(got))
		}
		if len(got) == len(want) {
			s.client.printed += len(want)
			return Pass, ""
		}
		if how := s.client.ended(); how != "" && len(s.client.stdout.String()) == s.client.printed+len(got) {
			return Violation, fmt.Sprintf("expected the output %s; %s came, and the target ended: %s", shown(want), shown(got), how)
		}
		if w.over() {
			return s.meaning(w, "the output "+shown(want), errLimit)
		}
		time.Sleep(time.Millisecond)
	}
}

// ends ok|failed: the target ends, with exit code 0 or another. It fails only if it was asked for something: a program that
// never connects refuses nothing.
func endsVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "ok" || args[0] == "failed"), "ends ok|failed")
	s := of(ts)
	if o, reason := s.ends(args[0] == "ok", s.wait()); o != Pass {
		s.end(ts, o, reason)
	}
}

func (s *session) ends(ok bool, w wait) (Outcome, string) {
	for ended := false; !ended; {
		select {
		case <-s.client.gone:
			ended = true
		case <-time.After(time.Until(w.end())):
			if w.over() {
				return s.meaning(w, "the end of the target", errLimit)
			}
		}
	}
	state := s.client.cmd.ProcessState
	s.rec.note(". the target has ended: %v", state)
	switch {
	case !s.client.asked && !ok:
		return Blocked, "the target did not send its request, so that it failed means nothing"
	case state.Success() && !ok:
		return Violation, "expected that the target ends unsuccessfully; its exit code is 0"
	case !state.Success() && ok:
		return Violation, fmt.Sprintf("expected that the target ends successfully; %v", state)
	}
	return Pass, ""
}

// goodClient is the baseline of a client: it connects, asks, carries a token both ways, and ends with the service. What its
// request looks like is another rule's to judge.
func (s *session) goodClient() (Outcome, string) {
	began := time.Now()
	if o, reason := s.startClient(s.values["any"]); o != Pass {
		return o, reason
	}
	if o, reason := s.accept(); o != Pass {
		return o, reason
	}
	w := s.wait()
	if _, err := s.cur.upTo([]byte("\n"), 4096, w); err != nil {
		return s.meaning(w, "a request", err)
	}
	s.client.asked = true
	s.cur.send([]byte("+Go\r\n"), s.wait())
	if o, reason := s.bothWays(); o != Pass {
		return o, reason
	}
	s.cur.Close()
	o, reason := s.ends(true, s.wait())
	if o == Pass {
		s.run.good(time.Since(began))
	}
	return o, reason
}

// bothWays carries a fresh token from the target's input to the service, and another from the service to the target's output.
func (s *session) bothWays() (Outcome, string) {
	there, back := token(), token()
	s.rec.bytes("stdin >", "", there)
	go s.client.stdin.Write(there)
	w := s.wait()
	if _, err := s.cur.upTo(there, 4096, w); err != nil {
		return s.meaning(w, string(there)+" from the target's input", err)
	}
	s.cur.send(back, s.wait())
	return s.printed(back)
}

// exchange: tokens go both ways, through a client or a pair. exchange baseline: the whole baseline of a client.
func exchangeVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0 || len(args) == 1 && args[0] == "baseline", "exchange [baseline]")
	s := of(ts)
	do := s.bothWays
	if isHMAC(s.role) {
		do = s.throughPair
	}
	if len(args) == 1 {
		do = s.goodClient
	}
	if o, reason := do(); o != Pass {
		s.end(ts, o, reason)
	}
}

// closeClients ends the targets that the session started.
func (s *session) closeClients() {
	for _, c := range s.clients {
		c.stdin.Close()
		c.listener.Close()
	}
	for _, in := range s.instances {
		in.stop(s.run.Keep)
	}
}
