// Package agent is UDP mux's two agents (docs/udpmux-agents.md), which stand in front of mosh's unmodified programs: a
// [Session] starts mosh-server behind the daemon, and [Client] starts mosh-client behind a relay. Both leave a process
// of their own in the background: [Session.Serve] and [Client] are for programs whose main first asks [InBackground].
//
// Start reading at session.go. What the package does not do: it never speaks mosh's protocol, and never keeps the key.
package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/udpmux"
	"github.com/muxspec/muxspec/ref/udpmux/internal/sockdiag"
)

// The pauses of an agent whose connection has ended are section 4.3's; how long it waits is ours.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 500 * time.Millisecond
	answerTime = 10 * time.Second // for a daemon's answer
	crowdTime  = 10 * time.Second // for room to connect
)

// What an agent meets instead of an answer, besides the faults of frames, a [udpmux.Refusal] and the network's errors.
var (
	ErrNoDaemon   = errors.New("no daemon")
	errEnded      = errors.New("the daemon ended the connection")
	errUnexpected = errors.New("the daemon's answer is of another type")
)

// A Dialer connects to the daemon's Unix socket. It fails with [ErrNoDaemon] if there is none.
type Dialer func(ctx context.Context) (net.Conn, error)

// SocketDialer returns a dialer that tries paths in turn, the next only where nobody listens (section 4.1).
func SocketDialer(paths ...string) Dialer {
	return func(ctx context.Context) (net.Conn, error) {
		for _, path := range paths {
			c, err := dialDaemon(ctx, path)
			if err == nil || !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ECONNREFUSED) {
				return c, err
			}
		}
		return nil, fmt.Errorf("%w at %s", ErrNoDaemon, strings.Join(paths, " or "))
	}
}

// dialDaemon tries again if too many others connect at once (UDPMUX-136), and checks who listens (UDPMUX-137).
func dialDaemon(ctx context.Context, path string) (c net.Conn, err error) {
	for end := time.Now().Add(crowdTime); ; time.Sleep(10 * time.Millisecond) {
		c, err = new(net.Dialer).DialContext(ctx, "unix", path)
		if !errors.Is(err, unix.EAGAIN) || time.Now().After(end) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if uid, err := sockdiag.PeerUID(c); err != nil || !isTrusted(uid, filepath.Dir(path)) {
		c.Close()
		foreign := fmt.Errorf("%s: another user listens here, whom root has not given the directory (uid %d)",
			path, uid)
		return nil, cmp.Or(err, foreign)
	}
	return c, nil
}

// isTrusted trusts root, this user, and whoever root has given the socket's directory.
func isTrusted(uid uint32, dir string) bool {
	if uid == 0 || uid == uint32(os.Geteuid()) {
		return true
	}
	var own, above unix.Stat_t
	return unix.Stat(dir, &own) == nil && unix.Stat(filepath.Dir(dir), &above) == nil &&
		own.Uid == uid && above.Uid == 0 && above.Mode&0o022 == 0
}

// A Conn is an agent's connection after WELCOME.
type Conn struct {
	net.Conn
	Modes   udpmux.Mode // that the daemon has for this user
	Port    uint16      // the external port
	frames  *udpmux.FrameReader
	welcome time.Time // when it came: the daemon does not wait for ever for REGISTER
}

// Connect is the conversation of docs/udpmux.md, section 2.5, as far as WELCOME.
func (dial Dialer) Connect(ctx context.Context) (*Conn, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	a := &Conn{Conn: c, frames: udpmux.NewFrameReader(c)}
	f, err := a.ask(ctx, udpmux.Frame{Type: udpmux.Hello, Version: udpmux.Version}, udpmux.Welcome)
	if err != nil {
		c.Close()
		return nil, err
	}
	a.Modes, a.Port, a.welcome = f.Modes&(udpmux.Learn|udpmux.Token|udpmux.Port), f.Port, time.Now()
	return a, nil
}

// Register is the rest of the conversation; r is a REGISTER. If it fails, the connection is closed.
func (a *Conn) Register(ctx context.Context, r udpmux.Frame) error {
	_, err := a.ask(ctx, r, udpmux.Registered)
	if err != nil {
		a.Close()
	}
	return err
}

func (a *Conn) ask(ctx context.Context, question udpmux.Frame, want udpmux.FrameType) (udpmux.Frame, error) {
	b, err := udpmux.AppendFrame(nil, question)
	if err != nil {
		return udpmux.Frame{}, err
	}
	defer context.AfterFunc(ctx, func() { a.Close() })()
	a.SetDeadline(time.Now().Add(answerTime))
	defer a.SetDeadline(time.Time{})
	_, writeErr := a.Write(b) // a daemon that has closed may have left an ERROR to read
	f, err := a.frames.Next()
	switch {
	case ctx.Err() != nil:
		return f, context.Cause(ctx)
	case err == io.EOF || errors.Is(err, unix.ECONNRESET):
		return f, errEnded
	case err != nil:
		return f, errors.Join(err, writeErr)
	case f.Type == udpmux.Error:
		return f, &udpmux.Refusal{Code: f.Code, Text: f.Text}
	case f.Type != want:
		return f, errUnexpected
	}
	return f, nil
}

// Keep keeps a session registered until ctx is done: when c, the connection that it is registered on, has ended, it
// connects and registers again, with the REGISTER r, until that succeeds (section 4.3).
func (dial Dialer) Keep(ctx context.Context, c net.Conn, r udpmux.Frame) {
	for ctx.Err() == nil {
		stop := context.AfterFunc(ctx, func() { c.Close() })
		io.Copy(io.Discard, c)
		stop()
		c.Close()
		for pause := firstPause; ; pause = min(2*pause, maxPause) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			a, err := dial.Connect(ctx)
			if err == nil && a.Register(ctx, r) == nil {
				c = a
				break
			}
		}
	}
}
