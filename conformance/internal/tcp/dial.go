package tcp

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/muxspec/muxspec/conformance/internal/engine"
	"github.com/muxspec/muxspec/conformance/internal/proc"
)

// Dial opens a connection to the target; it is closed with the session.
func Dial(s *engine.Session, name string) (*Conn, error) {
	c, err := Connect(s, name, s.Rec)
	if err == nil {
		s.Keep(c)
	}
	return c, err
}

// Reach opens a connection to the target; if that fails, the outcome says what it means. On one machine this only takes
// time while the suite or the target does not have its turn.
func Reach(s *engine.Session, name string) (*Conn, error) {
	began := time.Now()
	c, w, err := connect(s, name, s.Rec)
	switch {
	case err == engine.ErrLimit:
		return nil, s.Meaning(w, "the target to accept a connection", err)
	case err != nil:
		return nil, s.CutShort(time.Since(began), fmt.Sprintf("connecting to the target failed: %v", err))
	}
	s.Keep(c)
	return c, nil
}

// synTime is how much longer than anything else a connection may take: if a target's queue was full, TCP tries again
// after 1, 3 and 7 s.
const synTime = 8 * time.Second

// Connect opens a connection to the target that leaves its evidence in rec.
func Connect(s *engine.Session, name string, rec *engine.Record) (*Conn, error) {
	c, _, err := connect(s, name, rec)
	return c, err
}

func connect(s *engine.Session, name string, rec *engine.Record) (*Conn, proc.Wait, error) {
	w := s.WaitFor(synTime)
	ctx, giveUp := context.WithCancel(s.Context())
	defer giveUp()
	go func() {
		for !w.Over() {
			select {
			case <-ctx.Done():
				return
			case <-w.Tick():
			}
		}
		giveUp()
	}()
	d := net.Dialer{LocalAddr: Of(s).from}
	c, err := d.DialContext(ctx, "tcp", cmp.Or(Of(s).at, s.In.Address))
	if err == nil {
		if rec != s.Rec { // one of a crowd
			return (&Conn{TCPConn: c.(*net.TCPConn), Name: name, Rec: rec}).opened(false), w, nil
		}
		return NewConn(s, c.(*net.TCPConn), name).opened(false), w, nil
	}
	if w.Over() {
		err = engine.ErrLimit
	}
	rec.Note("%s. connecting to the target: %v", Prefix(name), err)
	return nil, w, err
}
