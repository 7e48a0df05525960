package conformance

import (
	"bytes"
	"io"
	"maps"
	"time"
)

// profileWindow is how long a target may take for an answer that it need not give.
const profileWindow = 100 * time.Millisecond

// profile finds out what the target chose where the pages leave the choice. It is recorded, never judged.
func (r *roleRun) profile(in *instance) {
	s := r.newSession(in, newRecord())
	defer s.close()
	ask := s.profileRequests
	switch {
	case isHMAC(r.role):
		ask = s.profilePair
	case r.role == udpDaemon:
		ask = s.profileSession
	}
	facts := ask()
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.facts, facts)
}

// profileRequests asks a TCPMUX server what section 3 of its page leaves open.
func (s *session) profileRequests() map[string]string {
	facts := make(map[string]string)
	if b, how := s.ask(`{any}\n`); len(b) > 0 {
		facts["line that ends with LF alone"] = map[bool]string{true: "accepted", false: "refused"}[b[0] == '+']
	} else {
		facts["line that ends with LF alone"] = how
	}
	if b, _ := s.ask(`HELP\r\n`); len(b) > 0 && b[0] != '-' {
		s.list(b)
		facts["HELP begins with an introduction"] = yesNo(b[0] == '+')
		facts["HELP lists itself"] = yesNo(bytes.Contains(bytes.ToUpper(b), []byte("HELP\r\n")))
	}
	if b, how := s.ask(`no-such-service\r\n` + string(bytes.Repeat([]byte("x"), 4096))); len(b) > 0 {
		facts["refusal with unread input"] = "answered, then " + how
	} else {
		facts["refusal with unread input"] = "not answered, " + how
	}
	return facts
}

// ask sends a text and gives what comes within the window, and how the connection is then.
func (s *session) ask(text string) (answer []byte, how string) {
	c, err := s.dial("")
	if err != nil {
		return nil, "unreachable"
	}
	b, _ := s.text(text)
	c.send(b, s.wait())
	w := window(profileWindow)
	for {
		switch err := c.fill(w); err {
		case nil:
		case errLimit:
			return c.in, "open"
		case io.EOF:
			return c.in, "closed"
		default:
			return c.in, "reset"
		}
	}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
