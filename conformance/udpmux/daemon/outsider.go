package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/udpmux/sockets"
	wire "github.com/muxspec/muxspec/conformance/wire/udpmux"
)

// dialAs connects to the Unix socket as that user. Only the socket's own mode can keep him out: the path avoids the
// folders above it.
func dialAs(s *engine.Session, uid int, name string) (a *sockets.Conn, err error) {
	dir, err := os.Open(filepath.Dir(daemonIn(s.In).socket))
	if err == nil {
		defer dir.Close()
		err = dir.Chmod(0o711)
	}
	if err != nil {
		engine.Must(engine.Inconclusive("the Unix socket's folder: %v", err))
	}
	path := fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(daemonIn(s.In).socket))
	err = sockets.AsUser(uid, func() (err error) {
		a, err = dialAt(s, name, path)
		return err
	})
	return a, err
}

func outsiderVerb(s *engine.Session, args []string) error {
	b := backendNamed(s, args[1])
	a, err := dialAs(s, int(engine.Integer(args[0])), "outsider")
	if err != nil {
		return nil
	}
	hello, _ := wire.WriteFrame(nil, wire.Frame{Type: wire.Hello, Version: wire.Version})
	a.Send(append(hello, registerFrame(s, b, nil)...), s.Wait())
	for w := s.Wait(); ; {
		f, err := a.Next(w)
		switch {
		case err == engine.ErrLimit:
			return s.Meaning(w, "an answer to another user, or the end of his connection", err)
		case err != nil || f.Type == wire.Error:
			return nil
		case f.Type != wire.Welcome || f.Modes != 0:
			return engine.Violation("another user gets %s", sockets.FrameText(f))
		}
	}
}

func dripsVerb(s *engine.Session, args []string) error {
	every, err := time.ParseDuration(args[0])
	if err != nil {
		return engine.ErrUsage
	}
	a := agentAtWork(s)
	text := s.Texts(args[1:])
	for w, i := s.Wait(), 0; ; i++ {
		if i < len(text) {
			a.Send(text[i:i+1], w)
		}
		for step := s.Window(every); !step.Over(); {
			if err := a.Fill(step); err != nil && err != engine.ErrLimit {
				return nil
			}
		}
		if w.Over() {
			return s.Meaning(w, "the end of the connection", engine.ErrLimit)
		}
	}
}
