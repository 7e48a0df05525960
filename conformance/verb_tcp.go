package conformance

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// A verb is a command of the scenarios.
type verb = func(ts *testscript.TestScript, neg bool, args []string)

// verbs are all commands that the scenarios have besides testscript's own; docs/conformance.md describes them.
var verbs = map[string]verb{
	"dial": dialVerb, "use": useVerb, "send": sendVerb, "apart": apartVerb, "cut": cutVerb, "shutdown": shutdownVerb,
	"reset": resetVerb, "close": closeVerb, "closed": closedVerb, "expect": expectVerb, "echo": echoVerb, "rest": restVerb,
	"flood": floodVerb, "endless": endlessVerb, "dropped": droppedVerb, "outlast": outlastVerb,
	"reply": replyVerb, "unserved": unservedVerb, "sync": syncVerb, "junk": junkVerb,
	"list": listVerb, "listed": listedVerb, "answer": answerVerb, "until": untilVerb, "baseline": baselineVerb, "served": servedVerb,
	"client": clientVerb, "accept": acceptVerb, "request": requestVerb, "type": typeVerb, "prints": printsVerb,
	"ends": endsVerb, "exchange": exchangeVerb, "quiet": quietVerb, "unsent": unsentVerb, "says": saysVerb, "pour": pourVerb,
	"mute":    muteVerb,
	"connect": connectVerb, "greeted": greetedVerb, "init": initVerb, "open": openVerb,
	"chunk": chunkVerb, "error": errorVerb, "chunks": chunksVerb, "told": toldVerb, "said": saidVerb, "untold": untoldVerb, "nothing": nothingVerb, "refused": refusedVerb,
	"idle": idleVerb, "crowd": crowdVerb, "announce": announceVerb, "stall": stallVerb, "carry": carryVerb,
	"nonces": noncesVerb, "visits": visitsVerb, "away": awayVerb, "back": backVerb, "keyless": keylessVerb, "unreached": unreachedVerb, "logged": loggedVerb,
	"measure": measureVerb, "settled": settledVerb, "grown": grownVerb,
}

func init() { // these call the others
	verbs["given"], verbs["plain"], verbs["hmac"] = givenVerb, plainVerb, hmacVerb
	verbs["break"], verbs["alter"] = breakVerb, alterVerb
}

// given VERB ...: do the verb; where the target fails in it, the rule cannot be judged, since it builds on this.
func givenVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0 && verbs[args[0]] != nil, "given VERB ...")
	s := of(ts)
	s.given = true
	verbs[args[0]](ts, false, args[1:])
	s.given = false
}

// usageError ends the script because it is wrong: a mistake of the suite.
func usageError(ts *testscript.TestScript, neg bool, ok bool, usage string) {
	if neg || !ok {
		of(ts).inconclusive(ts, "mistake in the scenario: usage: %s", usage)
	}
}

// texts turns a script's arguments into bytes.
func texts(ts *testscript.TestScript, args []string) (all []byte) {
	for _, arg := range args {
		b, err := of(ts).text(arg)
		if err != nil {
			of(ts).inconclusive(ts, "mistake in the scenario: %v", err)
		}
		all = append(all, b...)
	}
	return all
}

// dial [NAME]: connect; the connection is the current one.
func dialVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) <= 1, "dial [NAME]")
	s, name := of(ts), ""
	if len(args) == 1 {
		name = args[0]
	}
	c, err := s.dial(name)
	if err != nil {
		s.violation(ts, "connecting to the target failed: %v", err)
	}
	s.conns[name], s.cur = c, c
}

// use NAME: make an open connection the current one.
func useVerb(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	usageError(ts, neg, len(args) == 1 && (s.conns[args[0]] != nil || s.pairs[args[0]] != nil), "use NAME")
	if p := s.pairs[args[0]]; p != nil {
		s.work(p)
		return
	}
	s.cur = s.conns[args[0]]
}

