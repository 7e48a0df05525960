package agent

import (
	"strconv"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
)

func localStep(s *engine.Session, a *part, args []string) error {
	switch {
	case len(args) >= 2 && args[1] == "sends":
		return localSends(s, args[0], args[2:])
	case len(args) == 2 && args[1] == "gets":
		return localGets(s, args[0])
	case len(args) == 2 && args[1] == "talks":
		return each(s, args[0], func(l *localPort) error { return talks(s, l) })
	}
	return engine.ErrUsage
}

// sendingPause is the pause between datagrams that a local port sends for some time.
const sendingPause = 10 * time.Millisecond

// local NAMES sends [N|bad FIRST N|for TIME]: these local ports of the real client send the relay a P of N bytes; one
// with that first byte, which the server must not get; or many, one after another, for that time.
func localSends(s *engine.Session, names string, args []string) error {
	if len(args) == 3 && args[0] == "bad" {
		first, err := strconv.ParseUint(args[1], 0, 8)
		if err != nil {
			return engine.ErrUsage
		}
		return each(s, names, func(l *localPort) error {
			l.Send(sockets.P(byte(first), l.nonce, lengthOf(args[2:])), of(s).relay, 0)
			return nil
		})
	}
	var lasts time.Duration
	if len(args) == 2 && args[0] == "for" {
		var err error
		if lasts, err = time.ParseDuration(args[1]); err != nil {
			return engine.ErrUsage
		}
		args = nil
	}
	return each(s, names, func(l *localPort) error {
		goes(s, l, lengthOf(args))
		for mark, left := s.Rec.Mark(), lasts; left > 0; left -= sendingPause {
			s.Pause(sendingPause)
			s.Rec.Back(mark) // the first and the last are enough
			goes(s, l, lengthOf(args))
		}
		return nil
	})
}

// talks sends a P from the local port, and an answer to it.
func talks(s *engine.Session, l *localPort) error {
	goes(s, l, sockets.UsualLength)
	if err := hears(s, l); err != nil {
		return err
	}
	answers(s, l, sockets.UsualLength)
	return gets(s, l)
}

// local NAMES gets: the server's answers come to these local ports, and nothing before them.
func localGets(s *engine.Session, names string) error {
	return each(s, names, func(l *localPort) error {
		if len(l.answers) == 0 {
			return engine.ErrUsage
		}
		return gets(s, l)
	})
}
