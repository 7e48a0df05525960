package accept_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muxspec/muxspec/cmd/internal/accept"
)

// One connection more than allowed is reset; one that ends makes room.
func TestMaxConnections(t *testing.T) {
	leavesNothing(t)
	for _, s := range []*accept.Server{{MaxConnections: 2}, {MaxPerSource: 2}, {MaxConnections: 3, MaxPerSource: 2}} {
		s.Handle = echo
		l, text := serve(t, s)
		a, b := dial(t, l), dial(t, l)
		answers(t, a)
		answers(t, b)
		turnsAway(t, l)
		text.await(t, `msg="connection turned away" source=127.0.0.1:`)
		text.await(t, `reason="too many connections`)
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
	l, text := serve(t, &accept.Server{Handle: echo, MaxPerSource: 1})
	answers(t, dial(t, l))
	turnsAway(t, l)
	text.await(t, `reason="too many connections from this address"`)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := dialer.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Skip("there is no other address: ", err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	answers(t, c)
}

// Without bounds there are none.
func TestNoBounds(t *testing.T) {
	l, _ := serve(t, &accept.Server{Handle: echo})
	for range 100 {
		answers(t, dial(t, l))
	}
}

// What a handler says went wrong is logged in one line, with the source, and without control characters.
func TestFailureIsLogged(t *testing.T) {
	l, text := serve(t, &accept.Server{Handle: func(context.Context, net.Conn) error { return errors.New("bad\n\x1bthing") }})
	c := dial(t, l)
	text.await(t, `level=INFO msg="connection failed" source=`+c.LocalAddr().String()+` error="bad\n\x1bthing"`+"\n")
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
	text.await(t, `reason="shutting down"`)
	answers(t, c)
	select {
	case <-done:
		t.Error("it did not wait")
	default:
	}
	c.Close()
	<-done
}

// When the time is over the connections are ended, and the log says why.
func TestShutdownEnds(t *testing.T) {
	s := &accept.Server{Handle: echo}
	l, text := serve(t, s)
	c := dial(t, l)
	answers(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	s.Shutdown(ctx)
	text.await(t, `msg="connection ended" source=`+c.LocalAddr().String()+` reason="shutting down"`)
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
	text.await(t, `level=WARN msg="accepting a connection failed" error="too many open files"`)
	answers(t, dial(t, l))
}
