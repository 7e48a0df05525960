package moshagent_test

import (
	"net"
	"testing"
	"time"

	"github.com/muxspec/muxspec/cmd/internal/progtest"
	"github.com/muxspec/muxspec/ref/udpmux"
)

// A playedDaemon is the test in the part of the daemon.
type playedDaemon struct {
	t *testing.T
	l *net.UnixListener
}

// A playedConn is an agent's connection to it.
type playedConn struct {
	t *testing.T
	*net.UnixConn
	frames *udpmux.FrameReader
}

func playDaemon(t *testing.T, socket string) *playedDaemon {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	progtest.Must(t, err)
	t.Cleanup(func() { l.Close() })
	return &playedDaemon{t, l}
}

// accept waits for the next agent.
func (d *playedDaemon) accept() *playedConn {
	d.t.Helper()
	d.l.SetDeadline(time.Now().Add(progtest.Patience))
	c, err := d.l.AcceptUnix()
	progtest.Must(d.t, err)
	d.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(progtest.Patience))
	return &playedConn{d.t, c, udpmux.NewFrameReader(c)}
}

// expect reads a frame of this type.
func (c *playedConn) expect(want udpmux.FrameType) udpmux.Frame {
	c.t.Helper()
	f, err := c.frames.Next()
	if err != nil || f.Type != want {
		c.t.Fatalf("got frame %+v (%v), not one of type %d", f, err, want)
	}
	return f
}

func (c *playedConn) send(f udpmux.Frame) {
	c.t.Helper()
	b, err := udpmux.AppendFrame(nil, f)
	progtest.Must(c.t, err)
	_, err = c.Write(b)
	progtest.Must(c.t, err)
}

// welcome is the conversation as far as WELCOME, with port 60000.
func (c *playedConn) welcome(modes udpmux.Mode) {
	c.t.Helper()
	if f := c.expect(udpmux.Hello); f.Version != 1 {
		c.t.Errorf("HELLO has version %d", f.Version)
	}
	c.send(udpmux.Frame{Type: udpmux.Welcome, Modes: modes, Port: 60000})
}

// register is the whole conversation.
func (c *playedConn) register(modes udpmux.Mode) udpmux.Frame {
	c.t.Helper()
	c.welcome(modes)
	f := c.expect(udpmux.Register)
	c.send(udpmux.Frame{Type: udpmux.Registered, ID: 1})
	return f
}

// inParallel does what the daemon does while the agent runs; a failure there ends with the function's.
func inParallel(t *testing.T, play func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		play()
	}()
	return func() {
		t.Helper()
		select {
		case <-done:
		case <-time.After(2 * progtest.Patience):
			t.Fatal("the agent does not do its part")
		}
	}
}
