package accept_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/ref/accept"
)

// One connection more than allowed is reset; one that ends makes room.
func TestMaxConnections(t *testing.T) {
	leavesNothing(t)
	for _, s := range []*accept.Server{{Limits: limits(2, 0)}, {Limits: limits(0, 2)}, {Limits: limits(3, 2)}} {
		s.Handle = echo
		l, text := serve(t, s)
		a, b := dial(t, l), dial(t, l)
		answers(t, a)
		answers(t, b)
		turnsAway(t, l)
		text.await(t, "turned away: too many connections")
		a.Close()
		waitFor(t, func() error {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return err
			}
			defer c.Close()
			io.WriteString(c, "x")
			_, err = io.ReadFull(c, make([]byte, 1))
			return err
		})
		answers(t, b)
	}
}

// Another source has room of its own.
func TestSources(t *testing.T) {
	l, text := serve(t, &accept.Server{Handle: echo, Limits: limits(0, 1)})
	answers(t, dial(t, l))
	turnsAway(t, l)
	text.await(t, "turned away: too many connections from this address\n")
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := dialer.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Skip("there is no other address: ", err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	answers(t, c)
}

// A queue gives its connections at once.
type queue struct {
	net.Listener
	conns []net.Conn
}

func (q *queue) Accept() (net.Conn, error) {
	if len(q.conns) == 0 {
		return nil, net.ErrClosed
	}
	c := q.conns[0]
	q.conns = q.conns[1:]
	return c, nil
}

// Of connections that come together, the first is let in.
func TestFirstCome(t *testing.T) {
	leavesNothing(t)
	served, turnedAway := make(chan net.Conn, 100), make(chan net.Conn, 100)
	s := &accept.Server{
		Handle: func(ctx context.Context, c net.Conn) {
			served <- c
			<-ctx.Done()
		},
		TurnAway: func(c net.Conn, why error) { turnedAway <- c },
		Limits:   limits(1, 0),
	}
	q := new(queue)
	for range cap(served) {
		c, other := net.Pipe()
		defer other.Close()
		q.conns = append(q.conns, c)
	}
	first := q.conns[0]
	s.Serve(q)
	for range cap(served) - 1 {
		if <-turnedAway == first {
			t.Error("the first is turned away")
		}
	}
	s.Shutdown(ended())
	if c := <-served; c != first {
		t.Error("another than the first is served")
	}
}

// Without bounds there are none.
func TestNoBounds(t *testing.T) {
	l, _ := serve(t, &accept.Server{Handle: echo})
	for range 100 {
		answers(t, dial(t, l))
	}
}

// A new limit applies to new connections; existing ones stay.
func TestNewLimits(t *testing.T) {
	var most atomic.Int64
	most.Store(1)
	l, _ := serve(t, &accept.Server{Handle: echo, Limits: func() (int, int) { return int(most.Load()), 0 }})
	a := dial(t, l)
	answers(t, a)
	turnsAway(t, l)
	most.Store(2)
	b := dial(t, l)
	answers(t, b)
	most.Store(1)
	turnsAway(t, l)
	answers(t, a)
	answers(t, b)
}

// On a Unix socket connections may have the user in common, if Source says so. One whose user is unknown is turned
// away.
func TestSourceOfUnixSocket(t *testing.T) {
	leavesNothing(t)
	users := make(chan string, 4)
	s := &accept.Server{Handle: echo, Limits: limits(0, 1)}
	s.Source = func(c net.Conn) (string, error) {
		user := <-users
		if user == "" {
			return "", errors.New("no user")
		}
		return user, nil
	}
	_, text := serve(t, s)
	s.TurnAway = func(c net.Conn, why error) { fmt.Fprintln(text, "turned away:", why) }
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	must(t, err)
	defer l.Close()
	go s.Serve(l)
	open := func(user string) net.Conn {
		users <- user
		c, err := net.Dial("unix", l.Addr().String())
		must(t, err)
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(patience))
		return c
	}
	for _, user := range []string{"1000", "1001"} {
		answers(t, open(user))
	}
	for _, user := range []string{"1000", ""} {
		if n, err := open(user).Read(make([]byte, 1)); err == nil {
			t.Errorf("user %q: %d bytes", user, n)
		}
	}
	text.await(t, "turned away: too many connections from this address\n")
	text.await(t, "turned away: no user\n")
}