// send [-apart|-filler N] TEXT...: send the texts at once; each byte in a segment of its own, which the target has read before
// the next is sent; or the texts and N bytes of the pattern at once. That the target takes no more is for the next verb to
// judge.
func sendVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0, "send [-apart|-filler N] TEXT...")
	s := of(ts)
	if args[0] == "-filler" && len(args) > 2 {
		n, err := strconv.Atoi(args[1])
		usageError(ts, neg, err == nil, "send -filler N TEXT...")
		s.cur.send(append(texts(ts, args[2:]), pattern(n)...), s.wait())
		return
	}
	if args[0] != "-apart" {
		s.cur.send(texts(ts, args), s.wait())
		return
	}
	for i, b := range slices.Collect(slices.Chunk(texts(ts, args[1:]), 1)) {
		if i > 0 {
			s.cur.apart(s.run.readTime())
		}
		if s.cur.send(b, s.wait()) != nil {
			return
		}
	}
	s.cur.apart(s.run.readTime())
}

// apart: wait until the target has read all that was sent.
func apartVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "apart")
	of(ts).cur.apart(of(ts).run.readTime())
}

// cut reset|end TEXT: for each proper prefix of the text, the empty one included: connect, send it, wait until it was
// read, and end the connection by a reset or cleanly.
func cutVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 2 && (args[0] == "reset" || args[0] == "end"), "cut reset|end TEXT")
	s, text := of(ts), texts(ts, args[1:])
	for n := range text {
		c, err := s.dial("")
		if err != nil {
			s.violation(ts, "connecting to the target failed behind %d cuts: %v", n, err)
		}
		c.send(text[:n], s.wait())
		c.apart(s.run.readTime())
		if args[0] == "reset" {
			c.abort()
		} else {
			c.Close()
		}
	}
}

// shutdown: end the sending direction.
func shutdownVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "shutdown")
	of(ts).cur.CloseWrite()
	of(ts).rec.note("%s. sending direction ended by the suite", prefix(of(ts).cur.name))
}

// reset: end the connection with a reset.
func resetVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "reset")
	of(ts).cur.abort()
}

// close: end the connection.
func closeVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "close")
	of(ts).cur.Close()
}

// closed [-quiet] [-fin|-reset]: the target ends the connection; -quiet: without sending another byte; -fin: not by a reset;
// -reset: by one.
func closedVerb(ts *testscript.TestScript, neg bool, args []string) {
	for _, a := range args {
		usageError(ts, neg, a == "-quiet" || a == "-fin" || a == "-reset", "closed [-quiet] [-fin|-reset]")
	}
	s := of(ts)
	w := s.wait()
	b, err := s.cur.all(1<<20, w)
	if s.pair != nil && s.cur == s.pair.hmac.tcpConn {
		b = append(s.pair.hmac.rest, b...)
	}
	switch {
	case len(b) > 0 && slices.Contains(args, "-quiet"):
		s.violation(ts, "expected the end of the connection and not another byte; %s came", shown(b))
	case err == errLimit || err == errTooMuch:
		s.failed(ts, w, "the end of the connection", err)
	case err != nil && slices.Contains(args, "-fin"):
		s.violation(ts, "expected a clean end of the connection; it was reset")
	case err == nil && slices.Contains(args, "-reset"):
		s.violation(ts, "expected a reset of the connection; it ended cleanly")
	}
}

// expect TEXT...|-filler N: exactly these bytes come next.
func expectVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) > 0, "expect TEXT...|-filler N")
	s := of(ts)
	want := s.filler(ts, args)
	w := s.wait()
	got, err := s.cur.exactly(len(want), w)
	if err != nil && !bytes.HasPrefix(want, s.cur.in) {
		got, err = s.cur.in, nil
	}
	if err != nil {
		s.failed(ts, w, shown(want), err)
	}
	if !bytes.Equal(got, want) {
		s.violation(ts, "expected %s, not %s", shown(want), shown(got))
	}
}
