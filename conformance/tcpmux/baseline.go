package tcpmux

import (
	"bytes"
	"strings"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/tcp"
)

// goodRequest is the baseline of a TCPMUX server: a request for a service that the target has is answered by + and a
// line end, and an echo service returns a fresh token. Nothing more is judged, so that a target with other faults can
// still be judged.
func goodRequest(s *engine.Session) error {
	c, err := tcp.Reach(s, "")
	if err != nil {
		return err
	}
	began := time.Now() // TCP's delay if the target's queue was full says nothing about how fast it answers
	defer c.Close()
	request, _ := s.Text(`{any}\r\n`)
	c.Send(request, s.Wait())
	w := s.Wait()
	line, err := c.UpTo([]byte("\r\n"), 4096, w)
	if err != nil {
		want := "a positive reply to " + strings.TrimSpace(string(request))
		if bytes.ContainsRune(c.In, '\n') {
			return engine.Violation("expected %s; %s came, which does not end with CR LF (TCPMUX-3)",
				want, engine.Shown(c.In))
		}
		return s.MeaningBehind(w, want, c.In, err)
	}
	if line[0] != '+' {
		return engine.Violation("expected a positive reply to %s, not %s", engine.Shown(request), engine.Shown(line))
	}
	if mainService(s.Target()) == "echo" {
		t := engine.Token()
		c.Send(t, s.Wait())
		w := s.Wait()
		if _, err := c.UpTo(t, 4096, w); err != nil {
			return s.MeaningBehind(w, "the echo of "+string(t), c.In, err)
		}
	}
	s.Good(time.Since(began))
	return nil
}

// list splits the answer to HELP into names. It takes any line end: another rule judges that.
func list(s *engine.Session, b []byte) {
	of(s).raw = bytes.Clone(b)
	of(s).names = nil
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if i == 0 && strings.HasPrefix(line, "+") {
			continue
		}
		of(s).names = append(of(s).names, strings.ToLower(line))
	}
}

// goodClient is the baseline of a client: it connects, asks, carries a token both ways, and ends with the service.
// Another rule judges what its request looks like.
func goodClient(s *engine.Session) error {
	began := time.Now()
	if err := startClient(s, s.Values["any"], s.Values["any"]); err != nil {
		return err
	}
	if err := accept(s); err != nil {
		return err
	}
	w := s.Wait()
	if _, err := tcp.Current(s).UpTo([]byte("\n"), 4096, w); err != nil {
		return s.MeaningBehind(w, "a request, and its line end", tcp.Current(s).In, err)
	}
	of(s).client.asked = true
	tcp.Current(s).Send([]byte("+Go\r\n"), s.Wait())
	if err := bothWays(s); err != nil {
		return err
	}
	tcp.Current(s).Close()
	err := ends(s, true, s.Wait())
	if err == nil {
		s.Good(time.Since(began))
	}
	return err
}

// bothWays carries a fresh token from the target's input to the service, and another from the service to the target's
// output.
func bothWays(s *engine.Session) error {
	there, back := engine.Token(), engine.Token()
	s.Rec.Bytes("stdin >", "", there)
	go of(s).client.Stdin.Write(there)
	w := s.Wait()
	if _, err := tcp.Current(s).UpTo(there, 4096, w); err != nil {
		return s.MeaningBehind(w, string(there)+" from the target's input", tcp.Current(s).In, err)
	}
	tcp.Current(s).Send(back, s.Wait())
	return printed(s, back)
}
