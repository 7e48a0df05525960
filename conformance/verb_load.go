package conformance

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// endlessBytes is the most of a line without an end that a target may take: the number of rule TCPMUX-33.
const endlessBytes = 1 << 20

// muchBytes is what a client of "flood -much" sends without a line end.
const muchBytes = 4 << 20

// flood [-keep|-much] N [TEXT]: N connections at once, each sends the text, or 4 MiB without a line end; then all are closed, or
// kept open.
func floodVerb(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "flood [-keep|-much] N [TEXT]"
	keep, much := len(args) > 0 && args[0] == "-keep", len(args) > 0 && args[0] == "-much"
	if keep || much {
		args = args[1:]
	}
	usageError(ts, neg, len(args) == 1 || len(args) == 2, usage)
	n, err := strconv.Atoi(args[0])
	usageError(ts, neg, err == nil, usage)
	s, text := of(ts), texts(ts, args[1:])
	if much {
		text = bytes.Repeat([]byte("a"), muchBytes)
	}
	conns := make([]*tcpConn, n)
	quiet := newRecord() // each of them is like the others: none is evidence
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			c, err := s.connect("", quiet)
			if err != nil {
				return // how many a target takes at once is its own choice
			}
			conns[i] = c
			c.send(text, s.wait())
			if much { // so that the target holds what all have sent, and not the kernel
				emptied(c, s.wait())
			}
		})
	}
	all.Wait()
	if much { // while the connections are there: a process for each may end with it
		s.peak = s.in.process.members().memory()
	}
	opened := 0
	for _, c := range conns {
		switch {
		case c == nil:
			continue
		case keep:
			s.keep(c)
		default:
			c.Close()
		}
		opened++
	}
	s.rec.note("%d of %d connections opened at once, %s sent on each", opened, n, shown(text))
}

// endless: send a line without an end; the target answers or closes before it has taken endlessBytes of it.
func endlessVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 0, "endless")
	s := of(ts)
	w := s.wait()
	s.rec.note("> up to %d bytes \"aaaa…\" without a line end", endlessBytes)
	const moment = 10 * time.Millisecond
	for taken := feed(s.cur, w); ; {
		if s.cur.fill(window(moment)) != errLimit {
			return
		}
		select {
		case <-taken: // an answer that was sent before is here by now
			if s.cur.fill(window(25*moment)) == errLimit {
				s.violation(ts, "expected an answer or the end of the connection; the target took %d bytes of a line", endlessBytes)
			}
			return
		default:
		}
		if w.over() {
			s.failed(ts, w, "an answer or the end of the connection", errLimit)
		}
	}
}

// feed sends endlessBytes without a line end, and closes taken once the target has read them all. A time limit alone would not
// do: it ends the reading of any server, also of one without a bound.
func feed(c *tcpConn, w wait) (taken chan struct{}) {
	taken = make(chan struct{})
	go func() {
		chunk := bytes.Repeat([]byte("a"), 16<<10)
		c.SetWriteDeadline(w.end())
		for range endlessBytes / len(chunk) {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
		if emptied(c, w) {
			close(taken)
		}
	}()
	return taken
}

// emptied waits until the target has read all that was sent, and says whether it could be seen to have. The queue has to be empty
// several times: what is still on its way there comes between two looks.
func emptied(c *tcpConn, w wait) bool {
	const looks = 5
	for empty := 0; empty < looks; time.Sleep(time.Millisecond) {
		yes, known := received(c)
		switch {
		case !known || w.over():
			return false
		case yes:
			empty++
		default:
			empty = 0
		}
	}
	return true
}

// dropped silent|drip: the target ends a connection that sends nothing, or a byte now and then, after the time that it states.
func droppedVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && (args[0] == "silent" || args[0] == "drip"), "dropped silent|drip")
	s := of(ts)
	timer, drop := "request_timeout", []byte("a")
	if isHMAC(s.role) {
		timer, drop = "init_timeout", s.pair.hmac.init()
	}
	stated, err := s.run.stated(s.role, timer)
	if err != nil {
		s.violation(ts, "%v", err)
	}
	c := s.cur
	if args[0] == "drip" {
		stop := make(chan struct{})
		defer close(stop)
		go drip(c, drop, stated/4, stop)
	}
	w := s.waitFor(stated)
	for {
		switch err := c.fill(w); {
		case err == errLimit:
			o, reason := s.meaning(w, "the end of the connection", err)
			s.end(ts, o, fmt.Sprintf("%s; the target states %v", reason, stated))
		case err != nil:
			return // whether by FIN or reset
		}
	}
}

// outlast request_timeout|reply_timeout: wait until a request that began before, or the wait for its reply, would have run out of
// time; not at all where the target has no such limit.
func outlastVerb(ts *testscript.TestScript, neg bool, args []string) {
	usageError(ts, neg, len(args) == 1 && slices.Contains(timers, args[0]), "outlast request_timeout|reply_timeout")
	if stated, err := of(ts).run.stated(of(ts).role, args[0]); err == nil {
		time.Sleep(stated + stated/4)
	}
}

// drip sends a byte of the text every so often.
func drip(c io.Writer, text []byte, every time.Duration, stop chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; i++ {
		if _, err := c.Write(text[i%len(text):][:1]); err != nil {
			return
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

// stated gives a timer of the target in a scenario that waits for it: what the suite has set, or what the target file says. The
// error says that it has none.
func (r *run) stated(role, timer string) (time.Duration, error) {
	value := shortTimer
	if !r.Target.uses(role, timer) {
		value = r.Target.Timers[timer]
	}
	if value == "none" {
		return 0, fmt.Errorf("the target states that it has no %s", timer)
	}
	return time.ParseDuration(value)
}
