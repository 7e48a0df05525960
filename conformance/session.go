package conformance

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A session is one scenario at work on one instance.
type session struct {
	run   *run
	role  string
	in    *instance // of a server; of a client the one started last
	rec   *record
	conns map[string]*tcpConn
	mu    sync.Mutex // of order
	order []*tcpConn // all, to be closed
	cur   *tcpConn

	junk   []byte   // what came before the token of the last sync
	raw    []byte   // the last list
	names  []string // its names
	peak   int      // memory while "flood -much" was under way
	before usage    // what the target's processes had when "measure" was called
	// For clients: the one started last, and all.
	client    *client
	clients   []*client
	instances []*instance
	// For HMACSocket: the connections through the target by their names, and the one at work.
	pairs map[string]*pair
	pair  *pair

	// For UDP mux: what a scenario has on both sides of the daemon.
	udp udpParts
	// For UDP mux's agents.
	agent *agentPart

	values map[string]string // of the placeholders

	given bool // the verb at work shows a condition of the scenario, not its rule
}

type sessionKey struct{}

func (r *roleRun) newSession(in *instance, rec *record) *session {
	return &session{run: r.run, role: r.role, in: in, rec: rec, values: r.values, conns: make(map[string]*tcpConn),
		pairs: make(map[string]*pair)}
}

// of gives the session that a verb works in.
func of(ts *testscript.TestScript) *session { return ts.Value(sessionKey{}).(*session) }

// violation ends the scenario: the target broke the rule, or a condition without which the rule cannot be judged.
func (s *session) violation(ts *testscript.TestScript, format string, args ...any) {
	s.end(ts, Violation, fmt.Sprintf(format, args...))
}

// end ends the scenario with a verdict.
func (s *session) end(ts *testscript.TestScript, o Outcome, reason string) {
	if s.given && o == Violation {
		o, reason = Blocked, "what the rule builds on does not work: "+reason
	}
	s.rec.conclude(o, "%s", reason)
	ts.Fatalf("%s: %s", o, reason)
}

// inconclusive ends the scenario: the suite has trouble.
func (s *session) inconclusive(ts *testscript.TestScript, format string, args ...any) {
	s.end(ts, Inconclusive, fmt.Sprintf(format, args...))
}

// failed ends the scenario because of err, which a tcpConn returned while want was waited for.
func (s *session) failed(ts *testscript.TestScript, w wait, want string, err error) {
	o, reason := s.meaning(w, want, err)
	s.end(ts, o, reason)
}

// meaning says what it tells of the target that waiting for want ended in err.
func (s *session) meaning(w wait, want string, err error) (Outcome, string) {
	switch {
	case err == errLimit && w.useless():
		return Inconclusive, fmt.Sprintf("expected %s; it did not come in time, but this machine was too busy to tell", want)
	case err == errLimit:
		return Violation, fmt.Sprintf("expected %s; nothing came within %v", want, w.limit)
	case err == errTooMuch:
		return Violation, fmt.Sprintf("expected %s; other bytes came without end", want)
	case err == io.EOF:
		return Violation, fmt.Sprintf("expected %s; the connection was closed", want)
	case errors.Unwrap(err) == nil:
		return Violation, fmt.Sprintf("expected %s; %v", want, err)
	}
	return Violation, fmt.Sprintf("expected %s; the connection failed: %v", want, errors.Unwrap(err))
}

// wait is the usual time limit, from now on.
func (s *session) wait() wait { return s.waitFor(0) }

// waitFor is the usual time limit behind what the target may take by its own rules.
func (s *session) waitFor(own time.Duration) wait {
	return wait{began: time.Now(), limit: own + s.run.limit(), pulse: s.run.pulse}
}

// dial opens a connection to the target; it is closed with the session.
func (s *session) dial(name string) (*tcpConn, error) {
	c, err := s.connect(name, s.rec)
	if err == nil {
		s.keep(c)
	}
	return c, err
}

// synTime is how much longer than anything else a connection may take: where a target's queue was full TCP tries again after 1, 3 and 7 s.
const synTime = 8 * time.Second

// connect opens a connection to the target that leaves its evidence in rec.
func (s *session) connect(name string, rec *record) (*tcpConn, error) {
	d := net.Dialer{Timeout: s.run.limit() + synTime}
	c, err := d.Dial("tcp", s.in.address)
	if err != nil {
		rec.note("%s. connecting to the target: %v", prefix(name), err)
		return nil, err
	}
	return &tcpConn{TCPConn: c.(*net.TCPConn), name: name, rec: rec}, nil
}

// interrupt ends what the scenario waits for.
func (s *session) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.order {
		c.Close()
	}
}

// close closes what the scenario left open.
func (s *session) close() {
	s.interrupt()
	s.udp.close()
	s.agent.close(s.run.Keep)
	s.closeClients()
}

// keep takes note of a connection that has to be closed.
func (s *session) keep(c *tcpConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, c)
}

// token gives 16 fresh printable bytes.
func token() []byte {
	b := make([]byte, 8)
	rand.Read(b)
	return []byte(hex.EncodeToString(b))
}

// text turns a script's argument into bytes: {placeholders} are replaced, then Go's escapes.
func (s *session) text(arg string) ([]byte, error) {
	out, err := strconv.Unquote(`"` + expand(arg, s.values) + `"`)
	if err != nil {
		return nil, fmt.Errorf("%q is no text with Go's escapes", arg)
	}
	return []byte(out), nil
}

// goodExchange is the baseline of a target that is connected to.
func (s *session) goodExchange() (Outcome, string) {
	if isHMAC(s.role) {
		return s.goodPair()
	}
	if s.role == udpDaemon {
		return s.goodSession()
	}
	return s.goodRequest()
}

// goodRequest is the baseline of a TCPMUX server: a request for a service that the target has is answered by + and a line end, and an echo
// service returns a fresh token. Nothing more is judged, so that a target with other faults stays judgeable.
func (s *session) goodRequest() (Outcome, string) {
	c, err := s.dial("")
	if err != nil {
		return Violation, fmt.Sprintf("connecting to the target failed: %v", err)
	}
	began := time.Now() // how long TCP took where the target's queue was full says nothing of how fast it answers
	defer c.Close()
	request, _ := s.text(`{any}\r\n`)
	c.send(request, s.wait())
	w := s.wait()
	line, err := c.upTo([]byte("\r\n"), 4096, w)
	if err != nil {
		return s.meaning(w, "a positive reply to "+strings.TrimSpace(string(request)), err)
	}
	if line[0] != '+' {
		return Violation, fmt.Sprintf("expected a positive reply to %s, not %s", shown(request), shown(line))
	}
	if s.in.target.mainService() == "echo" {
		t := token()
		c.send(t, s.wait())
		w := s.wait()
		if _, err := c.upTo(t, 4096, w); err != nil {
			return s.meaning(w, "the echo of "+string(t), err)
		}
	}
	s.run.good(time.Since(began))
	return Pass, ""
}

// list splits what came in answer to HELP into names. It takes any line end: which one it has to be is another rule.
func (s *session) list(b []byte) {
	s.raw = bytes.Clone(b)
	s.names = nil
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if i == 0 && strings.HasPrefix(line, "+") {
			continue
		}
		s.names = append(s.names, strings.ToLower(line))
	}
}
