package udpmux

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// From section 4.8: the pauses of an agent whose connection has ended.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 500 * time.Millisecond
)

// answerTime is ours: the longest wait of an agent for a daemon's answer.
const answerTime = 10 * time.Second

// What an agent meets instead of an answer, besides the faults of frames, a [Refusal] and the network's errors.
var (
	ErrNoDaemon   = errors.New("no daemon")
	ErrEnded      = errors.New("the daemon ended the connection")
	ErrUnexpected = errors.New("the daemon's answer is of another type")
	ErrNotAlone   = errors.New("no socket of this user's is bound to 127.0.0.1 and this port, or not this one alone")
)

// A Dialer connects to the daemon's Unix socket. It fails with [ErrNoDaemon] where there is none.
type Dialer func(ctx context.Context) (net.Conn, error)

// SocketDialer returns a dialer that tries paths in turn, the next only where nobody listens (section 2.6).
func SocketDialer(paths ...string) Dialer {
	return func(ctx context.Context) (net.Conn, error) {
		for _, path := range paths {
			var dialer net.Dialer
			c, dialErr := dialer.DialContext(ctx, "unix", path)
			if dialErr == nil || !errors.Is(dialErr, unix.ENOENT) && !errors.Is(dialErr, unix.ECONNREFUSED) {
				return c, dialErr
			}
		}
		return nil, fmt.Errorf("%w at %s", ErrNoDaemon, strings.Join(paths, " or "))
	}
}

// An AgentConn is an agent's connection on which WELCOME has come.
type AgentConn struct {
	net.Conn
	Modes   Mode   // that the daemon has for this user
	Port    uint16 // the external one
	frames  *FrameReader
	welcome time.Time
}

// Connect is the conversation of section 2.5 as far as WELCOME.
func (dial Dialer) Connect(ctx context.Context) (*AgentConn, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	a := &AgentConn{Conn: c, frames: NewFrameReader(c)}
	f, err := a.ask(ctx, Frame{Type: Hello, Version: Version}, Welcome)
	if err != nil {
		c.Close()
		return nil, err
	}
	a.Modes, a.Port, a.welcome = f.Modes&(Learn|Token|Port), f.Port, time.Now()
	return a, nil
}

// Register is the rest of the conversation; r is a REGISTER. A connection on which it fails is of no more use.
func (a *AgentConn) Register(ctx context.Context, r Frame) error {
	_, err := a.ask(ctx, r, Registered)
	return err
}

// Age is how long ago WELCOME came: the daemon does not wait for REGISTER for ever.
func (a *AgentConn) Age() time.Duration { return time.Since(a.welcome) }

func (a *AgentConn) ask(ctx context.Context, question Frame, want FrameType) (Frame, error) {
	b, err := AppendFrame(nil, question)
	if err != nil {
		return Frame{}, err
	}
	defer context.AfterFunc(ctx, func() { a.Close() })()
	a.SetDeadline(time.Now().Add(answerTime))
	defer a.SetDeadline(time.Time{})
	_, writeErr := a.Write(b) // of a daemon that has closed there may be an ERROR to read
	f, err := a.frames.Next()
	switch {
	case ctx.Err() != nil:
		return f, context.Cause(ctx)
	case err == io.EOF || errors.Is(err, unix.ECONNRESET):
		return f, ErrEnded
	case err != nil:
		return f, errors.Join(err, writeErr)
	case f.Type == Error:
		return f, &Refusal{f.Code, f.Text}
	case f.Type != want:
		return f, ErrUnexpected
	}
	return f, nil
}

// Keep keeps a session registered until ctx is done: when c, the connection that it is registered on, has ended, it connects and
// registers again, with the REGISTER r, until that succeeds (section 4.8).
func (dial Dialer) Keep(ctx context.Context, c net.Conn, r Frame) {
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
			if again, err := dial.again(ctx, r); err == nil {
				c = again
				break
			}
		}
	}
}

func (dial Dialer) again(ctx context.Context, r Frame) (net.Conn, error) {
	a, err := dial.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Register(ctx, r); err != nil {
		a.Close()
		return nil, err
	}
	return a.Conn, nil
}

// LoopbackSocket finds the inode of this user's one socket that is bound to 127.0.0.1 and port, and those of his sockets that have the port
// at other addresses: none of them may be the mosh-server's (UDPMUX-103).
func LoopbackSocket(port uint16) (inode uint64, elsewhere []uint64, err error) {
	sockets, err := allSockets(port)
	if err != nil {
		return 0, nil, err
	}
	uid := uint32(os.Geteuid())
	if inode, err = owned(sockets, uid); err != nil {
		return 0, nil, fmt.Errorf("port %d: %w", port, ErrNotAlone)
	}
	for _, s := range sockets {
		if s.UID == uid && s.Address != loopback {
			elsewhere = append(elsewhere, s.Inode)
		}
	}
	return inode, elsewhere, nil
}