// Shutdown waits for the connections, and takes no new ones.
func TestShutdownWaits(t *testing.T) {
	s := &accept.Server{Handle: echo}
	l, text := serve(t, s)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer other.Close()
	go s.Serve(other)
	c := dial(t, l)
	answers(t, c)
	l.Close()
	done := make(chan struct{})
	go func() {
		s.Shutdown(t.Context())
		close(done)
	}()
	waitFor(t, func() error { // until Shutdown has begun
		late, err := net.Dial("tcp", other.Addr().String())
		if err != nil {
			return nil
		}
		defer late.Close()
		io.WriteString(late, "x")
		if _, err := late.Read(make([]byte, 1)); err == nil {
			return errors.New("a new connection is served")
		}
		return nil
	})
	text.await(t, "turned away: shutting down\n")
	answers(t, c)
	select {
	case <-done:
		t.Error("it did not wait")
	default:
	}
	c.Close()
	<-done
}

// When the time is up, the connections' context ends, and Shutdown waits until they have noticed.
func TestShutdownEnds(t *testing.T) {
	var seen atomic.Bool
	s := &accept.Server{Handle: func(ctx context.Context, c net.Conn) {
		io.Copy(c, io.LimitReader(c, 1))
		<-ctx.Done()
		seen.Store(true)
	}}
	l, _ := serve(t, s)
	answers(t, dial(t, l))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if s.Shutdown(ctx); !seen.Load() {
		t.Error("a handler goes on")
	}
}

// A badListener fails until it is closed.
type badListener struct {
	net.Listener
	tries chan time.Time
	end   chan struct{}
}

func (l *badListener) Accept() (net.Conn, error) {
	select {
	case l.tries <- time.Now():
		return nil, unix.EMFILE
	case <-l.end:
		return nil, net.ErrClosed
	}
}

// When descriptors run out the server neither ends nor spins.
func TestAcceptFails(t *testing.T) {
	s := &accept.Server{Handle: echo}
	l, text := serve(t, s)
	bad := &badListener{l, make(chan time.Time), make(chan struct{})}
	go s.Serve(bad)
	first := <-bad.tries
	for range 4 {
		<-bad.tries
	}
	if d := time.Since(first); d < 5*15*time.Millisecond {
		t.Errorf("5 attempts within %v", d)
	}
	close(bad.end)
	text.await(t, "failed: too many open files\n")
	answers(t, dial(t, l))
}

// A listener that gives a connection between two failures, as at a limit of descriptors.
type meagreListener struct {
	net.Listener
	end      chan struct{}
	accepted int
	failures []time.Time
}

func (l *meagreListener) Accept() (net.Conn, error) {
	select {
	case <-l.end:
		return nil, net.ErrClosed
	default:
	}
	if l.accepted++; l.accepted%2 == 0 {
		c, other := net.Pipe()
		other.Close()
		return c, nil
	}
	if l.failures = append(l.failures, time.Now()); len(l.failures) == 7 {
		close(l.end)
	}
	return nil, unix.EMFILE
}

// The longer that lasts, the longer the server pauses.
func TestAcceptFailsNowAndThen(t *testing.T) {
	s := &accept.Server{Handle: func(context.Context, net.Conn) {}}
	l := &meagreListener{end: make(chan struct{})}
	s.Serve(l)
	s.Shutdown(ended())
	if d := l.failures[6].Sub(l.failures[0]); d < (5+10+20+40+80+160)*time.Millisecond {
		t.Errorf("7 failures within %v", d)
	}
}

// A server that has ended does not go on trying a listener that fails.
func TestShutdownEndsPause(t *testing.T) {
	leavesNothing(t)
	s := &accept.Server{Handle: echo}
	bad := &badListener{nil, make(chan time.Time), make(chan struct{})}
	returned := make(chan struct{})
	go func() {
		s.Serve(bad)
		close(returned)
	}()
	<-bad.tries
	s.Shutdown(ended())
	for {
		select {
		case <-bad.tries: // one that had already begun
		case <-returned:
			return
		case <-time.After(patience):
			t.Fatal("it goes on")
		}
	}
}
