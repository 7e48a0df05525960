package tcpmux

import (
	"bytes"
	"io"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// profileRequests finds out from a TCPMUX server what section 3 of its page leaves open.
func profileRequests(s *engine.Session) map[string]string {
	facts := make(map[string]string)
	if b, how := ask(s, `{any}\n`); len(b) > 0 {
		facts["line that ends with LF alone"] = map[bool]string{true: "accepted", false: "refused"}[b[0] == '+']
	} else {
		facts["line that ends with LF alone"] = how
	}
	if b, _ := ask(s, `HELP\r\n`); len(b) > 0 && b[0] != '-' {
		list(s, b)
		facts["HELP begins with an introduction"] = yesNo(b[0] == '+')
		facts["HELP lists itself"] = yesNo(bytes.Contains(bytes.ToUpper(b), []byte("HELP\r\n")))
	}
	if b, how := ask(s, `no-such-service\r\n`+string(bytes.Repeat([]byte("x"), 4096))); len(b) > 0 {
		facts["refusal with unread input"] = "answered, then " + how
	} else {
		facts["refusal with unread input"] = "not answered, " + how
	}
	return facts
}

// ask sends a text and gives what comes within the window, and what becomes of the connection.
func ask(s *engine.Session, text string) (answer []byte, how string) {
	c, err := tcp.Dial(s, "")
	if err != nil {
		return nil, "unreachable"
	}
	b, _ := s.Text(text)
	c.Send(b, s.Wait())
	w := s.Window(engine.ProfileWindow)
	for {
		switch err := c.Fill(w); err {
		case nil:
		case engine.ErrLimit:
			return c.In, "open"
		case io.EOF:
			return c.In, "closed"
		default:
			return c.In, "reset"
		}
	}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
